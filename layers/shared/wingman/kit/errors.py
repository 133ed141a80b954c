"""Problems a caller can be told about (RFC 9457), each with a stable code.

A subclass states `status`, `code` and `title`; its docstring is the sentence a client reads.
Domains subclass these; `kit.problems` renders them; nothing else decides a status.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar


class ProblemError(Exception):
    """Something went wrong on our side. Try again; if it stays, report the request id."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    code: ClassVar[str] = "internal_error"

    def __init__(
        self, detail: str | None = None, *, headers: Mapping[str, str] | None = None
    ) -> None:
        self.detail = detail or " ".join((type(self).__doc__ or "").split())
        self.headers = dict(headers or {})
        super().__init__(self.detail)

    @property
    def title(self) -> str:
        """The code in words."""
        return self.code.replace("_", " ").capitalize()


class MalformedJson(ProblemError):
    """The body is not valid JSON in UTF-8."""

    status = HTTPStatus.BAD_REQUEST
    code = "malformed_json"


class Unauthenticated(ProblemError):
    """Send a valid access token as `Authorization: Bearer <token>`."""

    status = HTTPStatus.UNAUTHORIZED
    code = "unauthenticated"

    # RFC 6750 section 3.1 knows one word for every token that does not hold.
    _challenge: ClassVar[str] = 'Bearer error="invalid_token"'

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": self._challenge})


class NoToken(Unauthenticated):
    """Send a valid access token as `Authorization: Bearer <token>`."""

    # The same section: no error where nobody tried.
    _challenge = "Bearer"


class TokenExpired(Unauthenticated):
    """The access token has expired. Refresh it and send the request again."""

    code = "token_expired"


class Forbidden(ProblemError):
    """This is not yours to do."""

    status = HTTPStatus.FORBIDDEN
    code = "forbidden"


class NotFound(ProblemError):
    """There is nothing here that you may see."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"


class NoSuchRoute(NotFound):
    """There is no such path in this API; GET /docs lists all of them."""


class MethodNotAllowed(ProblemError):
    """This path does not take this method; the Allow header lists those that it takes."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "method_not_allowed"


class Conflict(ProblemError):
    """The resource is not in a state that allows this."""

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
    """Too many requests. Wait for as long as Retry-After says."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "rate_limited"

    def __init__(self, retry_after: int, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": str(max(1, retry_after))})


class DependencyUnavailable(ProblemError):
    """A service we depend on does not answer. Nothing was lost; try again shortly."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "dependency_unavailable"

    def __init__(
        self,
        dependency: str,
        *,
        retry_after: int = 5,
        untouched: bool = False,
        asked_to_wait: float | None = None,
    ) -> None:
        """Name the dependency.

        `untouched`: it certainly has not done what it was asked. `asked_to_wait`: the seconds
        that it told us to wait. `retry_after` is what the client is told.
        """
        super().__init__(headers={"Retry-After": str(retry_after)})
        self.dependency = dependency
        self.untouched = untouched
        self.asked_to_wait = asked_to_wait


class DependencyRefused(DependencyUnavailable):
    """A service we depend on does not take our requests. Nothing was lost; try again later."""
