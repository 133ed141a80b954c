"""Adds examples to bodies and parameters, built from the examples of their schemas."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

_BY_FORMAT = {
    "uuid": "6f1c0f0e-0000-4000-8000-000000000001",
    "date-time": "2026-12-05T17:30:00Z",
    "password": "four words are enough",
}
_BY_MEDIA_TYPE = {
    "text/html": '<!DOCTYPE html>\n<html lang="en">…',
    "text/calendar": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n…",
}
_BY_TYPE: Json = {"integer": 1, "number": 1.5, "boolean": True, "null": None}


def add(document: Json) -> None:
    """Add an example to each parameter and each body that has none."""
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        if "examples" in schema:
            schema["examples"] = [example(schema, schemas)]
    for methods in document["paths"].values():
        for operation in methods.values():
            contents = [each.get("content", {}) for each in operation["responses"].values()]
            contents.append(operation.get("requestBody", {}).get("content", {}))
            for name, media in (each for content in contents for each in content.items()):
                _give(media, _BY_MEDIA_TYPE.get(name) or example(media["schema"], schemas))
            for parameter in operation.get("parameters", []):
                _give(parameter, example(parameter["schema"], schemas))


def _give(described: Json, made: Any) -> None:
    if "examples" not in described:
        described.setdefault("example", made)


def example(schema: Json, schemas: Mapping[str, Json]) -> Any:
    """Return an example of a schema: its own, or a generated one."""
    if reference := schema.get("$ref"):
        return example(schemas[reference.rpartition("/")[2]], schemas)
    [given] = schema.get("examples", [None])[:1]
    if "properties" in schema:
        if given is not None:
            return _completed(given, schema, schemas)
        return {name: example(each, schemas) for name, each in schema["properties"].items()}
    for made in (given, schema.get("const"), *schema.get("enum", [])[:1]):
        if made is not None:
            return made
    return _made(schema, schemas)


def _completed(given: Any, schema: Json, schemas: Mapping[str, Json]) -> Any:
    """Add the required fields that an example lacks: FastAPI drops the null ones."""
    if reference := schema.get("$ref"):
        schema = schemas[reference.rpartition("/")[2]]
    if isinstance(given, list) and "items" in schema:
        return [_completed(each, schema["items"], schemas) for each in given]
    fields = schema.get("properties", {})
    if not fields or not isinstance(given, dict):
        return given
    missing = [name for name in schema.get("required", []) if name not in given]
    made = {name: _null_or_example(fields[name], schemas) for name in missing}
    return {name: _completed(value, fields[name], schemas) for name, value in given.items()} | made


def _null_or_example(schema: Json, schemas: Mapping[str, Json]) -> Any:
    is_nullable = {"type": "null"} in schema.get("anyOf", [])
    return None if is_nullable else example(schema, schemas)


def _made(schema: Json, schemas: Mapping[str, Json]) -> Any:
    if options := schema.get("anyOf"):
        return example(options[0], schemas)
    if schema.get("default") is not None:
        return schema["default"]
    match schema.get("type"):
        case "array":
            return [example(schema["items"], schemas)]
        case "object":
            return _mapping(schema, schemas)
        case "string":
            return _BY_FORMAT.get(schema.get("format", ""), schema.get("title", "text"))
    least: Any = schema.get("minimum", _BY_TYPE.get(schema.get("type", "")))
    # The bounds of an integer are floats in FastAPI's models.
    return int(least) if schema.get("type") == "integer" else least


def _mapping(schema: Json, schemas: Mapping[str, Json]) -> Any:
    names, values = schema.get("propertyNames"), schema.get("additionalProperties")
    if isinstance(names, dict) and isinstance(values, dict):
        return {example(names, schemas): example(values, schemas)}
    return {}
