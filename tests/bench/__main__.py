"""`make bench`: runs every bench_*.py here, or those named, and writes docs/benchmarks.md."""

import importlib
import sys
from pathlib import Path

from tests.bench.report import REPORT, write
from tests.support.template import ROOT

HERE = Path(__file__).parent


def main() -> None:
    names = sys.argv[1:] or [path.stem for path in sorted(HERE.glob("bench_*.py"))]
    for name in names:
        print(f"{name} …", flush=True)
        write(importlib.import_module(f"tests.bench.{name}").run())
    print(f"wrote {REPORT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
