"""Checks of answers against the OpenAPI document."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx
from jsonschema_rs import Draft202012Validator

from tests.support.template import ROOT

Json = Mapping[str, Any]

DOCUMENT: Json = json.loads((ROOT / "functions" / "docs" / "openapi.json").read_text())
_HEADERS = {name.lower() for name in DOCUMENT["components"]["headers"]} | {"x-cache"}
_HEADERS -= {"cache-control"}  # every answer may have it


def assert_documented(method: str, path: str, response: httpx.Response) -> None:
    """Check the status, headers, media type and body of an answer to a documented operation."""
    found = operation(method, path)
    if found is None:
        return
    asked = f"{method} {path}: {response.status_code} {response.text[:500]}"
    assert str(response.status_code) in found["responses"], f"{asked} is not documented"
    promised = resolved(found["responses"][str(response.status_code)])
    unknown = (_HEADERS & set(response.headers)) - {name.lower() for name in promised["headers"]}
    assert not unknown, f"{asked}: {unknown} are not documented"
    if response.content:
        _assert_body(promised, response, asked)


def _assert_body(promised: Json, response: httpx.Response, asked: str) -> None:
    media_type = response.headers["content-type"].partition(";")[0]
    assert media_type in promised["content"], f"{asked}: {media_type} is not documented"
    if media_type.endswith("json"):
        schema = json.dumps(promised["content"][media_type]["schema"])
        errors = [error.message for error in _validator(schema).iter_errors(response.json())]
        assert errors == [], asked


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema) | {"components": DOCUMENT["components"]})


def operation(method: str, path: str) -> Json | None:
    """Return the operation of a request; HEAD has the operation of GET."""
    for template, pattern in _patterns():
        if pattern.fullmatch(path.partition("?")[0]):
            name = method.lower().replace("head", "get")
            found: Json | None = DOCUMENT["paths"][template].get(name)
            return found
    return None


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Return each path with its pattern, paths without parameters first."""
    paths = sorted(DOCUMENT["paths"], key=lambda path: path.count("{"))
    return [(path, re.compile(re.sub(r"{\w+}", "[^/]+", path))) for path in paths]


def resolved(part: Json) -> Json:
    """Follow a reference to a component."""
    if "$ref" not in part:
        return part
    _, kind, name = part["$ref"].removeprefix("#/").split("/")
    found: Json = DOCUMENT["components"][kind][name]
    return found
