"""Checks whether AWS would run a build, by reading its files, without running them."""

from collections.abc import Mapping
from pathlib import Path

from local.errors import StackError
from local.package import binaries, bytecode, contents, imports, limits
from local.package.artefacts import Artefacts
from local.package.target import Target
from local.stack import CHECKOUT

_SHOWN = 10


def check(
    folder: Path,
    target: Target,
    parameters: Mapping[str, str] | None = None,
    *,
    checkout: Path = CHECKOUT,
) -> None:
    """Raise StackError with each problem of the artefacts, and what to do.

    `parameters` are those of the deployment; the size of the variables depends on them.
    """
    found = problems(folder, target, parameters, checkout=checkout)
    if found:
        lines = [f"    {problem}" for problem in found[:_SHOWN]]
        if len(found) > _SHOWN:
            lines.append(f"    … and {len(found) - _SHOWN} more")
        raise StackError("\n".join([f"{folder} does not fit {target.name}:", *lines]))


def problems(
    folder: Path,
    target: Target,
    parameters: Mapping[str, str] | None = None,
    *,
    checkout: Path = CHECKOUT,
) -> list[str]:
    artefacts = Artefacts(folder)
    return [
        *binaries.problems(artefacts, target),
        *bytecode.problems(artefacts, target),
        *contents.problems(artefacts, target, checkout=checkout),
        *imports.problems(artefacts, target),
        *limits.problems(artefacts, parameters or {}),
    ]
