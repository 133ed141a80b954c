"""Sessions in Postgres: each step is one SQL function of supabase/schemas."""

from functools import partial
from uuid import UUID

from pydantic import TypeAdapter

from wingman.kit.clients.database import Database, Refusals, call, refused_field
from wingman.kit.errors import AccountDeleted, IdempotencyKeyReused
from wingman.kit.idempotency import IdempotencyKey
from wingman.kit.paging import Page
from wingman.sessions import errors
from wingman.sessions.models import (
    Change,
    ClosedSession,
    Feedback,
    FeedbackChange,
    FeedbackQuestion,
    GivenFeedback,
    Plan,
    Session,
    SessionChange,
    SessionEvent,
    SessionStatus,
)

# Every SQLSTATE that the session functions raise; a test compares them with supabase/schemas.
REFUSALS: Refusals = {
    "WA001": lambda _: AccountDeleted(),
    "WA002": lambda _: IdempotencyKeyReused(),
    "WA003": refused_field,
    "WC001": lambda _: errors.ChallengeNotFound(),
    "WM002": lambda _: errors.MatchNotFound(),
    "WN010": lambda error: errors.DailyEmailLimit(retry_after=int(error.detail or 1)),
    "WS001": lambda _: errors.SessionNotFound(),
    "WS002": lambda _: errors.MatchNotAccepted(),
    "WS003": lambda _: errors.SessionAlreadyOpen(),
    "WS004": lambda _: errors.SessionNotOpen(),
    "WS005": lambda _: errors.SessionNotStarted(),
    "WS006": lambda _: errors.SessionNotOpen(
        "The session has begun: only its notes can change now."
    ),
    "WS007": lambda _: errors.SessionAlreadyAnswered(),
    "WS008": lambda _: errors.NoShowTooEarly(),
    "WS009": lambda _: errors.NoShowTooLate(),
    "WS010": lambda error: errors.InvalidTime(int(error.detail or 0)),
    "WS011": lambda error: errors.DailyPlanLimit(retry_after=int(error.detail or 1)),
    "WS012": lambda _: errors.SessionNotOver(),
    "WS013": lambda _: errors.FeedbackAlreadyGiven(),
}
_call = partial(call, REFUSALS)

_CLOSED = TypeAdapter(list[ClosedSession])


def create(database: Database, plan: Plan, key: IdempotencyKey) -> SessionChange:
    """Record a meeting with emails and reminders, or return the first answer for `key`."""
    answer = _call(
        database,
        "create_session",
        idempotent=key.key is not None,
        p_match_id=str(plan.match_id),
        p_venue_name=plan.venue_name,
        p_scheduled_time=plan.scheduled_time.isoformat(),
        p_user1_challenge_id=_text(plan.user1_challenge_id),
        p_user2_challenge_id=_text(plan.user2_challenge_id),
        p_notes=plan.notes,
        p_idempotency_key=key.key,
        p_request_hash=key.request_hash,
    )
    return SessionChange.model_validate(answer)


def update(database: Database, session_id: UUID, change: Change) -> SessionChange:
    answer = _call(
        database,
        "update_session",
        idempotent=False,
        p_session_id=str(session_id),
        p_venue_name=change.get("venue_name"),
        p_scheduled_time=moved.isoformat() if (moved := change.get("scheduled_time")) else None,
        p_notes=change.get("notes"),
        p_changes=sorted(change),
    )
    return SessionChange.model_validate(answer)


def cancel(database: Database, session_id: UUID, reason: str | None) -> SessionChange:
    answer = _call(
        database, "cancel_session", idempotent=False, p_session_id=str(session_id), p_reason=reason
    )
    return SessionChange.model_validate(answer)


def confirm(database: Database, session_id: UUID) -> SessionChange:
    return SessionChange.model_validate(
        _call(database, "confirm_session", idempotent=False, p_session_id=str(session_id))
    )


def report_no_show(database: Database, session_id: UUID) -> SessionChange:
    return SessionChange.model_validate(
        _call(database, "report_no_show", idempotent=False, p_session_id=str(session_id))
    )


def get(database: Database, session_id: UUID) -> Session:
    return Session.model_validate(
        _call(database, "get_session", idempotent=True, p_session_id=str(session_id))
    )


def event(database: Database, session_id: UUID) -> SessionEvent:
    return SessionEvent.model_validate(
        _call(database, "get_session_event", idempotent=True, p_session_id=str(session_id))
    )


def event_of(database: Database, session_id: UUID, user_id: UUID) -> SessionEvent:
    """Read the event of one of the session's users; only for service_role."""
    params = {"p_session_id": str(session_id), "p_user_id": str(user_id)}
    return SessionEvent.model_validate(
        _call(database, "get_session_event_of", idempotent=True, **params)
    )


def give_feedback(database: Database, session_id: UUID, feedback: Feedback) -> FeedbackChange:
    said = {"p_rating": feedback.get("rating"), "p_text": feedback.get("text")}
    return FeedbackChange.model_validate(
        _call(database, "give_feedback", idempotent=True, p_session_id=str(session_id), **said)
    )


def give_feedback_of(
    database: Database, session_id: UUID, user_id: UUID, feedback: Feedback
) -> FeedbackChange:
    """Record the feedback of one of the session's users; only for service_role."""
    said = {"p_rating": feedback.get("rating"), "p_text": feedback.get("text")}
    params = {"p_session_id": str(session_id), "p_user_id": str(user_id)}
    return FeedbackChange.model_validate(
        _call(database, "give_feedback_of", idempotent=True, **params, **said)
    )


def feedback(database: Database, session_id: UUID) -> GivenFeedback | None:
    found = _call(database, "get_feedback", idempotent=True, p_session_id=str(session_id))
    return GivenFeedback.model_validate(found) if found else None


def feedback_question_of(database: Database, session_id: UUID, user_id: UUID) -> FeedbackQuestion:
    """Read the facts of the page that asks for feedback; only for service_role."""
    params = {"p_session_id": str(session_id), "p_user_id": str(user_id)}
    return FeedbackQuestion.model_validate(
        _call(database, "get_feedback_question_of", idempotent=True, **params)
    )


def list_sessions(database: Database, status: SessionStatus | None, page: Page) -> list[Session]:
    """Read the caller's sessions, newest first, and one more than the page holds."""
    rows = _call(
        database,
        "list_sessions",
        idempotent=True,
        p_status=status,
        **page.parameters,
    )
    return [Session.model_validate(row) for row in rows]


def close_overdue(database: Database, limit: int) -> list[ClosedSession]:
    """Close at most `limit` sessions a day after their start."""
    return _CLOSED.validate_python(
        _call(database, "close_overdue_sessions", idempotent=False, p_limit=limit)
    )


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None
