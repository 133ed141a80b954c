"""The provider's errors, each with the type and status of its documentation.

https://platform.claude.com/docs/en/api/errors
"""

from collections.abc import Mapping

from starlette.responses import JSONResponse


class AnthropicError(Exception):
    """A refusal; clients decide by `status` and `type`."""

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
    """A field or header is missing or invalid."""

    status, type = 400, "invalid_request_error"


class AuthenticationError(AnthropicError):
    """The key is missing or wrong."""

    status, type = 401, "authentication_error"


class NotFoundError(AnthropicError):
    """There is no such endpoint."""

    status, type = 404, "not_found_error"


class RateLimitError(AnthropicError):
    """Too many requests with this key."""

    status, type = 429, "rate_limit_error"


class OverloadedError(AnthropicError):
    """The provider has too many requests from all its users."""

    status, type = 529, "overloaded_error"
