"""`make bench`: runs every bench_*.py here and writes docs/benchmarks.md."""

import importlib
from pathlib import Path

HERE = Path(__file__).parent
REPORT = HERE.parent.parent / "docs" / "benchmarks.md"
HEADER = "# Benchmarks\n\nWritten by `make bench`; every figure is a ratio or a count of one run.\n"


def main() -> None:
    sections = [HEADER]
    for path in sorted(HERE.glob("bench_*.py")):
        print(f"{path.stem} …", flush=True)
        sections.append(importlib.import_module(f"tests.bench.{path.stem}").run())
    REPORT.write_text("\n".join(sections))
    print(f"wrote {REPORT.relative_to(HERE.parent.parent)}")


main()
