"""Resend's own endpoints.

https://resend.com/docs/api-reference/emails/send-email
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.connection import broken
from local.keys import Keys
from local.resend.errors import (
    ApplicationError,
    InvalidApiKeyError,
    MissingApiKeyError,
    NotFoundError,
    ResendError,
    ValidationError,
)
from local.resend.faults import Faults, Mode
from local.resend.mailbox import Mailbox, recipients
from local.resend.ratelimit import RateLimit

TIMEOUT_SECONDS = 30
Accept = Callable[[object, str | None, Request], Awaitable[dict[str, Any]]]


class Api:
    def __init__(self, keys: Keys, mailbox: Mailbox, faults: Faults, limit: RateLimit) -> None:
        self._keys = keys
        self._mailbox = mailbox
        self._faults = faults
        self._limit = limit

    def routes(self) -> list[Route]:
        return [
            Route("/emails", self._send, methods=["POST"]),
            Route("/emails/batch", self._send_batch, methods=["POST"]),
            Route("/emails/{id}", self._retrieve),
            Route("/domains", self._domains),
        ]

    async def _send(self, request: Request) -> Response:
        async def accept(body: object, key: str | None, _: Request) -> dict[str, Any]:
            return await self._mailbox.send(body, key)

        return await self._handle(request, accept)

    async def _send_batch(self, request: Request) -> Response:
        async def accept(body: object, key: str | None, request: Request) -> dict[str, Any]:
            permissive = request.headers.get("x-batch-validation") == "permissive"
            return await self._mailbox.send_batch(body, key, permissive=permissive)

        return await self._handle(request, accept)

    async def _handle(self, request: Request, accept: Accept) -> Response:
        try:
            response = await self._answer(request, accept)
        except ResendError as refusal:
            self._mailbox.answers[refusal.status] += 1
            raise
        self._mailbox.answers[response.status_code] += 1
        return response

    async def _answer(self, request: Request, accept: Accept) -> Response:
        headers = self._admit(request)
        body = await _json(request)
        fault = self._faults.take(recipients(body))
        if fault is Mode.TIMEOUT:
            await asyncio.sleep(TIMEOUT_SECONDS)
            return await broken(request)
        self._refuse(fault)
        answer = await accept(body, request.headers.get("idempotency-key"), request)
        if fault is Mode.LOST_RESPONSE:
            return await broken(request)
        return JSONResponse(answer, headers=headers)

    def _refuse(self, fault: Mode | None) -> None:
        match fault:
            case Mode.ERROR_500:
                raise ApplicationError("An unexpected error occurred.")
            case Mode.RATE_LIMITED:
                raise self._limit.exceeded()
            case Mode.REJECT:
                raise ValidationError("The sandbox has a fault planned for this email.")

    async def _retrieve(self, request: Request) -> Response:
        headers = self._admit(request)
        email = self._mailbox.emails.get(request.path_params["id"])
        if email is None:
            raise NotFoundError("Email not found")
        shown = email.as_json()
        hidden = ("headers", "idempotency_key", "accepted_at")
        body = {name: value for name, value in shown.items() if name not in hidden}
        return JSONResponse(
            {"object": "email", **body, "created_at": email.accepted_at}, headers=headers
        )

    async def _domains(self, request: Request) -> Response:
        """List the verified domains: the default brand's."""
        headers = self._admit(request)
        domain = {"id": str(uuid.uuid4()), "name": "wingman.example", "status": "verified"}
        return JSONResponse({"object": "list", "data": [domain]}, headers=headers)

    def _admit(self, request: Request) -> dict[str, str]:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise MissingApiKeyError("Missing API Key")
        if not self._keys.admit_bearer(key):
            raise InvalidApiKeyError("API key is invalid")
        return self._limit.spend()


async def _json(request: Request) -> object:
    try:
        return await request.json()
    except ValueError:
        raise ValidationError("The request body is not valid JSON.") from None
