"""Checks that artefacts hold the pinned packages in their layers, and nothing else."""

from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement

from local.package.artefacts import Artefacts
from local.package.target import Target
from local.stack import CHECKOUT

_NOT_FOR_UPLOAD = {"bin", "tests", "test", "Makefile", "requirements.txt", "requirements.in"}
_PYPI_NAME = str.maketrans("_.", "--")


def problems(artefacts: Artefacts, target: Target, *, checkout: Path = CHECKOUT) -> Iterator[str]:
    """Yield files that must not be uploaded, and where a layer differs from its pins."""
    for function in artefacts.functions:
        yield from _foreign(artefacts, function.folder, {"__pycache__"})
    sources = _layer_sources(checkout)
    for name, folder in artefacts.layers.items():
        yield from _foreign(artefacts, folder, set())
        pins = sources[name] / "requirements.txt"
        if pins.exists():
            yield from _differences(name, _pinned(pins, target), folder / "python")


def _foreign(artefacts: Artefacts, folder: Path, also: set[str]) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.name in _NOT_FOR_UPLOAD | also or path.name.startswith("."):
            yield (
                f"{artefacts.shown(path)} must not be uploaded: remove it from the sources; if a "
                "package brings it, add it to UNUSED in layers/rules.mk"
            )
        elif path.is_symlink():
            yield f"{artefacts.shown(path)} is a link: replace it by its target"


def _layer_sources(checkout: Path) -> dict[str, Path]:
    source = Artefacts(checkout)
    return source.layers


def _pinned(requirements: Path, target: Target) -> dict[str, str]:
    """Return the versions pinned for the target, by normalised name."""
    environment = {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": target.machine,
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{target.version}.0",
        "python_version": target.version,
        "sys_platform": "linux",
    }
    lines = [line for line in requirements.read_text().splitlines() if "==" in line]
    pins = [Requirement(line) for line in lines]
    return {
        _normalised(pin.name): next(iter(pin.specifier)).version
        for pin in pins
        if pin.marker is None or pin.marker.evaluate(environment)
    }


def _differences(layer: str, pinned: dict[str, str], site: Path) -> Iterator[str]:
    found = {_normalised(each.name): each.version for each in distributions(path=[str(site)])}
    for name in sorted(pinned.keys() | found.keys()):
        wanted, there = pinned.get(name, "nothing"), found.get(name, "nothing")
        if wanted != there:
            yield f"{layer} has {there} of {name}, but {wanted} is pinned: run `make package` again"


def _normalised(name: str) -> str:
    return name.lower().translate(_PYPI_NAME)
