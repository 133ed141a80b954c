"""Rate limits as one line on an endpoint: `dependencies=[limit(PUBLIC)]`.

LimitedRoute charges them before it parses the body; Envelope charges a request that ended earlier.
The same call to Redis records a user's activity (kit/presence).
"""

from collections.abc import Callable, Collection, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response

from wingman.kit.auth.tokens import Caller
from wingman.kit.errors import MalformedJson, ProblemError
from wingman.kit.http.bodies import parse_form
from wingman.kit.http.callers import CurrentUser, caller_of
from wingman.kit.http.charges import charge_request, charge_user, client_ip, refuse_again, show
from wingman.kit.http.idempotency import is_replayed
from wingman.kit.http.routes import Handle, Limit
from wingman.kit.json_objects import json_object
from wingman.kit.limits.charging import Charge, LimitReached, Subjects
from wingman.kit.limits.limits import ALWAYS_OPEN, ANYONE, LINK, PUBLIC, SIGNED_IN
from wingman.kit.limits.policy import Policy
from wingman.kit.refusals import had_no_effect

Names = Collection[str]


class _UserLimit(Limit):
    def __init__(self, policies: Sequence[Policy], cost: int) -> None:
        self._policies, self._cost = policies, cost

    async def __call__(self, caller: CurrentUser) -> None:
        """Declare that the route needs a token; `run` has checked it."""

    async def run(self, request: Request, handle: Handle) -> Response:
        charge_user(request, await caller_of(request), self._policies, self._cost)
        return await handle(request)


class _Refunded(_UserLimit):
    def __init__(self, policy: Policy, where: Names | None) -> None:
        super().__init__([policy], 1)
        self._where = where

    async def run(self, request: Request, handle: Handle) -> Response:
        caller = await caller_of(request)
        charged = charge_user(request, caller, await self._own(request, caller))
        try:
            response = await handle(request)
        except (ProblemError, RequestValidationError) as error:
            if isinstance(error, RequestValidationError) or had_no_effect(error):
                self._give_back(charged)
            raise
        if is_replayed(response):
            self._give_back(charged)
        return response

    async def _own(self, request: Request, caller: Caller) -> Sequence[Policy]:
        if self._where is None:
            return self._policies
        refuse_again(request, Subjects(client_ip(request), caller.id), SIGNED_IN)
        return self._policies if _names_any(await request.body(), self._where) else []

    def _give_back(self, charged: Charge) -> None:
        for policy in self._policies:
            charged.give_back(policy)


class _ButRepeats(_Refunded):
    async def run(self, request: Request, handle: Handle) -> Response:
        try:
            return await super().run(request, handle)
        except LimitReached as refusal:
            if _refusal_of(request) or not refusal.is_of(self._policies):
                raise
            request.state.refusal = refusal
        # Looking for an earlier request costs as much as any request.
        charge_user(request, await caller_of(request), [])
        show(request, request.state.refusal.verdicts)
        return await handle(request)


class _PublicLimit(Limit):
    def __init__(self, policies: Sequence[Policy], cost: int) -> None:
        self._policies, self._cost = policies, cost

    async def __call__(self) -> None:
        """Declare nothing: the route needs no token."""

    async def run(self, request: Request, handle: Handle) -> Response:
        charge_request(request, Subjects(client_ip(request)), self._policies, self._cost)
        return await handle(request)


class _LinkLimit(Limit):
    def __init__(self, reader: Callable[[str], UUID]) -> None:
        self._reader = reader

    async def __call__(self) -> None:
        """Declare nothing: the token of the link is not an access token."""

    async def run(self, request: Request, handle: Handle) -> Response:
        ip = client_ip(request)
        refuse_again(request, Subjects(ip), ALWAYS_OPEN)
        try:
            [holder] = {self._reader(token) for token in await _shown_tokens(request)}
        except (ProblemError, ValueError):
            charge_request(request, Subjects(ip), [PUBLIC, *ANYONE])
        else:
            charge_request(request, Subjects(ip, holder), [LINK, *ALWAYS_OPEN])
        return await handle(request)


def limit(*policies: Policy, cost: int = 1) -> Any:
    """Limit an endpoint for signed-in users; the limits of SIGNED_IN apply as well."""
    return Depends(_UserLimit(policies, cost))


def limit_with_refund(policy: Policy, where: Names | None = None) -> Any:
    """Limit an endpoint as `limit` does, and refund `policy` for requests without an effect.

    `where`: the policy applies only to a JSON body that has one of these fields. An outage during
    the call refunds nothing, because the request may have had an effect.
    """
    return Depends(_Refunded(policy, where))


def limit_but_repeats(policy: Policy) -> Any:
    """Limit an endpoint as `limit_with_refund` does, but let repeated requests find their answer.

    A request that `policy` refuses reaches the endpoint with a `Refusal`, which the endpoint raises
    unless an earlier request has had the effect.
    """
    return Depends(_ButRepeats(policy, None))


def limit_public(*policies: Policy, cost: int = 1) -> Any:
    """Limit a public endpoint; the limits of ANYONE apply as well."""
    return Depends(_PublicLimit([*policies, *ANYONE], cost))


def limit_always_open(*policies: Policy) -> Any:
    """Limit a public endpoint that must answer even if others have used up the global bucket."""
    return Depends(_PublicLimit([*policies, *ALWAYS_OPEN], 1))


def limit_link(reader: Callable[[str], UUID]) -> Any:
    """Limit an endpoint behind a signed link, by the user that `reader` finds in the link.

    A request with an invalid token, or with the tokens of two users, is limited by IP address.
    """
    return Depends(_LinkLimit(reader))


def _refusal_of(request: Request) -> LimitReached | None:
    found: LimitReached | None = getattr(request.state, "refusal", None)
    return found


Refusal = Annotated[LimitReached | None, Depends(_refusal_of)]
"""The refusal that a request meets behind `limit_but_repeats`, unless it is a repeat."""


async def _shown_tokens(request: Request) -> Names:
    """Collect the tokens of the URL and of the body; the endpoint may read either."""
    try:
        in_body = (await parse_form(request)).get("token")
    except ProblemError:
        in_body = None  # the endpoint's own parser refuses it
    return {str(token) for token in (request.query_params.get("token"), in_body) if token}


def _names_any(body: bytes, names: Names) -> bool:
    try:
        return not json_object(body).keys().isdisjoint(names)
    except MalformedJson:
        return False  # the endpoint's own parser refuses it
