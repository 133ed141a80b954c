"""Answers of PostgREST, and of the gateways in front of it, which have forms of their own."""

import json
import math
import re
from http import HTTPStatus
from typing import Any

import httpx

from wingman.kit.clients.transport import retry_after
from wingman.kit.errors import CallTimedOut, DependencyUnavailable

# PostgREST's own codes, or a SQLSTATE: https://postgrest.org/en/v12/references/errors.html
_OWN_CODE = re.compile(r"PGRST[0-9A-Z]{2,3}|[0-9A-Z]{5}")
# PostgREST cannot reach Postgres.
_UNREACHABLE = frozenset({"PGRST000", "PGRST001", "PGRST002", "PGRST003"})
# Connection exception, rollback (a deadlock), insufficient resources, operator intervention.
_TRANSIENT = ("08", "40", "53", "57")
# statement_timeout and lock_timeout: a call may wait for another one of the same user.
_TIMED_OUT = frozenset({"57014", "55P03"})
# These prove that nothing was executed: rolled back, no resources, cancelled, not yet started.
_NOT_EXECUTED = (*_UNREACHABLE, *_TIMED_OUT, "40", "53", "57P03")
# The gateway refused the request itself, or had no connection to pass it on.
# https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/
_NOT_PASSED_ON = frozenset({401, 403, 429, 521, 523, 525, 526, 530, 540})
_KEY_REFUSED = frozenset({401, 403})
_LONGEST_WAIT_SECONDS = 60


class KeyRefused(DependencyUnavailable):
    """A service that we depend on rejects our requests. Nothing was lost; try again later."""


def require_answer(response: httpx.Response) -> None:
    """Raise DependencyUnavailable unless PostgREST gave the answer and could reach Postgres."""
    response.read()
    found = _decoded(response)
    if response.is_success:
        if found is None and response.status_code != HTTPStatus.NO_CONTENT:
            raise _unavailable(response)
        return
    code = _own_code(found)
    if code is None:
        raise _unavailable(response, not_executed=response.status_code in _NOT_PASSED_ON)
    not_executed = code.startswith(_NOT_EXECUTED)
    if code in _TIMED_OUT:
        raise CallTimedOut("supabase", not_executed=True)
    if code in _UNREACHABLE or (len(code) == len("57P01") and code.startswith(_TRANSIENT)):
        raise _unavailable(response, not_executed=not_executed)


def _decoded(response: httpx.Response) -> Any:
    """Return the JSON of an answer, wrapped in a list, or None if it is not JSON."""
    try:
        return [json.loads(response.content)]
    except ValueError:
        return None


def _own_code(found: Any) -> str | None:
    error = found[0] if found else None
    code = error.get("code") if isinstance(error, dict) and "message" in error else None
    return code if isinstance(code, str) and _OWN_CODE.fullmatch(code) else None


def _unavailable(response: httpx.Response, *, not_executed: bool = False) -> DependencyUnavailable:
    asked = retry_after(response)
    kind = KeyRefused if response.status_code in _KEY_REFUSED else DependencyUnavailable
    error = kind(
        "supabase",
        retry_after=min(math.ceil(asked), _LONGEST_WAIT_SECONDS) if asked else 5,
        not_executed=not_executed,
        asked_to_wait=asked,
    )
    error.add_note(f"Answered with {response.status_code}: {response.text[:200]}")
    return error
