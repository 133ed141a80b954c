"""Google's endpoints: exchanging a signed JWT for an access token, and sending.

https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send
"""

import asyncio
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import jwt
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.connection import broken
from local.fcm.account import public_key
from local.fcm.errors import FcmError
from local.fcm.faults import Fault, Faults, Mode
from local.fcm.phones import Phones
from local.keys import Keys

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
MAX_PAYLOAD = 4096
SLOW_SECONDS = 30
_MEMBERS = {"token", "notification", "data", "android", "apns", "webpush", "fcm_options"}
_NO_TOKEN = (401, "UNAUTHENTICATED")
_DURATION = re.compile(r"(\d+(\.\d+)?)s")


class Api:
    def __init__(self, account: str, phones: Phones, faults: Faults) -> None:
        self._account = json.loads(account)
        self._keys = Keys(self._account["private_key"])
        self._phones = phones
        self._faults = faults
        self._tokens: set[str] = set()
        self.grants = 0

    def routes(self) -> list[Route]:
        return [
            *self._keys.routes(),
            Route("/token", self._token, methods=["POST"]),
            Route("/v1/projects/{project}/messages:send", self._send, methods=["POST"]),
        ]

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        claims: dict[str, Any] = {}
        if not self._keys.admit(lambda key: self._has_signed(key, form, claims)):
            said = "The assertion is not signed with a current key of the account."
            return JSONResponse({"error": "invalid_grant", "error_description": said}, 400)
        if claims.get("scope") != SCOPE:
            return JSONResponse({"error": "invalid_scope"}, 400)
        self.grants += 1
        token = f"ya29.{secrets.token_urlsafe(32)}"
        self._tokens.add(token)
        return JSONResponse({"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def _has_signed(self, key: str, form: Mapping[str, str], claims: dict[str, Any]) -> bool:
        """Return whether this key signed the form's assertion; add its claims to `claims`."""
        try:
            claims |= jwt.decode(
                form.get("assertion", ""),
                public_key(key),
                algorithms=["RS256"],
                audience=self._account["token_uri"],
                issuer=self._account["client_email"],
                options={"require": ["exp", "iat"]},
            )
        except jwt.PyJWTError:
            return False
        return True

    async def _send(self, request: Request) -> Response:
        self._admit(request)
        message = _message(await request.body())
        token = message["token"]
        fault = self._faults.take(token)
        if fault is not None and fault.mode not in {Mode.LOST_RESPONSE, Mode.SLOW}:
            return await self._fail(request, fault)
        if fault is not None and fault.mode is Mode.SLOW:
            await asyncio.sleep(SLOW_SECONDS)
        if not self._phones.of(token).registered:
            raise FcmError("Requested entity was not found.", "UNREGISTERED")
        push_id = f"projects/{self._account['project_id']}/messages/{uuid4()}"
        self._phones.accept(push_id, token, message, _ttl(message))
        if fault is not None:
            return await broken(request)
        return JSONResponse({"name": push_id})

    def _admit(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token not in self._tokens:
            raise FcmError("Request had invalid authentication credentials.", status=_NO_TOKEN)
        if request.path_params["project"] != self._account["project_id"]:
            raise FcmError("The caller may not use this project.", "SENDER_ID_MISMATCH")

    async def _fail(self, request: Request, fault: Fault) -> Response:
        if fault.mode is Mode.BROKEN:
            return await broken(request)
        if fault.mode is Mode.WITHDRAWN:
            self._tokens.clear()
            raise FcmError("Request had invalid authentication credentials.", status=_NO_TOKEN)
        planned = "The sandbox has a fault planned for this push."
        raise FcmError(planned, fault.mode, retry_after=fault.retry_after)


def _message(body: bytes) -> dict[str, Any]:
    try:
        message = json.loads(body)["message"]
        token, data = message["token"], message.get("data", {})
    except (ValueError, KeyError, TypeError):
        raise FcmError("The request has no message with a token.", "INVALID_ARGUMENT") from None
    if not isinstance(token, str) or not token:
        raise FcmError("The registration token is not valid.", "INVALID_ARGUMENT")
    if unknown := set(message) - _MEMBERS:
        raise FcmError(f"Unknown name {min(unknown)!r}.", "INVALID_ARGUMENT")
    if not all(isinstance(value, str) for value in data.values()):
        raise FcmError("`data` may hold only strings.", "INVALID_ARGUMENT")
    # The real limit counts what reaches the device, which is less.
    without = {name: value for name, value in message.items() if name != "token"}
    if len(json.dumps(without, ensure_ascii=False).encode()) > MAX_PAYLOAD:
        raise FcmError("Android message is too big.", "INVALID_ARGUMENT")
    if len(message.get("apns", {}).get("headers", {}).get("apns-collapse-id", "").encode()) > 64:  # noqa: PLR2004
        raise FcmError("apns-collapse-id is too long.", "INVALID_ARGUMENT")
    checked: dict[str, Any] = message
    return checked


def _ttl(message: Mapping[str, Any]) -> float:
    given = _DURATION.fullmatch(message.get("android", {}).get("ttl", "2419200s"))
    if given is None:
        raise FcmError("`ttl` is a duration in seconds, such as 3.5s.", "INVALID_ARGUMENT")
    return float(given[1])
