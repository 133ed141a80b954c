"""POST /graphql: https://graphql.github.io/graphql-over-http/draft/.

A document that is refused calls no service, but its request is charged, as each request of REST is.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol
from uuid import UUID

from wingman.graph import service
from wingman.graph.context import Context
from wingman.graph.documents import checked, requested
from wingman.graph.errors import AnswerTooLarge, UnsupportedMediaType
from wingman.graph.settings import GraphSettings
from wingman.kit.clients.database import get_user_client
from wingman.kit.errors import (
    AccountDeleted,
    DependencyUnavailable,
    InvalidRequest,
    MethodNotAllowed,
    NoToken,
    PayloadTooLarge,
    ProblemError,
    Unauthenticated,
)
from wingman.kit.gateway import HttpRequest, respond
from wingman.kit.idempotency import IdempotencyKey
from wingman.kit.invocation import report
from wingman.kit.json_objects import json_object
from wingman.kit.limits.charging import LimitReached, Subjects, admit, buckets, charge
from wingman.kit.limits.headers import rate_limit_headers
from wingman.kit.limits.limiter import limiter
from wingman.kit.limits.limits import ANYONE, SIGNED_IN
from wingman.kit.observability import logger
from wingman.kit.presence.departures import end_presence
from wingman.kit.presence.touching import touching
from wingman.kit.refusals import record
from wingman.kit.settings import load

MEDIA_TYPE = "application/graphql-response+json"
_JSON = "application/json"
# The document, and as much again for variables.
MAX_BODY_BYTES = 64_000
# Lambda's limit is 6 MB, and counts the answer as an escaped JSON string.
_MAX_ANSWER_CHARACTERS = 2_500_000


class Visitor(Protocol):
    """The user of a token, and its session."""

    @property
    def id(self) -> UUID: ...
    @property
    def session_id(self) -> UUID: ...


_MAX_KEY = 255

Answer = dict[str, Any]


def answer(
    request: HttpRequest, verify: Callable[[str], Visitor], trusted: Mapping[str, str]
) -> Answer:
    """Answer a request; `verify` reads its token, `trusted` has documents by their ids."""
    return _Exchange(request, verify, trusted).answer()


class _Crashed(ProblemError):
    """Something went wrong on our side. Try again, or report the request id if it persists."""


class _Exchange:
    def __init__(
        self, request: HttpRequest, verify: Callable[[str], Visitor], trusted: Mapping[str, str]
    ) -> None:
        self._request, self._verify, self._trusted = request, verify, trusted
        self._visitor: Visitor | None = None
        self._charged = False

    def answer(self) -> Answer:
        try:
            return self._respond(HTTPStatus.OK, self._run())
        except ProblemError as error:
            return self._refuse(error)
        except Exception as error:  # noqa: BLE001 - the last resort of a request
            logger().exception("http.crashed", extra={"path": "/graphql"})
            report(error)
            return self._refuse(_Crashed())

    def _run(self) -> Mapping[str, Any]:
        token = self._accepted()
        visitor = self._visitor = self._verify(token)
        self._show(limiter().recall(buckets(self._subjects, SIGNED_IN)))
        settings = load(GraphSettings)
        body, only = json_object(self._request.body), settings.graphql_trusted_only
        asked = requested(body, self._trusted, trusted_only=only)
        document = checked(asked, introspection=settings.introspection)
        key = IdempotencyKey(self._idempotency_key(), asked.fingerprint)
        context = Context(visitor.id, get_user_client(token), key)
        seen = touching(visitor.id, visitor.session_id)
        self._show(service.charge(document, self._subjects, [seen], context))
        if context.refusal:
            self._request.answer_headers.update(rate_limit_headers(context.refusal.verdicts))
        result = service.run(document, asked.variables, context, self._request.request_id)
        service.settle(document, self._subjects, context, result)
        self._raise_for_all(result)
        return result.body

    def _accepted(self) -> str:
        """Return the token of a request that has the form of one."""
        if self._request.method != "POST":
            raise MethodNotAllowed(headers={"Allow": "POST"})
        if self._request.media_type != _JSON:
            raise UnsupportedMediaType
        if len(self._request.body) > MAX_BODY_BYTES:
            raise PayloadTooLarge("The body is larger than 64 kB.")
        token = self._request.bearer_token
        if token is None:
            raise NoToken
        return token

    def _idempotency_key(self) -> str | None:
        key = self._request.headers.get("idempotency-key")
        if key is not None and not 1 <= len(key) <= _MAX_KEY:
            raise InvalidRequest(
                fields={"Idempotency-Key": f"must have 1 to {_MAX_KEY} characters"}
            )
        return key

    def _raise_for_all(self, result: service.Result) -> None:
        """Raise errors that concern the whole request. Others are returned beside the data."""
        for error in result.errors:
            if isinstance(error, Unauthenticated):
                raise error
        away = [each for each in result.errors if isinstance(each, DependencyUnavailable)]
        if away and not any((result.body["data"] or {}).values()):
            raise away[0]
        for error in away:
            record(error)

    @property
    def _subjects(self) -> Subjects:
        return Subjects(self._request.ip, self._visitor.id if self._visitor else None)

    def _show(self, verdicts: Any) -> None:
        if verdicts:
            self._charged = True
            self._request.answer_headers.update(rate_limit_headers(verdicts))
            admit(verdicts)

    def _refuse(self, error: ProblemError) -> Answer:
        if not self._charged:
            error = self._charge_at_last() or error
        if isinstance(error, LimitReached):
            self._request.answer_headers.update(rate_limit_headers(error.verdicts))
        if not isinstance(error, _Crashed):
            record(error)
        if isinstance(error, AccountDeleted) and self._visitor:
            end_presence(self._visitor.id)
        self._request.answer_headers.update(error.headers)
        described = service.described(error, self._request.request_id)
        return self._respond(error.status, {"errors": [described]})

    def _charge_at_last(self) -> ProblemError | None:
        """Charge a request that ended before its limits were charged; return their refusal."""
        self._charged = True
        visitor = self._visitor
        steps = [touching(visitor.id, visitor.session_id)] if visitor else []
        try:
            verdicts = charge(self._subjects, SIGNED_IN if visitor else ANYONE, steps=steps)
        except ProblemError as refusal:
            return refusal
        self._request.answer_headers.update(rate_limit_headers(verdicts.verdicts))
        return None

    def _respond(self, status: int, body: Mapping[str, Any]) -> Answer:
        accepted = self._request.headers.get("accept", "")
        plain = _JSON in accepted and MEDIA_TYPE not in accepted
        answered = respond(self._request, status, body, _JSON if plain else MEDIA_TYPE)
        if len(answered["body"]) > _MAX_ANSWER_CHARACTERS:
            return self._refuse(AnswerTooLarge())
        return answered
