"""The memory of a warm container: every cached factory of the package."""

import pkgutil
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from importlib import import_module
from types import ModuleType
from typing import Any

import wingman
from wingman.kit.clients import transport
from wingman.notifications.email.letters import kinds, rendering
from wingman.notifications.email.readers import pages

# These are slow to create and do not depend on the environment.
_KEPT = [
    transport.tls,
    kinds.kinds,
    rendering.environment,
    rendering._inliner,
    pages._known_zones,
]


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(wingman.__path__, "wingman."):
        yield import_module(found.name)


def caches() -> list["_lru_cache_wrapper[Any]"]:
    """Return every cached function once, from the module that defines it."""
    found = {
        value: None
        for module in modules()
        for value in vars(module).values()
        if isinstance(value, _lru_cache_wrapper) and value.__module__ == module.__name__
    }
    return [cached for cached in found if cached not in _KEPT]
