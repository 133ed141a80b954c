"""template.yaml as data, with functions named by their folders."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from local import template as reader

ROOT = Path(__file__).parent.parent.parent


@cache
def template() -> dict[str, Any]:
    return reader.load(ROOT / "template.yaml")


def default(value: Any) -> Any:
    """Return the default of a referenced parameter; return any other value unchanged."""
    if isinstance(value, dict) and value.get("Ref") in template()["Parameters"]:
        return template()["Parameters"][value["Ref"]]["Default"]
    return value


def functions() -> dict[str, dict[str, Any]]:
    resources = reader.functions(template()).values()
    return {
        resource["Properties"]["CodeUri"].removeprefix("functions/"): resource["Properties"]
        for resource in resources
    }


@cache
def variables(function: str) -> Mapping[str, Any]:
    """Return the environment variables of a function, including those common to all."""
    for name, resource in reader.functions(template()).items():
        if resource["Properties"]["CodeUri"] == f"functions/{function}":
            return reader.variables(template(), name)
    raise KeyError(function)
