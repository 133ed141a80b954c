"""Checks bytecode, which Lambda uses without comparing it with the source."""

import _imp
from collections.abc import Iterator
from pathlib import Path

from local.package.artefacts import Artefacts
from local.package.target import Target

# The magic number of each Python (importlib/_bootstrap_external.py of CPython lists them).
MAGIC = {"3.12": 3531, "3.13": 3571}
# PEP 552: the header holds the source's hash, but Python does not compare it.
_UNCHECKED_HASH = 0b01
_REBUILD = "build it with `make package`"


def problems(artefacts: Artefacts, target: Target) -> Iterator[str]:
    """Yield wrong bytecode, and modules without bytecode in a layer that has some."""
    for layer in artefacts.layers.values():
        compiled = sorted(layer.rglob("*.pyc"))
        for path in compiled:
            if problem := _problem(path, target):
                yield f"{artefacts.shown(path)} {problem}: {_REBUILD}"
        sources = set(layer.rglob("*.py"))
        if compiled and (bare := sources - {_source(path) for path in compiled}):
            example = artefacts.shown(min(bare))
            yield f"{len(bare)} modules like {example} have no bytecode: {_REBUILD}"


def _problem(path: Path, target: Target) -> str | None:
    magic = MAGIC[target.version].to_bytes(2, "little") + b"\r\n"
    with path.open("rb") as file:
        header = file.read(16)
    if header[:4] != magic:
        return f"is not for Python {target.version}"
    if int.from_bytes(header[4:8], "little") != _UNCHECKED_HASH:
        return "would be compared with its source at each start"
    source = _source(path)
    if not source.exists():
        return "has no source"
    # importlib.util.source_hash works only with the running Python's magic number.
    if header[8:] != _imp.source_hash(int.from_bytes(magic, "little"), source.read_bytes()):
        return f"was not compiled from the {source.name} beside it"
    return None


def _source(compiled: Path) -> Path:
    return compiled.parent.parent / f"{compiled.name.partition('.')[0]}.py"
