"""Finds every policy that a domain declares."""

from collections.abc import Iterator
from inspect import isfunction

from wingman.kit import declarations
from wingman.kit.limits.policy import Policy


def policies() -> Iterator[Policy]:
    for module in declarations.modules("limits"):
        for value in vars(module).values():
            if isinstance(value, Policy):
                yield value
            elif isfunction(value) and value.__module__ == module.__name__:
                yield value()
