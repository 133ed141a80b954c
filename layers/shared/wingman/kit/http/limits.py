"""Rate limits as one line on an endpoint: `dependencies=[limit(MATCH_REQUESTS)]`.

Answers carry the fields of https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Depends
from starlette.requests import Request

from wingman.kit.auth import CurrentUser
from wingman.kit.errors import RateLimited
from wingman.kit.ratelimit import EVERY_IP, EVERY_USER, EVERYONE, Policy, Verdict, limiter
from wingman.kit.settings import AppSettings, load


def limit(*policies: Policy) -> Any:
    """Limit an endpoint of signed-in users, besides what holds for every user, IP and all."""

    def check(request: Request, caller: CurrentUser) -> None:
        subjects = {"user": str(caller.id), "ip": _ip(request), "global": "all"}
        _charge(request, [*policies, EVERY_USER, EVERY_IP, EVERYONE], subjects)

    return Depends(check)


def limit_public(*policies: Policy) -> Any:
    """Limit a public endpoint, besides what holds for every IP and all."""

    def check(request: Request) -> None:
        _charge(request, [*policies, EVERY_IP, EVERYONE], {"ip": _ip(request), "global": "all"})

    return Depends(check)


def _ip(request: Request) -> str:
    """Take the address that API Gateway saw; a header could be anyone's."""
    return request.client.host if request.client else "unknown"


def _charge(request: Request, policies: Sequence[Policy], subjects: Mapping[str, str]) -> None:
    if not load(AppSettings).enable_rate_limiting:
        return
    buckets = {policy.key(subjects[policy.scope]): policy for policy in policies}
    verdicts = limiter().take(buckets)
    request.state.extra_headers.update(_headers(verdicts))
    if refusals := [verdict for verdict in verdicts if not verdict.allowed]:
        raise RateLimited(max(verdict.retry_after_seconds for verdict in refusals))


def _headers(verdicts: Sequence[Verdict]) -> dict[str, str]:
    """Tell the client its own buckets; the one that all share is not its business."""
    shown = [verdict for verdict in verdicts if verdict.policy is not EVERYONE]
    return {
        "RateLimit-Policy": ", ".join(
            f'"{v.policy.name}";q={v.policy.capacity};w={v.policy.window_seconds}' for v in shown
        ),
        "RateLimit": ", ".join(
            f'"{v.policy.name}";r={v.remaining};t={v.reset_seconds}' for v in shown
        ),
    }
