"""The sandbox's own endpoints for tests, under /_sandbox."""

from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.resend.errors import NotFoundError, ValidationError
from local.resend.faults import Faults
from local.resend.mailbox import Mailbox
from local.resend.ratelimit import RateLimit
from local.resend.webhooks import EVENTS, Webhooks


class Control:
    def __init__(
        self, mailbox: Mailbox, faults: Faults, limit: RateLimit, webhooks: Webhooks
    ) -> None:
        self._mailbox = mailbox
        self._faults = faults
        self._limit = limit
        self._webhooks = webhooks

    def routes(self) -> list[Route]:
        return [
            Route("/_sandbox/emails", self._emails),
            Route("/_sandbox/emails", self._forget, methods=["DELETE"]),
            Route("/_sandbox/journal", self._journal),
            Route("/_sandbox/faults", self._plan, methods=["POST"]),
            Route("/_sandbox/faults", self._waiting),
            Route("/_sandbox/faults", self._heal, methods=["DELETE"]),
            Route("/_sandbox/limit", self._set_limit, methods=["POST"]),
            Route("/_sandbox/delay", self._set_delay, methods=["POST"]),
            Route("/_sandbox/events", self._event, methods=["POST"]),
        ]

    async def _emails(self, request: Request) -> Response:
        """List accepted emails, oldest first; `?to=` filters by a substring of a recipient."""
        wanted = request.query_params.get("to", "")
        emails = self._mailbox.emails.values()
        found = [email.as_json() for email in emails if any(wanted in one for one in email.to)]
        return JSONResponse(found)

    async def _forget(self, _: Request) -> Response:
        self._mailbox.clear()
        return Response(status_code=204)

    async def _journal(self, _: Request) -> Response:
        return JSONResponse(self._mailbox.journal())

    async def _plan(self, request: Request) -> Response:
        return JSONResponse(dict(vars(self._faults.add(await _object(request)))), 201)

    async def _waiting(self, _: Request) -> Response:
        return JSONResponse(self._faults.waiting())

    async def _heal(self, _: Request) -> Response:
        self._faults.clear()
        return Response(status_code=204)

    async def _set_limit(self, request: Request) -> Response:
        wanted = (await _object(request)).get("requests_per_second")
        if wanted is not None and (not isinstance(wanted, int) or wanted < 1):
            raise ValidationError("`requests_per_second` is a whole number above 0, or null.")
        self._limit.set(wanted)
        return Response(status_code=204)

    async def _set_delay(self, request: Request) -> Response:
        wanted = (await _object(request)).get("seconds")
        if not isinstance(wanted, int | float) or wanted < 0:
            raise ValidationError("`seconds` is a number, 0 or more.")
        self._mailbox.delay = wanted
        return Response(status_code=204)

    async def _event(self, request: Request) -> Response:
        body = await _object(request)
        if body.get("type") not in EVENTS:
            raise ValidationError(f"`type` is one of {', '.join(EVENTS)}.")
        email = self._mailbox.emails.get(str(body.get("email_id")))
        if email is None:
            raise NotFoundError("There is no accepted email with this `email_id`.")
        email.last_event = body["type"]
        try:
            return JSONResponse(await self._webhooks.send(email, body["type"]))
        except httpx.HTTPError as error:
            return JSONResponse({"delivered": False, "error": repr(error)}, 502)


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ValidationError("The request body must be a JSON object.")
    return body
