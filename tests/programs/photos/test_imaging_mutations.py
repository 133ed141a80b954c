"""Damaged files: an upload becomes two images within the limits, or is rejected for a reason.

Property 4 of the specification (uploads are validated).
"""

from collections.abc import Callable
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.support import uploads
from tests.support.chart import chart, opened
from tests.support.uploads import encoded, jpeg, png, webp
from wingman.photos.imaging import Rejected
from wingman.photos.imaging_codec import LARGE, SMALL, images

SMALL_CHART = chart(240, 200)
SEEDS: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: jpeg(SMALL_CHART),
    "progressive JPEG": lambda: jpeg(SMALL_CHART, progressive=True),
    "CMYK JPEG": lambda: jpeg(SMALL_CHART.convert("CMYK")),
    "MPO": uploads.mpo,
    "PNG": lambda: png(SMALL_CHART),
    "interlaced PNG": lambda: uploads.interlaced_png(SMALL_CHART),
    "palette PNG": lambda: png(SMALL_CHART.quantize(24)),
    "grey PNG": lambda: encoded(Image.new("I;16", (240, 200), 9), "PNG"),
    "WebP": lambda: webp(SMALL_CHART),
    "lossless WebP": lambda: webp(SMALL_CHART, lossless=True),
    "animated WebP": lambda: webp(
        SMALL_CHART, save_all=True, append_images=[SMALL_CHART.rotate(180)]
    ),
    "GIF": lambda: encoded(SMALL_CHART, "GIF"),
}


@cache
def seed(name: str) -> bytes:
    return SEEDS[name]()


def changed(file: bytes, at: int, removed: int, added: bytes) -> bytes:
    at %= len(file)
    return file[:at] + added + file[at + removed :]


CHANGES = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 200), st.integers(0, 2**20)),  # most headers are at the start
        st.one_of(st.integers(0, 8), st.integers(0, 2**12)),
        st.binary(max_size=8),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25)
@given(st.sampled_from(sorted(SEEDS)), CHANGES)
def test_a_damaged_file_becomes_a_photo_or_is_rejected(
    name: str, changes: list[tuple[int, int, bytes]]
) -> None:
    file = seed(name)
    for change in changes:
        file = changed(file, *change) or b"\0"
    try:
        found = images(file)
    except Rejected:
        return
    large, small = opened(found.large), opened(found.small)
    assert large.size == (found.width, found.height)
    assert max(large.size) <= LARGE
    assert max(small.size) <= SMALL


@settings(max_examples=20)
@given(st.sampled_from(["JPEG", "progressive JPEG", "WebP"]), st.floats(0.05, 0.99))
def test_a_file_without_its_end_is_no_photo(name: str, kept: float) -> None:
    file = seed(name)
    try:
        images(file[: int(len(file) * kept)])
    except Rejected:
        return
    raise AssertionError("a truncated file became a photo")


@given(st.binary(max_size=400), st.sampled_from([b"", b"\xff\xd8\xff", b"RIFF\x10\0\0\0WEBPVP8 "]))
def test_any_bytes_are_rejected(rest: bytes, start: bytes) -> None:
    try:
        images(start + rest)
    except Rejected:
        return
    raise AssertionError("bytes became a photo")
