"""The table of decoders of photos in docs/benchmarks.md."""

from tests.bench.images import PROGRAMS, files, imported, sizes, used

ROUNDS = 3


def run() -> str:
    rows = "\n".join(_row(name, make()) for name, make in files().items())
    size, vips = sizes(), imported("import pyvips")
    pillow = imported("import PIL.Image, PIL.ImageCms, PIL.JpegImagePlugin, PIL.WebPImagePlugin")
    return (
        "## Images\n\n"
        "A photo to two WebP images: ours with its checks, its process and the placeholder, beside "
        "pyvips and Pillow as\ntheir documentation shows them. CPU time in that of ours, and the "
        f"most memory in MB; the least of {ROUNDS} runs each.\n\n"
        "| file | CPU: pyvips | Pillow | memory: ours | pyvips | Pillow |\n"
        "|---|---|---|---|---|---|\n"
        f"{rows}\n\n"
        "| | pyvips | Pillow |\n|---|---|---|\n"
        f"| installed, MB | {size['pyvips']:.0f} | {size['Pillow']:.0f} |\n"
        f"| CPU time of the import, in that of pyvips | 1 | {pillow / vips:.1f} |\n"
    )


def _row(name: str, upload: bytes) -> str:
    taken = {
        program: [
            min(each) for each in zip(*(used(program, upload) for _ in range(ROUNDS)), strict=True)
        ]
        for program in PROGRAMS
    }
    (ours, mine), (vips, its), (pillow, their) = taken.values()
    return (
        f"| {name} | {vips / ours:.1f} | {pillow / ours:.1f} "
        f"| {mine:.0f} | {its:.0f} | {their:.0f} |"
    )
