"""Limits on requests that prove an identity with a secret, against guessing.

Each attempt is charged before it is judged, and refunded unless the proof was wrong. While half of
the tokens are left, nothing is refunded: a correct proof then costs one call to Redis.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response

from wingman.kit.errors import DependencyUnavailable, MalformedJson, PayloadTooLarge, ProblemError
from wingman.kit.http.callers import CurrentUser, caller_of
from wingman.kit.http.charges import charge_request, charge_user, client_ip, refuse_again
from wingman.kit.http.routes import Handle, Limit
from wingman.kit.json_objects import json_object
from wingman.kit.limits.charging import Charge, Subjects
from wingman.kit.limits.limits import ANYONE, AUTH, OWN_PROOF, PROOF

MAX_BYTES = 16_384

Claimed = Callable[[Mapping[str, Any]], str | None]
"""Return the identity that a body claims, in the spelling of its bucket; None without one."""


class _SmallBody(Limit):
    """A public endpoint of AUTH whose body holds a few short fields."""

    def __init__(self, claimed: Claimed | None) -> None:
        self._claimed = claimed

    async def __call__(self) -> None:
        """Declare nothing: the route needs no token."""

    async def run(self, request: Request, handle: Handle) -> Response:
        ip, policies = client_ip(request), [AUTH, *ANYONE]
        refuse_again(request, Subjects(ip), policies)
        body = await request.body()
        claimed = self._claimed(_fields(body)) if self._claimed else None
        own = [PROOF] if claimed else []
        charged = charge_request(request, Subjects(ip, claimed=claimed), [*own, *policies])
        if len(body) > MAX_BYTES:
            raise PayloadTooLarge(f"The body is larger than {MAX_BYTES} bytes.")
        return await _judged(charged, request, handle)


class _UserProof(Limit):
    async def __call__(self, caller: CurrentUser) -> None:
        """Declare that the route needs a token; `run` has checked it."""

    async def run(self, request: Request, handle: Handle) -> Response:
        charged = charge_user(request, await caller_of(request), [OWN_PROOF, AUTH])
        return await _judged(charged, request, handle)


def limit_secrets(claimed: Claimed | None = None) -> Any:
    """Limit an endpoint that takes a password or a code; wrong proofs of one identity by PROOF."""
    return Depends(_SmallBody(claimed))


def limit_proofs() -> Any:
    return Depends(_UserProof())


async def _judged(charged: Charge, request: Request, handle: Handle) -> Response:
    try:
        response = await handle(request)
    except (ProblemError, RequestValidationError) as error:
        if not _may_have_been_wrong(error):
            _refund(charged)
        raise
    _refund(charged)
    return response


def _may_have_been_wrong(error: ProblemError | RequestValidationError) -> bool:
    if isinstance(error, DependencyUnavailable):
        return not error.not_executed
    status = getattr(error, "status", HTTPStatus.UNPROCESSABLE_ENTITY)
    return bool(getattr(error, "failed_proof", None)) or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _refund(charged: Charge) -> None:
    for policy, verdict in zip(charged.buckets.values(), charged.verdicts, strict=True):
        is_proof = policy.name in {PROOF.name, OWN_PROOF.name}
        if is_proof and 2 * verdict.remaining < policy.capacity:
            charged.give_back(policy)


def _fields(body: bytes) -> Mapping[str, Any]:
    if len(body) > MAX_BYTES:
        return {}
    try:
        return json_object(body)
    except MalformedJson:  # the endpoint's own parser refuses it
        return {}
