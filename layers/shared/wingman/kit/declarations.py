"""Finds what domains declare, by the names of their modules (`limits.py`, `settings.py`)."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TypeVar

_PACKAGE = Path(__file__).parent.parent

T = TypeVar("T")


def modules(name: str) -> Iterator[ModuleType]:
    for path in sorted(_PACKAGE.rglob(f"{name}.py")):
        parts = path.relative_to(_PACKAGE).with_suffix("").parts
        yield import_module(".".join((_PACKAGE.name, *parts)))


def declared(name: str, kind: type[T]) -> list[T]:
    """Return the instances of `kind` in all modules with this name, importing them."""
    return [value for module in modules(name) for value in _of(module, kind)]


def loaded(name: str, kind: type[T]) -> list[T]:
    """Return the instances of `kind` in the modules with this name that are already imported."""
    found = sorted(
        module
        for module in sys.modules
        if module.startswith(f"{_PACKAGE.name}.") and module.endswith(f".{name}")
    )
    return [value for module in found for value in _of(sys.modules[module], kind)]


def _of(module: ModuleType, kind: type[T]) -> list[T]:
    return [value for value in vars(module).values() if isinstance(value, kind)]
