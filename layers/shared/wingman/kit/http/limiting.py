"""Rate limits as one line on an endpoint: `dependencies=[limit(PUBLIC)]`.

An endpoint with a cache uses a gate instead: one Redis call then charges its limits and reads the
cache. The same call records a signed-in user's activity (kit/presence). Answers carry the headers
of https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response

from wingman.kit.auth.tokens import Caller
from wingman.kit.cache.cache import Answer, Cache, Found, M, Source
from wingman.kit.clients.dependencies import SUPABASE
from wingman.kit.errors import DependencyUnavailable, MalformedJson, ProblemError
from wingman.kit.http.bodies import RawBody, json_object, parse_form
from wingman.kit.http.callers import CurrentUser
from wingman.kit.http.idempotency import is_replayed
from wingman.kit.limits.charging import Charge, LimitReached, Subjects, admit, buckets, charge
from wingman.kit.limits.limiter import Step
from wingman.kit.limits.limits import ANYONE, LINK, PUBLIC, SIGNED_IN
from wingman.kit.limits.policy import Policy, Verdict
from wingman.kit.presence.touching import touching

Names = Collection[str]


def limit(*policies: Policy, cost: int = 1) -> Any:
    """Limit an endpoint for signed-in users, in addition to the limits of SIGNED_IN.

    Each request takes `cost` tokens.
    """

    def check(request: Request, caller: CurrentUser) -> None:
        _charge_user(request, caller, policies, cost)

    return Depends(check)


def limit_with_refund(policy: Policy, where: Names | None = None) -> Any:
    """Limit an endpoint as `limit` does, and refund `policy` for requests without an effect.

    With `where`, `policy` applies only to a JSON body that names one of these fields. A request
    that was refused, that replays an answer or that never reached the database gets its token
    back. A request that an outage interrupted does not, because it may have had an effect.
    """

    def check(
        request: Request, response: Response, caller: CurrentUser, body: RawBody
    ) -> Iterator[None]:
        own = [policy] if where is None or _names_any(body, where) else []
        charged = _charge_user(request, caller, own)
        try:
            yield
        except (ProblemError, RequestValidationError) as error:
            if _had_no_effect(error):
                charged.give_back(policy)
            raise
        if is_replayed(response):
            charged.give_back(policy)

    return Depends(check)


def limit_public(*policies: Policy, cost: int = 1) -> Any:
    """Limit a public endpoint, in addition to the limits of ANYONE; see `limit`."""

    def check(request: Request) -> None:
        _charge(request, Subjects(_ip(request)), [*policies, *ANYONE], cost)

    return Depends(check)


def limit_link(reader: Callable[[str], UUID]) -> Any:
    """Limit an endpoint behind a signed link per user of the link.

    `reader` returns the user id for a token, or raises a ProblemError. A request with an invalid
    token, or with the tokens of two users, is limited per IP address.
    """

    def check(request: Request, tokens: Annotated[Names, Depends(_shown_tokens)]) -> None:
        ip = _ip(request)
        try:
            [holder] = {reader(token) for token in tokens}
        except (ProblemError, ValueError):
            _charge(request, Subjects(ip), [PUBLIC, *ANYONE])
        else:
            _charge(request, Subjects(ip, holder), [LINK, *ANYONE])

    return Depends(check)


async def _shown_tokens(request: Request) -> Names:
    """Collect the tokens of the URL and of the body; the endpoint may read either."""
    try:
        in_body = (await parse_form(request)).get("token")
    except ProblemError:
        in_body = None  # the endpoint's own parser refuses it
    return {str(token) for token in (request.query_params.get("token"), in_body) if token}


CACHED: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"X-Cache": {"schema": {"type": "string", "enum": list(Source)}}}}
}


class Gate:
    """The limits of a request, charged by the Redis call that reads the cache."""

    def __init__(
        self, request: Request, buckets: Mapping[str, Policy], steps: Sequence[Step] = ()
    ) -> None:
        self._request = request
        self._buckets = buckets
        self._steps = steps

    def look_up(self, cache: Cache[M], key: str) -> Found[M]:
        """Charge the limits and read `key`. Raises LimitReached."""
        verdicts, found = cache.look_up(key, self._buckets, self._steps)
        _show(self._request, verdicts)
        admit(verdicts)
        return found

    def respond(self, answer: Answer[M]) -> M:
        """Return a value and state its origin in `X-Cache`."""
        self._request.state.extra_headers["X-Cache"] = answer.source
        return answer.value


def _user_gate(request: Request, caller: CurrentUser) -> Gate:
    subjects = Subjects(_ip(request), caller.id)
    return Gate(request, buckets(subjects, SIGNED_IN), [touching(caller.id)])


def _public_gate(request: Request) -> Gate:
    return Gate(request, buckets(Subjects(_ip(request)), [PUBLIC, *ANYONE]))


UserGate = Annotated[Gate, Depends(_user_gate)]
PublicGate = Annotated[Gate, Depends(_public_gate)]


def _ip(request: Request) -> str:
    """Return the address that API Gateway saw; clients can forge headers."""
    return request.client.host if request.client else "unknown"


def _names_any(body: bytes, names: Names) -> bool:
    try:
        return not json_object(body).keys().isdisjoint(names)
    except MalformedJson:
        return False  # the endpoint's own parser refuses it


def _had_no_effect(error: ProblemError | RequestValidationError) -> bool:
    """Return whether the database certainly changed nothing."""
    if isinstance(error, DependencyUnavailable):
        return error.not_executed and error.dependency == SUPABASE.name
    return getattr(error, "status", 0) < HTTPStatus.INTERNAL_SERVER_ERROR


def _charge_user(
    request: Request, caller: Caller, policies: Iterable[Policy], cost: int = 1
) -> Charge:
    subjects = Subjects(_ip(request), caller.id)
    return _charge(request, subjects, [*policies, *SIGNED_IN], cost, [touching(caller.id)])


def _charge(
    request: Request,
    subjects: Subjects,
    policies: Iterable[Policy],
    cost: int = 1,
    steps: Sequence[Step] = (),
) -> Charge:
    try:
        charged = charge(subjects, policies, cost=cost, steps=steps)
    except LimitReached as refusal:
        _show(request, refusal.verdicts)
        raise
    _show(request, charged.verdicts)
    return charged


def _show(request: Request, verdicts: Sequence[Verdict]) -> None:
    request.state.extra_headers.update(_headers(verdicts))


def _headers(verdicts: Sequence[Verdict]) -> dict[str, str]:
    """Show clients their own buckets, but not the global one."""
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
