"""The problems of an operation: one response for each status, with its possible codes."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from itertools import count, islice
from typing import Any

from local.openapi import headers
from wingman.kit import errors as kit
from wingman.kit.errors import InvalidRequest, NotFound, ProblemError
from wingman.kit.http.problems import MEDIA_TYPE, members

Json = dict[str, Any]
Errors = Collection[type[ProblemError]]

_TEXT = {"type": "string"}
_SCHEMA: Json = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. Decide by `code`, show `detail`, quote `request_id`.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "`urn:wingman:problem:` + code"},
        "title": _TEXT | {"description": "The code in words."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": _TEXT | {"description": "A sentence for the person who reads it."},
        "code": _TEXT | {"description": "Stable, in snake_case."},
        "request_id": _TEXT | {"description": "As in the header `X-Request-Id`."},
        "errors": {
            "type": "array",
            "description": "The fields that are not valid, in a 422.",
            "items": {"$ref": "#/components/schemas/FieldError"},
        },
    },
}
FIELD_ERROR: Json = {
    "type": "object",
    "title": "FieldError",
    "description": "A field that is not valid, with the reason.",
    "required": ["field", "message"],
    "properties": {"field": _TEXT, "message": _TEXT},
}
NAMES = {
    400: "BadRequest",
    401: "Unauthenticated",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    413: "PayloadTooLarge",
    422: "InvalidRequest",
    429: "RateLimited",
    500: "InternalError",
    503: "Unavailable",
}
_PAGE: Json = {"text/html": {"schema": {"type": "string"}}}
_HEADERS = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}


def responses(
    errors: Errors, operation_id: str, components: Json, *, pages: bool
) -> Iterator[tuple[str, Json]]:
    """Yield the responses (status → response) of an operation that can raise `errors`.

    `pages`: browsers get a page instead.
    """
    by_status: defaultdict[int, list[type[ProblemError]]] = defaultdict(list)
    for error in sorted(errors, key=lambda each: (each.code, each.__name__)):
        by_status[int(error.status)].append(error)
    for status, found in sorted(by_status.items()):
        schema = _schema(status, found, operation_id, components)
        response = {
            "description": "\n\n".join(dict.fromkeys(map(_sentence, found))),
            "headers": headers.refs(*headers.ALWAYS, *_HEADERS.get(status, [])),
            "content": {MEDIA_TYPE: {"schema": schema, "examples": _examples(found)}}
            | (_PAGE if pages else {}),
        }
        yield str(status), response


def _sentence(error: type[ProblemError]) -> str:
    return f"`{error.code}`: {_instance(error).detail}"


def _instance(error: type[ProblemError]) -> ProblemError:
    """Return an error with its class's message; each class has its own parameters."""
    instance = error.__new__(error)
    ProblemError.__init__(instance)
    return instance


def _schema(status: int, errors: Errors, operation_id: str, components: Json) -> Json:
    """Return the schema of these codes; operations with only the kit's codes share one."""
    codes = sorted({each.code for each in errors})
    owner = "" if codes == _usual(status) else operation_id.title().replace("_", "")
    name = f"{owner}{NAMES[status]}Problem"
    own = {
        "status": {"type": "integer", "const": status},
        "code": {"type": "string", "enum": codes},
    }
    for error in errors:
        own |= error.extension_schema
    # All members inline, not a base schema: compilers can then narrow a union by `code`.
    components["schemas"][name] = _SCHEMA | {
        "title": name,
        "description": f"A problem with the status {status}.",
        "required": [
            *_SCHEMA["required"],
            *(["errors"] if status == InvalidRequest.status else []),
        ],
        "properties": _SCHEMA["properties"] | own,
    }
    return {"$ref": f"#/components/schemas/{name}"}


def _usual(status: int) -> list[str]:
    """Return the codes that the kit itself has for a status."""
    declared = [each for each in vars(kit).values() if isinstance(each, type)]
    found = [each for each in declared if issubclass(each, ProblemError)]
    return sorted({each.code for each in found if each.status == status})


def _examples(errors: Errors) -> Json:
    return {each.__name__: {"value": _example(each)} for each in errors}


def _example(error: type[ProblemError]) -> Json:
    found: Json = members(_instance(error), "Xk3tLhQFjoEEPFQ=")
    if error.status == InvalidRequest.status:
        found["errors"] = [{"field": "limit", "message": "Input should be less than 101"}]
    for name, schema in error.extension_schema.items():
        found[name] = schema["examples"][0]
    return found


def share(document: Json) -> None:
    """Move each response that several operations share into a component."""
    found = [
        (responses, status, json.dumps(response, sort_keys=True))
        for methods in document["paths"].values()
        for operation in methods.values()
        for responses in [operation["responses"]]
        for status, response in responses.items()
        if int(status) in NAMES
    ]
    often = Counter(text for _, _, text in found)
    names: dict[str, str] = {}
    for responses, status, text in found:
        if often[text] > 1:
            response = json.loads(text)
            name = names.setdefault(text, _free(document, _name(int(status), response)))
            document["components"]["responses"][name] = response
            responses[status] = {"$ref": f"#/components/responses/{name}"}


def _name(status: int, response: Json) -> str:
    """Name a response by the missing resource (404), or by its status."""
    examples = list(response["content"][MEDIA_TYPE]["examples"])
    name: str = examples[0] if len(examples) == 1 and status == NotFound.status else NAMES[status]
    return name + ("Page" if "text/html" in response["content"] else "")


def _free(document: Json, name: str) -> str:
    taken = document["components"]["responses"]
    others = (f"{name}{number}" for number in count(2))
    return next(each for each in (name, *islice(others, len(taken) + 1)) if each not in taken)
