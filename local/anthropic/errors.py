"""The provider's errors, each with the type and status of its documentation.

https://platform.claude.com/docs/en/api/errors
"""

from collections.abc import Mapping

from starlette.responses import JSONResponse


class AnthropicError(Exception):
    """A refusal: `status` and `type` are what clients decide by."""

    status = 500
    type = "api_error"

    def __init__(self, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        body = {"type": "error", "error": {"type": self.type, "message": self.message}}
        return JSONResponse(body, self.status, self.headers)


class InvalidRequestError(AnthropicError):
    """A field or header is missing or not what it should be."""

    status, type = 400, "invalid_request_error"


class AuthenticationError(AnthropicError):
    """There is no key, or another one."""

    status, type = 401, "authentication_error"


class NotFoundError(AnthropicError):
    """There is no such endpoint."""

    status, type = 404, "not_found_error"


class RateLimitError(AnthropicError):
    """This key has asked too much."""

    status, type = 429, "rate_limit_error"


class OverloadedError(AnthropicError):
    """All users together have asked too much."""

    status, type = 529, "overloaded_error"
