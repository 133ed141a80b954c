"""Rate limits as one line on an endpoint: `dependencies=[limit(MATCH_REQUESTS)]`.

An endpoint with a cache asks for a gate instead: one call then charges its limits and reads the
cache. Answers carry the fields of https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from wingman.kit.auth import CurrentUser
from wingman.kit.cache import Cache, Found, M
from wingman.kit.errors import RateLimited
from wingman.kit.ratelimit import EVERY_IP, EVERY_USER, EVERYONE, PUBLIC, Policy, Verdict, limiter
from wingman.kit.settings import AppSettings, load

Reads = Callable[[Request], Sequence[str]]


def limit(*policies: Policy, cost: int = 1, reads: Reads | None = None) -> Any:
    """Limit an endpoint of signed-in users, besides what holds for every user, IP and all.

    `cost` is what one request weighs. The strings under the Redis keys that `reads` names come
    back in the same call, in `request.state.values` (None when Redis was not asked).
    """

    def check(request: Request, caller: CurrentUser) -> None:
        subjects = {"user": str(caller.id), "ip": _ip(request), "global": "all"}
        _charge(request, [*policies, EVERY_USER, EVERY_IP, EVERYONE], subjects, cost, reads)

    return Depends(check)


def limit_public(*policies: Policy, cost: int = 1, reads: Reads | None = None) -> Any:
    """Limit a public endpoint, besides what holds for every IP and all; see `limit`."""

    def check(request: Request) -> None:
        subjects = {"ip": _ip(request), "global": "all"}
        _charge(request, [*policies, EVERY_IP, EVERYONE], subjects, cost, reads)

    return Depends(check)


class Gate:
    """The limits of a request, charged by the call that reads the cache."""

    def __init__(self, request: Request, buckets: Mapping[str, Policy]) -> None:
        self._request = request
        self._buckets = buckets

    def look_up(self, cache: Cache[M], key: str) -> Found[M]:
        """Charge, and read `key`. Raises RateLimited."""
        verdicts, found = cache.look_up(key, self._buckets)
        _tell(self._request, verdicts)
        return found


def _user_gate(request: Request, caller: CurrentUser) -> Gate:
    subjects = {"user": str(caller.id), "ip": _ip(request), "global": "all"}
    return Gate(request, _buckets([EVERY_USER, EVERY_IP, EVERYONE], subjects))


def _public_gate(request: Request) -> Gate:
    subjects = {"ip": _ip(request), "global": "all"}
    return Gate(request, _buckets([PUBLIC, EVERY_IP, EVERYONE], subjects))


UserGate = Annotated[Gate, Depends(_user_gate)]
PublicGate = Annotated[Gate, Depends(_public_gate)]


def _ip(request: Request) -> str:
    """Take the address that API Gateway saw; a header could be anyone's."""
    return request.client.host if request.client else "unknown"


def _buckets(policies: Sequence[Policy], subjects: Mapping[str, str]) -> dict[str, Policy]:
    if not load(AppSettings).enable_rate_limiting:
        return {}
    return {policy.key(subjects[policy.scope]): policy for policy in policies}


def _charge(
    request: Request,
    policies: Sequence[Policy],
    subjects: Mapping[str, str],
    cost: int,
    reads: Reads | None,
) -> None:
    request.state.values = None
    buckets = _buckets(policies, subjects)
    wanted = reads(request) if reads else ()
    if not buckets and not wanted:
        return
    taken = limiter().ask(buckets, cost=cost, reads=wanted)
    request.state.values = taken.values
    _tell(request, taken.verdicts)


def _tell(request: Request, verdicts: Sequence[Verdict]) -> None:
    request.state.extra_headers.update(_headers(verdicts))
    if refusals := [verdict for verdict in verdicts if verdict.refuses]:
        raise RateLimited(max(verdict.retry_after_seconds for verdict in refusals))


def _headers(verdicts: Sequence[Verdict]) -> dict[str, str]:
    """Tell the client its own buckets; the one that all share is not its business."""
    shown = [v for v in verdicts if v.policy.scope != "global" and not v.policy.shadow]
    if not shown:
        return {}
    return {
        "RateLimit-Policy": ", ".join(
            f'"{v.policy.name}";q={v.policy.capacity};w={v.policy.window_seconds}' for v in shown
        ),
        "RateLimit": ", ".join(
            f'"{v.policy.name}";r={v.remaining};t={v.reset_seconds}' for v in shown
        ),
    }
