"""Uploads of every kind become two clean images, or are rejected for the right reason."""

import io
import struct
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from PIL import Image, ImageCms
from thumbhash import rgba_to_thumb_hash, thumb_hash_to_average_rgba

from tests.support import uploads
from tests.support.chart import (
    COLOURS,
    COLUMNS,
    chart,
    delta_e,
    linear,
    opened,
    patches,
)
from tests.support.uploads import SECRET, encoded, interlaced_png, jpeg, png, profile, webp
from wingman.photos.imaging import MAX_BYTES, Rejected, Rejection
from wingman.photos.imaging_codec import images

WHITE = b"\xff\xff\xff"


def grey(colour: bytes) -> bytes:
    return bytes([round(0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2])] * 3)


def display_p3(colour: bytes) -> bytes:
    """Return the values of an sRGB colour in Display P3 (SMPTE EG 432-1 with sRGB's curve)."""
    red, green, blue = (linear(band / 255) for band in colour)
    bands = (
        0.8224621 * red + 0.1775380 * green,
        0.0331941 * red + 0.9668058 * green,
        0.0170827 * red + 0.0723974 * green + 0.9105199 * blue,
    )
    return bytes(
        round(255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055))
        for light in bands
    )


def sheer(image: Image.Image) -> Image.Image:
    """Return the image with its first column transparent."""
    image = image.convert("RGBA")
    image.paste((255, 0, 0, 0), (0, 0, image.width // COLUMNS, image.height))
    return image


def in_cmyk() -> tuple[Image.Image, list[bytes]]:
    """Return the chart in CMYK, and its colours as converted back to sRGB."""
    inks = ImageCms.ImageCmsProfile(io.BytesIO(profile("cmyk")))
    relative = ImageCms.Intent.RELATIVE_COLORIMETRIC
    srgb = ImageCms.createProfile("sRGB")
    printed = ImageCms.profileToProfile(chart(), srgb, inks, relative, outputMode="CMYK")
    assert printed is not None
    seen = ImageCms.profileToProfile(printed, inks, srgb, relative, outputMode="RGB")
    assert seen is not None
    return printed, [bytes(map(round, colour)) for colour in patches(seen)]


def cmyk_jpeg() -> bytes:
    return jpeg(in_cmyk()[0], icc_profile=profile("cmyk"))


def later(make: Callable[..., bytes], **options: object) -> bytes:
    """Return an animation whose first image is the chart."""
    black = [Image.new("RGB", (600, 400))] * 2
    return make(save_all=True, append_images=black, duration=100, **options)


@dataclass(frozen=True)
class Photo:
    make: Callable[[], bytes]
    colours: Callable[[], list[bytes]] = lambda: COLOURS
    large: tuple[int, int] = (600, 400)
    small: tuple[int, int] = (320, 213)


def from_camera(make: Callable[[], bytes]) -> Photo:
    return Photo(make, large=(1080, 810), small=(320, 240))


HOLED = [WHITE if at % COLUMNS == 0 else colour for at, colour in enumerate(COLOURS)]
READY = {
    "JPEG": Photo(jpeg),
    "progressive JPEG": Photo(partial(jpeg, progressive=True)),
    "JPEG in 4:2:0": Photo(partial(jpeg, subsampling=2)),
    "grey JPEG": Photo(lambda: jpeg(chart().convert("L")), lambda: [*map(grey, COLOURS)]),
    "CMYK JPEG": Photo(cmyk_jpeg, lambda: in_cmyk()[1]),
    "Display P3 JPEG": Photo(lambda: jpeg(chart(change=display_p3), icc_profile=profile("p3"))),
    "JPEG of 12 megapixels": from_camera(lambda: jpeg(chart(4032, 3024))),
    "progressive JPEG of 48 megapixels": from_camera(
        lambda: jpeg(chart(8064, 6048), progressive=True, subsampling=2)
    ),
    "upright JPEG of 12 megapixels": Photo(
        lambda: jpeg(chart(3024, 4032)), large=(810, 1080), small=(240, 320)
    ),
    "MPO": Photo(uploads.mpo),
    "JPEG with a zip file behind it": Photo(lambda: jpeg() + uploads.archive()),
    "PNG": Photo(png),
    "PNG of 16 bits": Photo(uploads.deep_png),
    "grey PNG of 16 bits": Photo(
        lambda: png(chart().convert("L").convert("I").point(lambda v: v * 257).convert("I;16")),
        lambda: [*map(grey, COLOURS)],
    ),
    "PNG with a palette": Photo(lambda: png(chart().quantize(24))),
    "PNG with a palette and a transparent colour": Photo(
        lambda: png(sheer(chart()).quantize(32)), lambda: HOLED
    ),
    "PNG with alpha": Photo(lambda: png(sheer(chart())), lambda: HOLED),
    "Display P3 PNG": Photo(lambda: png(chart(change=display_p3), icc_profile=profile("p3"))),
    "animated PNG": Photo(partial(later, png)),
    "interlaced PNG": Photo(interlaced_png),
    "PNG of 12 megapixels": from_camera(lambda: png(chart(4032, 3024))),
    "WebP": Photo(partial(webp, quality=95)),
    "lossless WebP": Photo(partial(webp, lossless=True)),
    "WebP with alpha": Photo(lambda: webp(sheer(chart()), lossless=True), lambda: HOLED),
    "animated WebP": Photo(partial(later, webp, lossless=True)),
    "WebP of 12 megapixels": from_camera(lambda: webp(chart(4032, 3024))),
    **{
        f"{kind} with orientation {orientation}": Photo(partial(make, orientation=orientation))
        for kind, make in (("JPEG", jpeg), ("PNG", png), ("WebP", partial(webp, quality=95)))
        for orientation in range(1, 9)
    },
}


def chunks(file: bytes) -> Iterator[str]:
    """Yield the names of a WebP's chunks; fail on anything around them (RFC 9649, 2.3)."""
    assert file[:4] == b"RIFF"
    assert file[8:12] == b"WEBP"
    assert struct.unpack("<I", file[4:8])[0] == len(file) - 8
    at = 12
    while at < len(file):
        size = struct.unpack("<I", file[at + 4 : at + 8])[0]
        yield file[at : at + 4].decode()
        at += 8 + size + size % 2


@pytest.mark.parametrize("name", READY)
def test_a_photo_becomes_two_clean_images(name: str) -> None:
    photo = READY[name]

    found = images(photo.make())

    assert (found.width, found.height) == photo.large
    for file, size in ((found.large, photo.large), (found.small, photo.small)):
        assert [*chunks(file)] == ["VP8 "]  # no other chunk can have metadata
        image = opened(file)
        assert image.size == size
        expected = photo.colours()
        off = [delta_e(*pair) for pair in zip(patches(image), expected, strict=True)]
        assert max(off) <= 3, off


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WebP", "MPO", "grey JPEG"])
def test_a_photo_of_the_corpus_has_the_metadata_that_is_looked_for(name: str) -> None:
    assert SECRET.encode() in READY[name].make()


def test_a_placeholder_is_a_thumbhash_of_the_photo() -> None:
    """The reference implementation (npm thumbhash 0.1.1) returns this hash for the same pixels."""
    pixels = [
        band for y in range(24) for x in range(32) for band in (x * 8, y * 10, x * y % 256, 255)
    ]
    assert b64encode(bytes(rgba_to_thumb_hash(32, 24, pixels))) == b"2xgOHZpgdodwiIiGiGeIh/OkD/eI"

    left_is_red = Image.new("RGB", (600, 400), (0, 0, 200))
    left_is_red.paste((200, 0, 0), (0, 0, 300, 400))
    found = [*b64decode(images(png(left_is_red)).placeholder)]
    assert thumb_hash_to_average_rgba(found) == pytest.approx((0.39, 0, 0.39, 1), abs=0.05)


REJECTED = {
    "HEIC": (uploads.heic, Rejection.UNSUPPORTED_TYPE),
    "GIF": (lambda: encoded(chart(), "GIF"), Rejection.UNSUPPORTED_TYPE),
    "TIFF": (lambda: encoded(chart(), "TIFF"), Rejection.UNSUPPORTED_TYPE),
    "AVIF": (lambda: encoded(chart(), "AVIF"), Rejection.UNSUPPORTED_TYPE),
    "SVG with a script": (lambda: uploads.SVG, Rejection.UNSUPPORTED_TYPE),
    "HTML": (lambda: uploads.HTML, Rejection.UNSUPPORTED_TYPE),
    "zip": (uploads.archive, Rejection.UNSUPPORTED_TYPE),
    "HTML before a photo": (lambda: uploads.HTML + jpeg(), Rejection.UNSUPPORTED_TYPE),
    "nothing": (bytes, Rejection.UNREADABLE),
    "truncated JPEG": (lambda: jpeg()[:-2000], Rejection.UNREADABLE),
    "truncated progressive JPEG": (
        lambda: jpeg(progressive=True)[:-2000],
        Rejection.UNREADABLE,
    ),
    "truncated PNG": (lambda: png()[:-200], Rejection.UNREADABLE),
    "truncated WebP": (lambda: webp()[:-200], Rejection.UNREADABLE),
    "JPEG that is only its first bytes": (lambda: jpeg()[:3], Rejection.UNREADABLE),
    "HTML that begins like a JPEG": (lambda: b"\xff\xd8\xff" + uploads.HTML, Rejection.UNREADABLE),
    "PNG of no size": (lambda: uploads.raw_png(0, 0, 8, 2, b""), Rejection.UNREADABLE),
    "bomb of 900 megapixels": (
        lambda: uploads.blank_png(30_000, 30_000),
        Rejection.TOO_MANY_PIXELS,
    ),
    "PNG of 49 megapixels that is held whole": (
        lambda: uploads.raw_png(7000, 7000, 16, 6, b"", interlaced=True),
        Rejection.TOO_MANY_PIXELS,
    ),
    "JPEG of 49 megapixels that is held whole": (
        lambda: uploads.widened_jpeg(jpeg(chart().convert("CMYK"), progressive=True), 7000),
        Rejection.TOO_MANY_PIXELS,
    ),
    "WebP of 49 megapixels that is held twice": (
        lambda: uploads.widened_webp(later(webp), 7000),
        Rejection.TOO_MANY_PIXELS,
    ),
    "PNG of 2³¹ pixels a side": (
        lambda: uploads.raw_png(2**31 - 1, 2**31 - 1, 1, 0, b""),
        Rejection.UNREADABLE,
    ),
    "line": (lambda: encoded(Image.new("RGB", (1, 65_500)), "JPEG"), Rejection.BAD_DIMENSIONS),
    "strip": (lambda: encoded(Image.new("RGB", (2000, 300)), "PNG"), Rejection.BAD_DIMENSIONS),
    "icon": (lambda: encoded(Image.new("RGB", (199, 400)), "PNG"), Rejection.BAD_DIMENSIONS),
    "too large": (lambda: jpeg() + bytes(MAX_BYTES), Rejection.TOO_LARGE),
}


@pytest.mark.parametrize("name", REJECTED)
def test_a_file_that_is_not_a_photo_is_rejected_with_its_reason(name: str) -> None:
    make, reason = REJECTED[name]

    with pytest.raises(Rejected) as rejected:
        images(make())

    assert rejected.value.reason is reason
