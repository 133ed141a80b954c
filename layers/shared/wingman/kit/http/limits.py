"""Rate limits as one line on an endpoint: `dependencies=[limit(MATCH_REQUESTS)]`.

An endpoint with a cache asks for a gate instead: one call then charges its limits and reads the
cache. The same call notes that a signed-in user is here (kit/presence). Answers carry the fields
of https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response

from wingman.kit.auth.tokens import Caller, CurrentUser
from wingman.kit.cache.cache import Answer, Cache, Found, M, Source
from wingman.kit.errors import DependencyUnavailable, MalformedJson, ProblemError, RateLimited
from wingman.kit.http.bodies import RawBody, json_object, read_fields
from wingman.kit.http.idempotency import is_replayed
from wingman.kit.limits.limiter import (
    EMAIL,
    EVERY_IP,
    EVERY_USER,
    EVERYONE,
    LINK,
    PUBLIC,
    Policy,
    Step,
    Verdict,
    limiter,
)
from wingman.kit.presence.activity import touching
from wingman.kit.settings import AppSettings, load

Names = Collection[str]


def limit(*policies: Policy, cost: int = 1) -> Any:
    """Limit an endpoint of signed-in users, besides what holds for every user, IP and all.

    `cost` is what one request weighs.
    """

    def check(request: Request, caller: CurrentUser) -> None:
        _charge_user(request, caller, policies, cost)

    return Depends(check)


def limit_mailing(where: Names | None = None) -> Any:
    """Limit what mails somebody each time, by one bucket per user, besides what `limit` does.

    With `where`, it holds only for a JSON body that names one of these fields. What was refused or
    answered before, or never reached the database, has mailed nobody and gives its token back; what
    an outage ended in the middle may have.
    """

    def check(
        request: Request, response: Response, caller: CurrentUser, body: RawBody
    ) -> Iterator[None]:
        own = [EMAIL] if where is None or _names_one(body, where) else []
        charged = _charge_user(request, caller, own)
        unused = {key: policy for key, policy in charged.items() if policy.name == EMAIL.name}
        try:
            yield
        except (ProblemError, RequestValidationError) as error:
            if _mailed_nobody(error):
                _give_back(unused)
            raise
        if is_replayed(response):
            _give_back(unused)

    return Depends(check)


def limit_public(*policies: Policy, cost: int = 1) -> Any:
    """Limit a public endpoint, besides what holds for every IP and all; see `limit`."""

    def check(request: Request) -> None:
        subjects = {"ip": _ip(request), "global": "all"}
        _charge(request, _buckets([*policies, EVERY_IP, EVERYONE], subjects), cost)

    return Depends(check)


def limit_link(reader: Callable[[str], UUID]) -> Any:
    """Limit an endpoint behind a signed link by whose link it is: mail providers post for many.

    `reader` returns whom a token names, or raises a ProblemError. A request that shows a token
    which nobody signed, or two people's, is limited by its address as any public one.
    """

    def check(request: Request, tokens: Annotated[Names, Depends(_shown_tokens)]) -> None:
        subjects = {"ip": _ip(request), "global": "all"}
        try:
            [subjects["user"]] = {str(reader(token)) for token in tokens}
            own = LINK
        except (ProblemError, ValueError):
            own = PUBLIC
        _charge(request, _buckets([own, EVERY_IP, EVERYONE], subjects))

    return Depends(check)


async def _shown_tokens(request: Request) -> Names:
    """Collect the tokens of the address and of the body, whichever the endpoint reads."""
    try:
        told = (await read_fields(request)).get("token")
    except ProblemError:
        told = None  # refused by whoever reads it
    return {str(token) for token in (request.query_params.get("token"), told) if token}


CACHED: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"X-Cache": {"schema": {"type": "string", "enum": list(Source)}}}}
}


class Gate:
    """The limits of a request, charged by the call that reads the cache."""

    def __init__(
        self, request: Request, buckets: Mapping[str, Policy], steps: Sequence[Step] = ()
    ) -> None:
        self._request = request
        self._buckets = buckets
        self._steps = steps

    def look_up(self, cache: Cache[M], key: str) -> Found[M]:
        """Charge, and read `key`. Raises RateLimited."""
        verdicts, found = cache.look_up(key, self._buckets, self._steps)
        _tell(self._request, verdicts)
        return found

    def told(self, answer: Answer[M]) -> M:
        """Return a value, and say in `X-Cache` where it comes from."""
        self._request.state.extra_headers["X-Cache"] = answer.source
        return answer.value


def _user_gate(request: Request, caller: CurrentUser) -> Gate:
    subjects = {"user": str(caller.id), "ip": _ip(request), "global": "all"}
    buckets = _buckets([EVERY_USER, EVERY_IP, EVERYONE], subjects)
    return Gate(request, buckets, [touching(caller.id)])


def _public_gate(request: Request) -> Gate:
    subjects = {"ip": _ip(request), "global": "all"}
    return Gate(request, _buckets([PUBLIC, EVERY_IP, EVERYONE], subjects))


UserGate = Annotated[Gate, Depends(_user_gate)]
PublicGate = Annotated[Gate, Depends(_public_gate)]


def _ip(request: Request) -> str:
    """Take the address that API Gateway saw; a header could be anyone's."""
    return request.client.host if request.client else "unknown"


def _buckets(policies: Sequence[Policy], subjects: Mapping[str, str]) -> dict[str, Policy]:
    settings = load(AppSettings)
    if not settings.enable_rate_limiting:
        return {}
    watched = settings.rate_limit_shadow
    return {
        policy.key(subjects[policy.scope]): policy.watching if policy.name in watched else policy
        for policy in policies
    }


def _names_one(body: bytes, names: Names) -> bool:
    try:
        return not json_object(body).keys().isdisjoint(names)
    except MalformedJson:
        return False  # refused by whoever reads it


def _mailed_nobody(error: ProblemError | RequestValidationError) -> bool:
    """Whether the database recorded no mail: it refused, or certainly did not act at all."""
    if isinstance(error, DependencyUnavailable):
        return error.untouched and error.dependency == "supabase"
    return getattr(error, "status", 0) < HTTPStatus.INTERNAL_SERVER_ERROR


def _charge_user(
    request: Request, caller: Caller, policies: Sequence[Policy], cost: int = 1
) -> dict[str, Policy]:
    subjects = {"user": str(caller.id), "ip": _ip(request), "global": "all"}
    buckets = _buckets([*policies, EVERY_USER, EVERY_IP, EVERYONE], subjects)
    return _charge(request, buckets, cost, [touching(caller.id)])


def _charge(
    request: Request,
    buckets: Mapping[str, Policy],
    cost: int = 1,
    steps: Sequence[Step] = (),
) -> dict[str, Policy]:
    """Return the buckets that were charged; one that only watches may have been empty."""
    if not (buckets or steps):
        return {}
    verdicts = limiter().ask(buckets, cost=cost, steps=steps).verdicts
    _tell(request, verdicts)
    told = zip(buckets.items(), verdicts, strict=True)
    return {key: policy for (key, policy), verdict in told if verdict.allowed}


def _give_back(buckets: Mapping[str, Policy]) -> None:
    if buckets:
        limiter().give_back(buckets)


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
