"""A photo of a colour chart, and the colour difference of another photo from it."""

import io
import math
from collections.abc import Callable, Iterator
from itertools import product

from PIL import Image, ImageStat

COLUMNS, ROWS = 6, 4
# The ColorChecker's 24 patches in sRGB, row by row (X-Rite's table of 2005). Only cyan is outside
# the gamut; it is clipped.
COLOURS = [
    bytes.fromhex(colour)
    for colour in (
        *("735244", "c29682", "627a9d", "576c43", "8580b1", "67bdaa"),
        *("d67e2c", "505ba6", "c15a63", "5e3c6c", "9dbc40", "e0a32e"),
        *("383d96", "469449", "af363c", "e7c71f", "bb5695", "0885a1"),
        *("f3f3f2", "c8c8c8", "a0a0a0", "7a7a79", "555555", "343434"),
    )
]
Colour = tuple[float, float, float]


def chart(
    width: int = 600, height: int = 400, change: Callable[[bytes], bytes] = bytes
) -> Image.Image:
    """Return the chart; `change` maps each colour to another one, all with as many bytes."""
    few = Image.new("RGB", (COLUMNS, ROWS))
    few.putdata([tuple(change(colour)) for colour in COLOURS])
    return few.resize((width, height), Image.Resampling.NEAREST)


def patches(image: Image.Image) -> Iterator[Colour]:
    """Yield the mean colour of the middle of each patch, row by row."""
    wide, high = image.width / COLUMNS, image.height / ROWS
    for row, column in product(range(ROWS), range(COLUMNS)):
        left, top = round((column + 0.3) * wide), round((row + 0.3) * high)
        middle = image.crop((left, top, left + round(0.4 * wide), top + round(0.4 * high)))
        red, green, blue = ImageStat.Stat(middle.convert("RGB")).mean
        yield red, green, blue


def opened(file: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(file))
    image.load()
    return image


def delta_e(one: Colour | bytes, other: Colour | bytes) -> float:
    """Return the distance of two sRGB colours in CIELAB (CIE 1976); 2.3 is just visible."""
    return math.dist(_lab(one), _lab(other))


def linear(value: float) -> float:
    """Return the linear light of an sRGB value (IEC 61966-2-1), both from 0 to 1."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _lab(colour: Colour | bytes) -> Colour:
    red, green, blue = (linear(band / 255) for band in colour)
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
