"""The table of decoders of photos in docs/benchmarks.md."""

import time
from statistics import median

import httpx

from local.environment import read
from local.stack import stack
from tests.bench.images import PROGRAMS, files, imported, sizes, used
from tests.support.api import Api
from tests.support.people import People
from tests.support.photos import reserved
from tests.support.uploads import HTML, jpeg

ROUNDS, UPLOADS = 3, 9
SETTLED = "select true from public.photos where user_id = %s and status <> 'pending'"


def run() -> str:
    size, vips = sizes(), imported("import pyvips")
    pillow = imported("import PIL.Image, PIL.ImageCms, PIL.JpegImagePlugin, PIL.WebPImagePlugin")
    return (
        "## Images\n\n"
        "A photo to two WebP images: ours with its checks, its process and the placeholder, beside "
        "pyvips and Pillow as\ntheir documentation shows them. CPU time in that of ours for the "
        f"first file, and the most memory in MB; the least of {ROUNDS} runs each.\n\n"
        "| file | CPU: ours | pyvips | Pillow | memory: ours | pyvips | Pillow |\n"
        "|---|---|---|---|---|---|---|\n"
        f"{_rows()}\n\n"
        "| | pyvips | Pillow |\n|---|---|---|\n"
        f"| installed, MB | {size['pyvips']:.0f} | {size['Pillow']:.0f} |\n"
        f"| CPU time of the import, in that of pyvips | 1 | {pillow / vips:.1f} |\n\n"
        "The deployed stack, from posting the form until the photo is settled, in the time of a "
        "file\nthat is rejected by its first bytes; median of "
        f"{UPLOADS} uploads. Bucket and queue are emulated, and most of it.\n\n"
        f"| file | time |\n|---|---|\n{_latencies()}\n"
    )


def _latencies() -> str:
    made = files()
    chosen = {
        "JPEG, 600 × 400 pixels": jpeg(),
        **{name: made[name]() for name in ("JPEG, 12 megapixels", "JPEG, 48 megapixels")},
    }
    values = dict(read(stack("test")))
    api = Api(values["API_URL"])
    with People(values) as people, api.client:
        refused = _until_settled(api, people, HTML)
        return "\n".join(
            f"| {name} | {_until_settled(api, people, file) / refused:.1f} |"
            for name, file in chosen.items()
        )


def _until_settled(api: Api, people: People, file: bytes) -> float:
    taken = []
    for _ in range(UPLOADS):
        maya = people.new()
        form = reserved(api, maya, file)["upload"]
        began = time.perf_counter()
        httpx.post(form["url"], data=form["fields"], files={"file": file}).raise_for_status()
        while not people.connection.execute(SETTLED, (maya.id,)).fetchone():
            time.sleep(0.005)
        taken.append(time.perf_counter() - began)
    return median(taken)


def _taken(upload: bytes) -> list[list[float]]:
    """Return the CPU time and the memory of each program."""
    return [
        [min(each) for each in zip(*(used(program, upload) for _ in range(ROUNDS)), strict=True)]
        for program in PROGRAMS
    ]


def _rows() -> str:
    taken = {name: _taken(make()) for name, make in files().items()}
    unit = next(iter(taken.values()))[0][0]
    cells = {
        name: [
            *(f"{seconds / unit:.1f}" for seconds, _ in used_by),
            *(f"{megabytes:.0f}" for _, megabytes in used_by),
        ]
        for name, used_by in taken.items()
    }
    return "\n".join(f"| {name} | {' | '.join(row)} |" for name, row in cells.items())
