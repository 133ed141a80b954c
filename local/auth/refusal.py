"""Refusals, in the two shapes that Supabase Auth gives them.

https://supabase.com/docs/guides/auth/debugging/error-codes
"""

from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

VERSION_HEADER = "x-supabase-api-version"
_NAMES_CODES = "2024-01-01"


class Refusal(Exception):
    """The answer to a failed request; clients decide by `status` and `code`."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.more = more

    def response(self, version: str | None) -> JSONResponse:
        """Return the answer in the shape of the client's API `version`."""
        if version and version >= _NAMES_CODES:
            body: dict[str, Any] = {"code": self.code, "message": str(self)}
            return JSONResponse(body | self.more, self.status, {VERSION_HEADER: _NAMES_CODES})
        body = {"code": self.status, "error_code": self.code, "msg": str(self)}
        return JSONResponse(body | self.more, self.status)


class LastingRefusal(Refusal):
    """A refusal that commits the changes made before it."""


def invalid(message: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, "validation_failed", message)


def wrong_credentials() -> Refusal:
    code, message = "invalid_credentials", "Invalid login credentials"
    return Refusal(HTTPStatus.BAD_REQUEST, code, message)


def weak(reason: str, message: str) -> Refusal:
    found = {"reasons": [reason], "message": message}
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return Refusal(status, "weak_password", message, weak_password=found)


def expired(message: str = "Email link is invalid or has expired") -> Refusal:
    return Refusal(HTTPStatus.FORBIDDEN, "otp_expired", message)


def too_soon(seconds: int) -> Refusal:
    message = f"For security purposes, you can only request this after {seconds} seconds."
    return Refusal(HTTPStatus.TOO_MANY_REQUESTS, "over_email_send_rate_limit", message)


def address_taken() -> Refusal:
    message = "A user with this email address has already been registered"
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "email_exists", message)


def failed(message: str) -> Refusal:
    return Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "unexpected_failure", message)
