"""An error as a Sentry event: a few named facts, without messages and values of variables.

https://develop.sentry.dev/sdk/data-model/event-payloads/
"""

import linecache
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from traceback import walk_tb
from types import FrameType, TracebackType
from typing import Any

_MOST_ERRORS, _MOST_FRAMES, _LONGEST_LINE = 10, 50, 200
# A SQLSTATE, one of our own codes, or a code of a service.
_CODE = re.compile(r"[A-Za-z0-9_]{1,40}")
# Characters that a release may not have.
_NOT_IN_RELEASE = re.compile(r"[^\w.+-]")


@dataclass(frozen=True)
class Circumstances:
    """The invocation that failed: what is sent besides the error."""

    function: str
    route: str
    request_id: str
    caused_by: tuple[str, ...]
    trace_root: str
    environment: str
    version: str


def fingerprint(error: BaseException) -> str:
    """Return a hash of the classes and lines of the error and its causes."""
    places = (
        (type(each).__qualname__, _module(frame), line)
        for each, _, _ in _chain(error)
        for frame, line in _frames(each.__traceback__)
    )
    return sha256(repr(list(places)).encode()).hexdigest()


def event(
    error: BaseException, about: Circumstances, event_id: str, at: float
) -> dict[str, object]:
    tags = {"function": about.function, "request_id": about.request_id, "route": about.route}
    if about.caused_by:
        tags["caused_by"] = about.caused_by[0]
    return {
        "event_id": event_id,
        "timestamp": at,
        "platform": "python",
        "level": "error",
        "logger": "wingman",
        "release": f"wingman@{_NOT_IN_RELEASE.sub('-', about.version)}",
        "environment": about.environment,
        "transaction": about.route or about.function,
        "tags": {name: value for name, value in tags.items() if value},
        "contexts": _contexts(about),
        "exception": {"values": [*_values(error)][::-1]},
        "sdk": {"name": "wingman", "version": "1.0"},
    }


def _contexts(about: Circumstances) -> dict[str, object]:
    version = ".".join(map(str, sys.version_info[:3]))
    found: dict[str, object] = {"runtime": {"name": sys.implementation.name, "version": version}}
    if about.caused_by:
        found["message"] = {"type": "default", "caused_by": list(about.caused_by)}
    if about.trace_root:  # X-Ray's ids also have a version and a hyphen
        trace_id = about.trace_root.partition("-")[2].replace("-", "")
        found["trace"] = {"trace_id": trace_id, "span_id": trace_id[:16], "op": "function"}
    return found


def _values(error: BaseException) -> Iterator[dict[str, object]]:
    """Yield the error first and its causes after it; Sentry wants them the other way round."""
    for number, (each, parent, how) in enumerate(_chain(error)):
        mechanism = {"type": how, "handled": False, "exception_id": number}
        if number:
            mechanism |= {"parent_id": parent}
        if isinstance(each, BaseExceptionGroup):
            mechanism |= {"is_exception_group": True}
        frames = [_frame(*found) for found in _frames(each.__traceback__)]
        yield {
            "type": type(each).__qualname__,
            "module": type(each).__module__,
            "value": _code(each),
            "mechanism": mechanism,
            # An error that was never raised has no frames, and Sentry refuses an empty list.
            **({"stacktrace": {"frames": frames}} if frames else {}),
        }


def _chain(error: BaseException) -> Iterator[tuple[BaseException, int, str]]:
    """Yield the error, its causes and the members of groups, each with its parent's number."""
    waiting, seen, number = [(error, 0, "generic")], set[int](), 0
    while waiting and number < _MOST_ERRORS:
        each, parent, how = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each, parent, how
        if isinstance(each, BaseExceptionGroup):
            waiting += [(member, number, "chained") for member in each.exceptions]
        if each.__cause__ is not None:
            waiting.append((each.__cause__, number, "chained"))
        elif each.__context__ is not None and not each.__suppress_context__:
            waiting.append((each.__context__, number, "chained"))
        number += 1


def _code(error: BaseException) -> str:
    """Return the code of an error of ours, never its text."""
    code = getattr(error, "code", None) if type(error).__module__.startswith("wingman.") else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def _frames(traceback: TracebackType | None) -> list[tuple[FrameType, int]]:
    found = [*walk_tb(traceback)]
    half = _MOST_FRAMES // 2
    return [*found[:half], *found[-half:]] if len(found) > _MOST_FRAMES else found


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _frame(frame: FrameType, line: int) -> Mapping[str, Any]:
    path, module = frame.f_code.co_filename, _module(frame)
    is_ours = module.startswith("wingman.") or path.endswith("/app.py")
    found: dict[str, Any] = {
        "filename": _short(path),
        "module": module,
        "function": frame.f_code.co_qualname,
        "lineno": line,
        "in_app": is_ours,
    }
    if is_ours:  # our source, not a value in it
        found["context_line"] = linecache.getline(path, line).rstrip()[:_LONGEST_LINE]
    return found


def _short(path: str) -> str:
    """Return a path below the folder of packages, or its last two parts."""
    for root in ("/site-packages/", "/python/"):
        if root in path:
            return path.rpartition(root)[2]
    return "/".join(path.split("/")[-2:])
