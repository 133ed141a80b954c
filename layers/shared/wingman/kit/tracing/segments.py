"""Subsegments of X-Ray's traces, sent to its daemon without an SDK, which takes 200 ms to import.

https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

import json
import os
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from http import HTTPStatus
from typing import Any, NamedTuple

_PREFIX = b'{"format": "json", "version": 1}\n'
_ROOT = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")
_PARENT = re.compile(r"[0-9a-f]{16}")
# The parts of a path that are names of ours or of an API; ids and keys are not.
_NAME = re.compile(r"[a-z._:-]{1,60}|v\d{1,2}")


class Trace(NamedTuple):
    """A trace, and the segment in it that is open."""

    root: str
    parent: str
    sampled: bool

    def header(self) -> str:
        return f"Root={self.root};Parent={self.parent};Sampled={int(self.sampled)}"


class Segment:
    """A call or an invocation; `facts` are fields of X-Ray's document."""

    def __init__(self, name: str, facts: dict[str, Any]) -> None:
        self.name = name
        self.id = os.urandom(8).hex()
        self.began = time.time()
        self.facts = facts

    def asks(self, method: str, url: str) -> None:
        self.facts["http"] = {"request": {"method": method, "url": url}}

    def answered(self, status: int) -> None:
        self.facts.setdefault("http", {})["response"] = {"status": status}
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.facts["fault"] = True
        elif status >= HTTPStatus.BAD_REQUEST:
            self.facts["error"] = True
            self.facts["throttle"] = status == HTTPStatus.TOO_MANY_REQUESTS

    def failed(self, error: BaseException) -> None:
        """Name the error's class: its text may be personal."""
        self.facts["fault"] = True
        self.facts["cause"] = {"exceptions": [{"id": self.id, "type": type(error).__name__}]}


_around: ContextVar[Trace | None] = ContextVar("trace", default=None)


def trace() -> Trace | None:
    return _around.get()


@contextmanager
def tracing() -> Iterator[None]:
    """Let the calls in this block belong to the trace that the runtime names."""
    token = _around.set(_read(os.environ.get("_X_AMZN_TRACE_ID", "")))
    try:
        yield
    finally:
        _around.reset(token)


@contextmanager
def subsegment(name: str, **facts: object) -> Iterator[Segment]:
    """Measure a block, and send it to X-Ray if this trace is sampled."""
    segment, around = Segment(name, facts), _around.get()
    token = _around.set(Trace(around.root, segment.id, around.sampled)) if around else None
    try:
        yield segment
    except BaseException as error:
        segment.failed(error)
        raise
    finally:
        if token and around:
            _around.reset(token)
            _send(segment, around)


def shown(url: str) -> str:
    """Return a URL without its query and without what names a user or an object in its path."""
    base, _, path = url.partition("?")[0].partition("#")[0].rpartition("://")[2].partition("/")
    scheme, host = url.partition("://")[0], base.rpartition("@")[2]
    parts = (part if _NAME.fullmatch(part) else "*" for part in path.split("/") if part)
    return f"{scheme}://{host}/" + "/".join(parts)


def _read(header: str) -> Trace | None:
    found = dict(part.partition("=")[::2] for part in header.split(";"))
    root, parent = found.get("Root", ""), found.get("Parent", "")
    if not (_ROOT.fullmatch(root) and _PARENT.fullmatch(parent)):
        return None
    return Trace(root, parent, found.get("Sampled") == "1")


def _send(segment: Segment, around: Trace) -> None:
    daemon = os.environ.get("AWS_XRAY_DAEMON_ADDRESS", "")
    if not around.sampled or not daemon:
        return
    document: Mapping[str, object] = {
        "name": segment.name,
        "id": segment.id,
        "type": "subsegment",
        "trace_id": around.root,
        "parent_id": around.parent,
        "start_time": segment.began,
        "end_time": time.time(),
        **segment.facts,
    }
    host, _, port = daemon.rpartition(":")
    try:
        _socket().sendto(_PREFIX + json.dumps(document).encode(), (host, int(port)))
    except OSError:
        return  # a lost trace must not fail a request, or log a line for each call


@cache
def _socket() -> socket.socket:
    found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    found.setblocking(False)
    return found
