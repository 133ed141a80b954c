"""What domains declare, found in the modules that have the name for it.

A domain states its limits in `limits.py`, its settings in `settings.py` and the services that it
depends on in `dependencies.py`; whoever needs all of them asks here, so no list is kept by hand.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TypeVar

_PACKAGE = Path(__file__).parent.parent

T = TypeVar("T")


def modules(name: str) -> Iterator[ModuleType]:
    """Import every module of this name, wherever in the package it is."""
    for path in sorted(_PACKAGE.rglob(f"{name}.py")):
        parts = path.relative_to(_PACKAGE).with_suffix("").parts
        yield import_module(".".join((_PACKAGE.name, *parts)))


def declared(name: str, kind: type[T]) -> list[T]:
    """Return what modules of this name declare, importing them."""
    return [value for module in modules(name) for value in _of(module, kind)]


def loaded(name: str, kind: type[T]) -> list[T]:
    """Return what those modules of this name declare that this process has imported already."""
    found = sorted(
        module
        for module in sys.modules
        if module.startswith(f"{_PACKAGE.name}.") and module.endswith(f".{name}")
    )
    return [value for module in found for value in _of(sys.modules[module], kind)]


def _of(module: ModuleType, kind: type[T]) -> list[T]:
    return [value for value in vars(module).values() if isinstance(value, kind)]
