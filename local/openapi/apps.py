"""The apps of all HTTP functions, imported with settings that are never used."""

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from local import settings_table
from local.errors import StackError

ROOT = Path(__file__).parents[2]
# Apps validate their settings at import. The first of these values that a setting accepts is used.
ANYTHING = (
    *("http://unused.invalid", "ws://unused.invalid", "unused, but long enough", "whsec_"),
    *("eu-west-1", "true"),
    '{"project_id": "-", "client_email": "-", "private_key": "-"}',
)


def apps() -> Iterator[FastAPI]:
    """Import every function and yield the apps of those that serve HTTP."""
    os.environ.update({name: os.environ.get(name, value) for name, value in unused().items()})
    sys.path.insert(0, str(ROOT))
    for folder in sorted((ROOT / "functions").iterdir()):
        if (folder / "app.py").exists():
            module = importlib.import_module(f"functions.{folder.name}.app")
            if hasattr(module, "app"):
                yield module.app


def routes(app: FastAPI) -> Iterator[APIRoute]:
    for each in iter_route_contexts(app.routes):
        route = each.original_route
        if isinstance(route, APIRoute) and route.include_in_schema:
            yield route


def unused() -> dict[str, str]:
    """Return a value for every setting that needs one, and switch every feature on."""
    return {
        name: _accepted(name, field)
        for name, field in settings_table.fields().items()
        if field.is_required() or field.default in {None, False}
    }


def _accepted(name: str, field: FieldInfo) -> str:
    kind: Any = Annotated[field.annotation, name, *field.metadata]
    adapter = TypeAdapter[Any](kind)
    for value in ANYTHING:
        with contextlib.suppress(ValidationError):
            adapter.validate_python(value)
            return value
    raise StackError(f"no value in ANYTHING ({__name__}) is valid for the setting {name}: add one")
