"""Files to upload, made by real encoders: photos of the chart, and files that are not photos.

Each file has SECRET in every metadata field that its format offers.
"""

import io
import re
import struct
import zipfile
import zlib
from typing import Any

import pillow_heif
import pyvips
from PIL import ExifTags, Image, PngImagePlugin

from tests.support.chart import chart

SECRET = "Elm Street 7"
_UPRIGHT_TO_STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}  # TIFF 6.0, tag 274
XMP = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{SECRET}</x:xmpmeta>".encode()


def exif(orientation: int = 1) -> Image.Exif:
    found = Image.Exif()
    found[ExifTags.Base.Orientation] = orientation
    found[ExifTags.Base.ImageDescription] = SECRET
    place = found.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef], place[ExifTags.GPS.GPSLongitudeRef] = "N", "E"
    place[ExifTags.GPS.GPSLatitude] = place[ExifTags.GPS.GPSLongitude] = (52.0, 31.0, 12.0)
    place[ExifTags.GPS.GPSAreaInformation] = SECRET.encode()
    return found


def stored(image: Image.Image, orientation: int) -> Image.Image:
    """Return the image as a rotated camera stores it, with this EXIF orientation."""
    step = _UPRIGHT_TO_STORED[orientation]
    return image if step is None else image.transpose(step)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def jpeg(image: Image.Image | None = None, *, orientation: int = 1, **options: Any) -> bytes:
    options = {"quality": 92, "subsampling": 0, "exif": exif(orientation), "xmp": XMP, **options}
    return encoded(stored(image or chart(), orientation), "JPEG", comment=SECRET, **options)


def png(image: Image.Image | None = None, *, orientation: int = 1, **options: Any) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET)
    text.add_itxt("XML:com.adobe.xmp", XMP.decode(), zip=False)
    image = stored(image or chart(), orientation)
    return encoded(image, "PNG", exif=exif(orientation), pnginfo=text, **options)


def webp(image: Image.Image | None = None, *, orientation: int = 1, **options: Any) -> bytes:
    image = stored(image or chart(), orientation)
    return encoded(image, "WEBP", exif=exif(orientation), xmp=XMP, method=0, **options)


def mpo() -> bytes:
    """Return a JPEG of several images, as phones store a photo with a depth map."""
    later = [chart(300, 200).transpose(Image.Transpose.ROTATE_180)]
    return encoded(chart(), "MPO", save_all=True, append_images=later, exif=exif(), quality=92)


def profile(name: str) -> bytes:
    """Return one of the ICC profiles that come with libvips."""
    return bytes(pyvips.Image.profile_load(name))


def interlaced_png(image: Image.Image | None = None) -> bytes:
    image = image or chart()
    pixels = pyvips.Image.new_from_memory(image.tobytes(), *image.size, 3, "uchar")
    return bytes(pixels.pngsave_buffer(interlace=True))


def deep_png(image: Image.Image | None = None) -> bytes:
    """Return a PNG with 16 bits per band, which Pillow cannot write."""
    image = image or chart()
    rows = [
        b"\0"
        + b"".join(
            bytes((value, value)) for value in image.crop((0, y, image.width, y + 1)).tobytes()
        )
        for y in range(image.height)
    ]
    return raw_png(*image.size, 16, 2, zlib.compress(b"".join(rows)))


def raw_png(
    width: int, height: int, bits: int, colour: int, pixels: bytes, *, interlaced: bool = False
) -> bytes:
    """Return a PNG; `colour` is 0 for grey, 2 for RGB, 6 for RGBA (ISO/IEC 15948, 11.2.2)."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    )


def blank_png(width: int, height: int) -> bytes:
    """Return white pixels of one bit each; 900 megapixels take 110 kB."""
    squeezed = zlib.compressobj(9)
    row = b"\0" + b"\xff" * ((width + 7) // 8)
    pixels = b"".join(squeezed.compress(row) for _ in range(height)) + squeezed.flush()
    return raw_png(width, height, 1, 0, pixels)


def widened_jpeg(file: bytes, side: int) -> bytes:
    """Return a progressive JPEG whose header claims a square of this side."""
    at = file.index(b"\xff\xc2") + 5
    return file[:at] + struct.pack(">HH", side, side) + file[at + 4 :]


def widened_webp(file: bytes, side: int) -> bytes:
    """Return an animation whose header claims a square canvas of this side."""
    at = file.index(b"VP8X") + 12
    return file[:at] + (side - 1).to_bytes(3, "little") * 2 + file[at + 6 :]


def scan_bomb(pixels: int = 7000) -> bytes:
    """Return a valid progressive JPEG of 880 scans with one bit of one frequency each.

    In a blank image, all scans of a frequency above 0 have the same bytes (ITU-T T.81, G.1.2.2).
    """
    blank = encoded(Image.new("L", (pixels, pixels)), "JPEG", progressive=True)
    second = [found.start() for found in re.finditer(rb"\xff\xda", blank)][1]
    bits = re.split(rb"\xff[^\0]", blank[second + 10 :])[0]
    scans = [
        b"\xff\xda\0\x08\1\1\0" + bytes((wave, wave, before << 4 | bit)) + bits
        for wave in range(1, 64)
        for bit, before in zip(range(13, -1, -1), (0, *range(13, 0, -1)), strict=True)
    ]
    return blank[:second] + b"".join(scans) + b"\xff\xd9"


def heic() -> bytes:
    file = io.BytesIO()
    pillow_heif.from_pillow(chart()).save(file)
    return file.getvalue()


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as entries:
        entries.writestr("photo.jpg", jpeg())
    return file.getvalue()


SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
HTML = b"<!doctype html><script>alert(1)</script>"
