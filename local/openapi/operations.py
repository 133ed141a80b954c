"""Adds to an operation what FastAPI cannot see: its problems, headers and security."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from local.errors import StackError
from local.openapi import headers, problems, raised
from wingman.kit.errors import (
    InvalidRequest,
    MalformedJson,
    PayloadTooLarge,
    ProblemError,
    Unauthenticated,
)
from wingman.kit.http.callers import current_user
from wingman.kit.http.problems import problem

Json = dict[str, Any]


def complete(operation: Json, route: APIRoute, app: FastAPI, components: Json) -> None:
    """Complete an operation from the code of its route."""
    _summarise(operation)
    operation.setdefault("security", [])
    for parameter in operation.get("parameters", []):
        parameter["schema"] = _without_null(parameter["schema"])
    _name_bodies(operation, components["schemas"])
    errors = _errors(operation, route)
    answers = operation["responses"]
    answers.pop("422", None)  # FastAPI's own form
    _describe_answers(answers)
    found = problems.responses(
        {each for each in errors if str(int(each.status)) not in answers},
        operation["operationId"],
        components,
        pages=app.exception_handlers.get(ProblemError) is not problem,
    )
    operation["responses"] = dict(sorted((answers | dict(found)).items()))
    if "304" in answers:
        operation.setdefault("parameters", []).append(headers.IF_NONE_MATCH)


def _without_null(schema: Json) -> Json:
    """Remove the null type, which only marks a parameter as optional."""
    match schema.get("anyOf"):
        case [found, {"type": "null"}]:
            return {**{name: each for name, each in schema.items() if name != "anyOf"}, **found}
    return schema


def _summarise(operation: Json) -> None:
    """Set the summary to the docstring's first sentence; FastAPI uses the function's name."""
    if "description" not in operation:
        raise StackError(f"{operation['operationId']} has no docstring, which clients would read")
    first, _, _ = operation["description"].partition("\n")
    operation["summary"] = first.split(". ")[0].split("; ")[0].rstrip(".")


def _name_bodies(operation: Json, schemas: Json) -> None:
    """Move each body that a route describes itself into a component."""
    for media in operation.get("requestBody", {}).get("content", {}).values():
        if media["schema"].get("type") == "object":
            name = media["schema"]["title"]
            schemas[name] = media["schema"]
            media["schema"] = {"$ref": f"#/components/schemas/{name}"}


def _errors(operation: Json, route: APIRoute) -> set[type[ProblemError]]:
    """Return the errors of the route's code, and those of the framework."""
    found: set[type[ProblemError]] = {ProblemError, *raised.errors_of(route)}
    if not raised.reaches(route, current_user):  # the database refuses only the tokens of users
        found = {each for each in found if not issubclass(each, Unauthenticated)}
    if "requestBody" in operation:
        found |= {PayloadTooLarge}
    if route.body_field:
        found |= {MalformedJson, InvalidRequest}
    by_hand = (route.openapi_extra or {}).get("parameters", [])
    checked = [each for each in operation.get("parameters", []) if each not in by_hand]
    if any(_can_be_invalid(each["schema"]) for each in checked):
        found |= {InvalidRequest}
    return found


def _can_be_invalid(schema: Json) -> bool:
    """Return whether any string is not a valid value."""
    return set(schema) - {"title", "description", "default", "type"} != set() or (
        schema.get("type") != "string"
    )


def _describe_answers(answers: Json) -> None:
    for status, answer in answers.items():
        if answer["description"] == "Successful Response":
            answer["description"] = HTTPStatus(int(status)).phrase
        names = list(headers.ALWAYS)
        if "201" in answers:  # the 200 repeats the first answer
            names += ["Location", "Idempotent-Replayed"]
        if "304" in answers and status in {"200", "304"}:
            names += ["ETag", "Cache-Control"]
        own = answers["200"].get("headers", {}) if status == "304" else answer.get("headers", {})
        answer["headers"] = headers.refs(*names) | own
