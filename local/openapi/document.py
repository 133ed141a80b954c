"""One OpenAPI 3.1 document for all functions."""

from typing import Any

from fastapi import FastAPI

from local.errors import StackError
from local.openapi import examples, headers, links, operations, problems, raised
from local.openapi.apps import apps, routes

Json = dict[str, Any]

DESCRIPTION = """\
Match two people and get them to meet.

- Send a Supabase access token as `Authorization: Bearer …`, except where an operation needs none.
- Errors are `application/problem+json` (RFC 9457). Decide by `code`, which never changes.
- HEAD is answered wherever GET is. Another method is a 405 with `Allow`, an unknown path a 404.
- Lists have a `next_cursor`; send it as `cursor` to get the next page, until it is null.
- `POST /graphql` answers the same as a graph, with the same tokens, codes and limits. Its schema is
  read by introspection, except in production.
- Send an `Idempotency-Key` with what creates something: a repetition returns the first answer.
"""
TAGS = {
    "accounts": "Sign-up, login, tokens and passwords, in front of Supabase Auth.",
    "challenges": "Small social dares, and attempts at them.",
    "coach": "Tips from a language model, where it is enabled.",
    "conversations": "Messages between matched users.",
    "discovery": "Profiles that the caller may like.",
    "docs": "This document.",
    "email": "Email preferences, the status and data of emails, and the links in them.",
    "health": "The state of the service and its features.",
    "matches": "Invitations of two users to meet.",
    "photos": "Photos of the caller's profile.",
    "notifications": "What happened, what was read of it, and the pushes that a user wants.",
    "likes": "Likes and passes; two likes make a match.",
    "safety": "Blocking users, and reporting them to the operators.",
    "playgrounds": "Public places for dogs: adding, finding and marking them as favourites.",
    "profile": "The dog's profile, its location and preferences, and the profiles of others.",
    "reputation": "How reliably a user shows up.",
    "sessions": "Meetings of the two users of a match.",
    "user": "The caller's own names and timezone.",
    "webhooks": "Events from the email provider.",
}
# FastAPI's description of its own validation errors, which clients never see.
_UNUSED = ("HTTPValidationError", "ValidationError")


def merged() -> Json:
    """Return one document for all functions under functions/."""
    document: Json = {
        "openapi": "3.1.0",
        "info": {
            "title": "Wingman",
            "version": "1",
            "description": DESCRIPTION,
            "contact": {"name": "The maintainers of Wingman"},
        },
        "servers": [{"url": "/", "description": "The API that serves this document."}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": {},
        "components": {
            "schemas": {"FieldError": problems.FIELD_ERROR},
            "responses": {},
            "headers": headers.COMPONENTS,
            "securitySchemes": {},
        },
    }
    found = list(apps())
    raised.read([route for app in found for route in routes(app)])
    for app in found:
        _add(document, app)
    document["paths"] = dict(sorted(document["paths"].items()))
    examples.add(document)
    problems.share(document)
    links.add(document)
    return document


def _add(document: Json, app: FastAPI) -> None:
    part = app.openapi()
    for kind, entries in part.get("components", {}).items():
        for name, entry in entries.items():
            if name not in _UNUSED:
                _put(document["components"][kind], name, entry)
    for route in routes(app):
        for method in route.methods or ():
            operation = part["paths"][route.path_format][method.lower()]
            if unknown := sorted({*operation.get("tags", ())} - set(TAGS)):
                raise StackError(f"{operation['operationId']} has tags that TAGS lacks: {unknown}")
            operations.complete(operation, route, app, document["components"])
            document["paths"].setdefault(route.path_format, {})[method.lower()] = operation


def _put(entries: Json, name: str, entry: Json) -> None:
    if entries.setdefault(name, entry) != entry:
        raise StackError(f"two functions have a model {name} each: rename one")
