"""Turns an uploaded file into two WebP images, with libvips."""

from base64 import b64encode

import pyvips
from pyvips.enums import ForeignKeep
from thumbhash import rgba_to_thumb_hash

from wingman.photos.imaging import MAX_BYTES, Images, Rejected, Rejection

LARGE, SMALL = 1080, 320
SHORTEST_SIDE = 200
LARGEST_RATIO = 5
MAX_PIXELS = 51_000_000  # sensors of "50 megapixels" have up to 50.4
# An image that cannot be read row by row is held whole while it is decoded.
MAX_HELD_BYTES = 240_000_000

_QUALITY = 82
_WHITE = [255.0, 255.0, 255.0]
_PLACEHOLDER = 32  # pixels; a ThumbHash keeps at most seven waves of each side

# The only decoders that a file can reach, whatever it claims to be.
pyvips.operation_block_set("VipsForeignLoad", state=True)
for _loader in ("VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadWebp"):
    pyvips.operation_block_set(_loader, state=False)


def images(upload: bytes) -> Images:
    """Raise Rejected with the reason if an upload becomes no photo."""
    if len(upload) > MAX_BYTES:
        raise Rejected(Rejection.TOO_LARGE)
    if not upload:
        raise Rejected(Rejection.UNREADABLE)
    if not _supported(upload):
        raise Rejected(Rejection.UNSUPPORTED_TYPE)
    try:
        _check(pyvips.Image.new_from_buffer(upload, "", access="sequential"))
        return _encoded(_upright(upload))
    except pyvips.Error as error:
        raise Rejected(Rejection.UNREADABLE) from error


def _supported(upload: bytes) -> bool:
    webp = upload[:4] == b"RIFF" and upload[8:12] == b"WEBP"
    return webp or upload.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))


def _check(header: pyvips.Image) -> None:
    """Judge by the header; no pixel is decoded yet."""
    shorter, longer = sorted((header.width, header.height))
    if shorter * longer > MAX_PIXELS or _held_bytes(header) > MAX_HELD_BYTES:
        raise Rejected(Rejection.TOO_MANY_PIXELS)
    if shorter < SHORTEST_SIDE or longer > shorter * LARGEST_RATIO:
        raise Rejected(Rejection.BAD_DIMENSIONS)


def _held_bytes(header: pyvips.Image) -> int:
    """Return what a decoder holds of an image whose rows do not come one after the other."""
    names = header.get_fields()
    pixels = header.width * header.height
    match header.get("vips-loader"):
        case "webpload_buffer":
            return pixels * (8 if "n-pages" in names else 4)  # a frame and its canvas
        case "jpegload_buffer" if header.get("jpeg-multiscan"):
            halved = header.get("jpeg-chroma-subsample") == "4:2:0"
            return pixels * 3 if halved else pixels * header.bands * 2
        case "pngload_buffer" if "interlaced" in names:
            return pixels * header.bands * (1 if header.format == "uchar" else 2)
    return 0


def _upright(upload: bytes) -> pyvips.Image:
    """Return the first frame, opaque, upright, in sRGB, within the large size."""
    image = pyvips.Image.thumbnail_buffer(
        upload,
        LARGE,
        height=LARGE,
        size="down",
        output_profile="srgb",
        intent="relative",
        # As an argument of this operation it has no effect (libvips 8.18).
        option_string="fail_on=truncated",
    )
    if image.hasalpha():
        image = image.flatten(background=_WHITE)
    return image.copy_memory()


def _encoded(image: pyvips.Image) -> Images:
    small = image.thumbnail_image(SMALL, height=SMALL, size="down")
    return Images(
        large=_webp(image),
        small=_webp(small),
        width=image.width,
        height=image.height,
        placeholder=_placeholder(small),
    )


def _webp(image: pyvips.Image) -> bytes:
    return bytes(image.webpsave_buffer(Q=_QUALITY, keep=ForeignKeep.NONE))


def _placeholder(image: pyvips.Image) -> str:
    tiny = image.thumbnail_image(_PLACEHOLDER, height=_PLACEHOLDER, size="down").bandjoin(255)
    pixels = [*bytes(tiny.write_to_memory())]
    return b64encode(bytes(rgba_to_thumb_hash(tiny.width, tiny.height, pixels))).decode()
