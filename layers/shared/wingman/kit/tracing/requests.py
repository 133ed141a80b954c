"""The id of the request that is served, and those of the requests that caused it."""

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from wingman.kit.observability import logger

# The name of the attribute of a queue message that carries the id of the request that sent it.
ATTRIBUTE = "request_id"
# Ids of API Gateway and Lambda. Anything else could forge a log line or a query.
_ID = re.compile(r"[A-Za-z0-9_=.:-]{1,128}")
_MOST = 50


class Served(NamedTuple):
    """The event that an invocation serves: a request, a schedule, or messages of requests.

    `request_id` is API Gateway's, so that its access log joins ours, or else Lambda's. `name` is
    the route of a request. `caused_by` has the ids of the requests that sent the messages.
    """

    request_id: str
    name: str = ""
    caused_by: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()


_served: ContextVar[Served | None] = ContextVar("served", default=None)


def served() -> Served | None:
    return _served.get()


def request_id() -> str:
    """Return the id of the request that is served, or an empty text outside of an invocation."""
    found = _served.get()
    return found.request_id if found else ""


@contextmanager
def serving(event: Mapping[str, Any], context: object) -> Iterator[Served]:
    """Serve an event: everything that is logged in this block carries its ids."""
    found = _read(event, context)
    token = _served.set(found)
    logger().set_correlation_id(found.request_id)
    if found.caused_by:
        logger().append_keys(caused_by=list(found.caused_by))
    else:
        logger().remove_keys(["caused_by"])
    try:
        yield found
    finally:
        _served.reset(token)


def _read(event: Mapping[str, Any], context: object) -> Served:
    own = _safe(getattr(context, "aws_request_id", None)) or str(uuid.uuid4())
    if isinstance(about := event.get("requestContext"), Mapping):
        given = _safe(about.get("requestId"))  # never a header: a client writes those
        return Served(given or own, _route(event, about))
    records = [each for each in event.get("Records") or () if isinstance(each, Mapping)]
    messages = tuple(filter(None, (_safe(each.get("messageId")) for each in records)))
    return Served(own, caused_by=_senders(records), messages=messages)


def _route(event: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    """Return the route (`POST /health`), which names no user; a WebSocket has one, too."""
    key = str(event.get("routeKey") or about.get("routeKey") or "")
    method = (about.get("http") or {}).get("method", "")
    return key.replace("ANY ", f"{method} ", 1) if method.isalpha() else key


def _senders(records: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    given = (each.get("messageAttributes") or {} for each in records)
    found = (_safe((each.get(ATTRIBUTE) or {}).get("stringValue")) for each in given)
    return tuple(dict.fromkeys(filter(None, found)))[:_MOST]


def _safe(given: object) -> str:
    return given if isinstance(given, str) and _ID.fullmatch(given) else ""
