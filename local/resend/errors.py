"""Resend's errors, each with the name and status of its documentation.

https://resend.com/docs/api-reference/errors
"""

from collections.abc import Mapping

from starlette.responses import JSONResponse


class ResendError(Exception):
    """A refusal; clients decide by `status` and `name`."""

    status = 500
    name = "application_error"

    def __init__(self, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        body = {"statusCode": self.status, "name": self.name, "message": self.message}
        return JSONResponse(body, self.status, self.headers)


class ApplicationError(ResendError):
    """Something broke on the provider's side; nothing was accepted."""


class MissingApiKeyError(ResendError):
    """There is no bearer token."""

    status, name = 401, "missing_api_key"


class InvalidApiKeyError(ResendError):
    """The bearer token is not a valid key."""

    status, name = 403, "invalid_api_key"


class NotFoundError(ResendError):
    """There is no such email or path."""

    status, name = 404, "not_found"


class MethodNotAllowedError(ResendError):
    """The path exists, the method doesn't."""

    status, name = 405, "method_not_allowed"


class InvalidIdempotencyKeyError(ResendError):
    """The key is empty or longer than 256 characters."""

    status, name = 400, "invalid_idempotency_key"


class InvalidIdempotentRequestError(ResendError):
    """The key was used with another body."""

    status, name = 409, "invalid_idempotent_request"


class ConcurrentIdempotentRequestsError(ResendError):
    """The first request with this key is still in progress."""

    status, name = 409, "concurrent_idempotent_requests"


class ValidationError(ResendError):
    """A field is invalid."""

    status, name = 422, "validation_error"


class MissingRequiredFieldError(ResendError):
    """A field is missing."""

    status, name = 422, "missing_required_field"


class InvalidFromAddressError(ResendError):
    """The sender is not a valid address."""

    status, name = 422, "invalid_from_address"


class RateLimitExceededError(ResendError):
    """Too many requests in this second."""

    status, name = 429, "rate_limit_exceeded"
