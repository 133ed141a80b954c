"""Merges the OpenAPI documents of all HTTP functions: `python -m local.openapi` prints it."""

import contextlib
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from local import settings_table
from local.errors import StackError

ROOT = Path(__file__).parent.parent
# Apps validate their settings when they are imported: the first of these that a setting takes will
# do, as none is ever used.
ANYTHING = ("http://unused.invalid", "unused, but long enough", "whsec_", "eu-west-1", "true")
PROBLEM = {
    "type": "object",
    "description": "RFC 9457. Decide by `code`, show `detail`, quote `request_id`.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


def merged() -> dict[str, Any]:
    """Return one OpenAPI 3.1 document for all functions under functions/."""
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Wingman",
            "version": "1",
            "description": "Match two people and get them to meet. Errors are problem+json.",
        },
        "servers": [{"url": "/"}],
        "paths": {},
        "components": {"schemas": {"Problem": PROBLEM}, "securitySchemes": {}},
    }
    for part in _documents():
        for path, methods in part["paths"].items():  # several functions may share a path
            document["paths"].setdefault(path, {}).update(methods)
        for kind, entries in part.get("components", {}).items():
            document["components"][kind].update(entries)
    document["paths"] = dict(sorted(document["paths"].items()))
    return document


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
    raise StackError(f"no value in ANYTHING (local/openapi.py) suits the setting {name}: add one")


def _documents() -> list[dict[str, Any]]:
    os.environ.update({name: os.environ.get(name, value) for name, value in unused().items()})
    sys.path.insert(0, str(ROOT))
    modules = [
        importlib.import_module(f"functions.{folder.name}.app")
        for folder in sorted((ROOT / "functions").iterdir())
        if (folder / "app.py").exists()
    ]
    return [module.app.openapi() for module in modules if hasattr(module, "app")]


if __name__ == "__main__":
    print(json.dumps(merged(), indent=2, ensure_ascii=False))
