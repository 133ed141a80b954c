"""Feedback on a session that is over; each of its two users gives it once."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from wingman.kit.clients.database import Database
from wingman.kit.errors import InvalidRequest
from wingman.kit.observability import logger
from wingman.sessions import repository
from wingman.sessions.errors import NoFeedback
from wingman.sessions.models import (
    Answer,
    Feedback,
    FeedbackChange,
    FeedbackQuestion,
    GivenFeedback,
)

_FORM: TypeAdapter[Feedback] = TypeAdapter(Answer)
FORM: Mapping[str, Any] = {
    "type": "object",
    "title": "FeedbackForm",
    "description": "A rating, a text, or both.",
    "properties": {
        "rating": {"type": "string", "enum": ["", "1", "2", "3", "4", "5"]},
        "text": {"type": "string", "maxLength": 2000},
    },
}
"""The OpenAPI schema of the form of the feedback page."""


def of_form(fields: Mapping[str, Any]) -> Feedback:
    """Parse the form of the feedback page, whose fields may be empty. Raises InvalidRequest."""
    said = {name: fields[name] for name in ("rating", "text") if str(fields.get(name, "")).strip()}
    try:
        return _FORM.validate_python(said)
    except ValidationError:
        raise InvalidRequest("choose a rating, or write up to 2000 characters") from None


def give(database: Database, session_id: UUID, feedback: Feedback) -> FeedbackChange:
    """Record feedback; the same again returns the first answer."""
    return _given(repository.give_feedback(database, session_id, feedback))


def give_by_link(
    database: Database, session_id: UUID, user_id: UUID, feedback: Feedback
) -> FeedbackChange:
    return _given(repository.give_feedback_of(database, session_id, user_id, feedback))


def get(database: Database, session_id: UUID) -> GivenFeedback:
    """Raise NoFeedback before the caller has given any."""
    found = repository.feedback(database, session_id)
    if found is None:
        raise NoFeedback
    return found


def question(database: Database, session_id: UUID, user_id: UUID) -> FeedbackQuestion:
    return repository.feedback_question_of(database, session_id, user_id)


def _given(change: FeedbackChange) -> FeedbackChange:
    facts = {"session_id": str(change.feedback.session_id), "replayed": change.replayed}
    logger().info("session.feedback_given", extra=facts)
    return change
