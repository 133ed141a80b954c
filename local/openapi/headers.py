"""The response headers of operations."""

from typing import Any

Json = dict[str, Any]


def _header(description: str, example: str | int, **schema: Any) -> Json:
    kind = "integer" if isinstance(example, int) else "string"
    return {"description": description, "schema": {"type": kind, **schema}, "example": example}


_LIMITS = "https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/"
COMPONENTS: Json = {
    "X-Request-Id": _header("The id of this request in our logs.", "Xk3tLhQFjoEEPFQ="),
    "RateLimit-Policy": _header(
        f"The limits of this request: name, tokens (q) and seconds to refill (w). {_LIMITS}",
        '"user";q=60;w=60',
    ),
    "RateLimit": _header(
        "For each limit, the tokens that remain (r) and the seconds until it is full (t).",
        '"user";r=59;t=1',
    ),
    "Retry-After": _header("The seconds to wait before the next attempt.", 5, minimum=1),
    "WWW-Authenticate": _header("How to authenticate (RFC 6750).", "Bearer"),
    "Location": _header(
        "The path of the new resource.", "/api/matches/6f1c0f0e-0000-4000-8000-000000000001"
    ),
    "Idempotent-Replayed": _header(
        "`true` if this repeats the first answer to the same `Idempotency-Key`.",
        "true",
        enum=["true"],
    ),
    "ETag": _header("The version of this answer, for `If-None-Match`.", '"cf731e6b3eabe159"'),
    "Cache-Control": _header("How long an answer may be kept.", "public, max-age=600"),
}
ALWAYS = ("X-Request-Id", "RateLimit-Policy", "RateLimit")
IF_NONE_MATCH: Json = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of the answer that you have; if it is current, the answer is a 304.",
    "schema": {"type": "string"},
    "example": '"cf731e6b3eabe159"',
}


def refs(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
