"""Errors that clients receive as problem details (RFC 9457): the docstring is their message."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, ClassVar


class ProblemError(Exception):
    """Something went wrong on our side. Try again, or report the request id if it persists."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    code: ClassVar[str] = "internal_error"
    # Why a proof of identity was refused, for the count of failed authentication.
    failed_proof: str | None = None
    # Members of the problem in addition to those that all problems have (RFC 9457, section 3.2).
    extension: Mapping[str, object] = MappingProxyType({})
    extension_schema: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType({})

    def __init__(
        self, detail: str | None = None, *, headers: Mapping[str, str] | None = None
    ) -> None:
        self.detail = detail or " ".join((type(self).__doc__ or "").split())
        self.headers = dict(headers or {})
        super().__init__(self.detail)

    @property
    def title(self) -> str:
        return self.code.replace("_", " ").capitalize()


class MalformedJson(ProblemError):
    """The body is not valid JSON in UTF-8."""

    status = HTTPStatus.BAD_REQUEST
    code = "malformed_json"


class Unauthenticated(ProblemError):
    """Send a valid access token as `Authorization: Bearer <token>`."""

    status = HTTPStatus.UNAUTHORIZED
    code = "unauthenticated"

    # RFC 6750 section 3.1 defines one error for every kind of invalid token.
    _challenge: ClassVar[str] = 'Bearer error="invalid_token"'

    failed_proof = "refused"

    def __init__(self, detail: str | None = None, *, failed_proof: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": self._challenge})
        self.failed_proof = failed_proof or self.failed_proof


class AccountDeleted(Unauthenticated):
    """The user of this token no longer exists."""


class SessionEnded(Unauthenticated):
    """The session of this token has ended. Sign in again."""

    code = "session_ended"
    failed_proof = "session_ended"


class NoToken(Unauthenticated):
    """Send a valid access token as `Authorization: Bearer <token>`."""

    # The same section: no error code if the request has no credentials.
    _challenge = "Bearer"
    failed_proof = "missing"


class TokenExpired(Unauthenticated):
    """The access token has expired. Refresh it and send the request again."""

    code = "token_expired"
    failed_proof = "expired"


class Forbidden(ProblemError):
    """You are not allowed to do this."""

    status = HTTPStatus.FORBIDDEN
    code = "forbidden"


class NotFound(ProblemError):
    """The resource does not exist, or you are not allowed to see it."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"


class NoSuchRoute(NotFound):
    """This API has no such path; GET /docs lists all paths."""


class MethodNotAllowed(ProblemError):
    """This path does not support this method; the Allow header lists the supported ones."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "method_not_allowed"


class Conflict(ProblemError):
    """The current state of the resource does not allow this."""

    status = HTTPStatus.CONFLICT
    code = "conflict"


class IdempotencyKeyReused(Conflict):
    """This Idempotency-Key was used with another request. Use a new key for a new request."""

    code = "idempotency_key_reused"


class PayloadTooLarge(ProblemError):
    """The body is larger than 2 MB."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "payload_too_large"


class InvalidRequest(ProblemError):
    """Some fields are not valid; see `errors`."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "invalid_request"

    def __init__(
        self, detail: str | None = None, *, fields: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.fields = dict(fields or {})


class RateLimited(ProblemError):
    """You sent too many requests. Wait as long as the Retry-After header says."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "rate_limited"

    def __init__(self, retry_after: int, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": str(max(1, retry_after))})


class DependencyUnavailable(ProblemError):
    """A service that we depend on does not answer. Nothing was lost; try again shortly."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "dependency_unavailable"

    def __init__(
        self,
        dependency: str,
        *,
        retry_after: int = 5,
        not_executed: bool = False,
        asked_to_wait: float | None = None,
    ) -> None:
        """Name the dependency.

        `not_executed`: the dependency certainly did not act on the call. `asked_to_wait`: the
        seconds of the dependency's own Retry-After. `retry_after`: the seconds sent to the client.
        """
        super().__init__(headers={"Retry-After": str(retry_after)})
        self.dependency = dependency
        self.not_executed = not_executed
        self.asked_to_wait = asked_to_wait


class CallTimedOut(DependencyUnavailable):
    """This took too long. Nothing was lost; try again shortly."""


class DependencyRefused(DependencyUnavailable):
    """A service that we depend on rejects our requests. Nothing was lost; try again later."""
