"""Compares photo decoders, each in its own process, which reports its CPU time and memory."""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import PIL
from PIL import Image

from tests.support import uploads

PHOTO = (4032, 3024), (8064, 6048)
USED = """
import resource
used = resource.getrusage(resource.RUSAGE_SELF)
peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(used.ru_utime + used.ru_stime, int(peak[0].split()[1]) / 1024, file=sys.stderr)
"""
OURS = f"""
import sys
from wingman.photos.imaging_process import main
main()
{USED}"""
PYVIPS = f"""
import sys, pyvips
upload = sys.stdin.buffer.read()
for side in 1080, 320:
    image = pyvips.Image.thumbnail_buffer(upload, side, height=side, size="down")
    sys.stdout.buffer.write(image.webpsave_buffer(Q=82, keep=0))
{USED}"""
PILLOW = f"""
import io, sys
from PIL import Image, ImageCms, ImageOps
Image.MAX_IMAGE_PIXELS = None
image = Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=["JPEG", "PNG", "WEBP"])
image.draft("RGB", (2160, 2160))
profile = image.info.get("icc_profile")
image.thumbnail((1080, 1080), reducing_gap=2.0)
image = ImageOps.exif_transpose(image)
if profile:
    profile = io.BytesIO(profile)
    image = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"))
for side in 1080, 320:
    image.thumbnail((side, side))
    image.save(sys.stdout.buffer, "WEBP", quality=82)
{USED}"""
PROGRAMS = {"ours": OURS, "pyvips": PYVIPS, "Pillow": PILLOW}


def photo(size: tuple[int, int]) -> Image.Image:
    """Return an image that compresses as a photo does."""
    noise = Image.effect_noise((size[0] // 4, size[1] // 4), 60).resize(size)
    flip = Image.Transpose
    turned = noise.transpose(flip.FLIP_LEFT_RIGHT), noise.transpose(flip.FLIP_TOP_BOTTOM)
    return Image.merge("RGB", (noise, *turned))


def files() -> dict[str, Callable[[], bytes]]:
    twelve, large = map(photo, PHOTO)
    plain = Image.new("RGB", PHOTO[1], (200, 30, 40))
    save = uploads.encoded
    return {
        "JPEG, 12 megapixels": partial(save, twelve, "JPEG", quality=85),
        "JPEG, 48 megapixels": partial(save, large, "JPEG", quality=40),
        "JPEG, 48 megapixels, progressive": partial(
            save, large, "JPEG", quality=40, progressive=True
        ),
        "WebP, 12 megapixels": partial(save, twelve, "WEBP", quality=80, method=0),
        "PNG, 48 megapixels": partial(save, plain, "PNG", compress_level=1),
        "PNG, 48 megapixels, interlaced": partial(uploads.interlaced_png, plain),
        "WebP, 48 megapixels, lossless": partial(save, plain, "WEBP", lossless=True, method=0),
    }


def used(program: str, upload: bytes) -> tuple[float, float]:
    """Return a program's CPU seconds and peak megabytes for a file."""
    environment = {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "VIPS_CONCURRENCY": "1",
        "MALLOC_ARENA_MAX": "1",
    }
    done = subprocess.run(
        [sys.executable, "-S", "-c", PROGRAMS[program]],
        input=upload,
        env=environment,
        capture_output=True,
        check=True,
    )
    assert b"rejection" not in done.stdout[:20]
    seconds, megabytes = map(float, done.stderr.split()[-2:])
    return seconds, megabytes


def megabytes(*folders: Path) -> float:
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in paths) / 1024**2


def sizes() -> dict[str, float]:
    """Return the installed size of each library in megabytes."""
    site = Path(PIL.__file__).parents[1]
    vips = [site / "pyvips", site / "pyvips_binary.libs"]
    return {
        "pyvips": megabytes(*vips) + next(site.glob("_libvips*.so")).stat().st_size / 1024**2,
        "Pillow": megabytes(site / "PIL", site / "pillow.libs"),
    }


def imported(statement: str) -> float:
    """Return an import's CPU time beyond the interpreter's own start, the least of seven."""
    return min(_started(statement) for _ in range(7)) - min(_started("pass") for _ in range(7))


def _started(statement: str) -> float:
    program = (
        f"{statement}; import resource; used = resource.getrusage(resource.RUSAGE_SELF);"
        "print(used.ru_utime + used.ru_stime)"
    )
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-S", "-c", program]
    shown = subprocess.run(command, env=environment, capture_output=True, check=True)
    return float(shown.stdout)
