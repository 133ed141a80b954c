"""Models of sessions."""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, NotRequired
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    with_config,
)
from pydantic.config import JsonDict

from wingman.kit.text import FILLED_LINE, FILLED_LINES, MultiLineText, SingleLineText
from wingman.kit.typed_dict import TypedDict
from wingman.notifications.models import Due
from wingman.profiles.models import Partner

_PLAN_EXAMPLE: JsonDict = {
    "match_id": "6f1c0f0e-0000-4000-8000-000000000001",
    "venue_name": "Café Central",
    "scheduled_time": "2026-12-05T18:30:00+01:00",
    "user1_challenge_id": "16bc367e-3be9-5f1d-97f4-8027d197f576",
    "user2_challenge_id": "16bc367e-3be9-5f1d-97f4-8027d197f576",
    "notes": "I wear a red scarf.",
}


class SessionStatus(StrEnum):
    """The status of a meeting, which is open while `scheduled` or `in_progress`."""

    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    EXPIRED = "expired"


class Session(BaseModel):
    """A meeting of the two users of a match; user1 is the initiator of the match."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                _PLAN_EXAMPLE
                | {
                    "id": "6f1c0f0e-0000-4000-8000-000000000002",
                    "scheduled_time": "2026-12-05T17:30:00Z",
                    "status": "scheduled",
                    "user1_completed_confirmed_by_user2": False,
                    "user2_completed_confirmed_by_user1": False,
                    "no_show_user_ids": [],
                    "cancelled_by": None,
                    "cancel_reason": None,
                    "completed_at": None,
                    "created_at": "2026-11-30T09:12:44.103Z",
                    "updated_at": "2026-11-30T09:12:44.103Z",
                    "partner": {
                        "user_id": "6f1c0f0e-0000-4000-8000-000000000003",
                        "name": "Leo",
                        "photo_url": None,
                    },
                }
            ]
        }
    )

    id: UUID
    match_id: UUID
    venue_name: str
    scheduled_time: datetime
    status: SessionStatus
    user1_challenge_id: UUID | None
    user2_challenge_id: UUID | None
    user1_completed_confirmed_by_user2: bool
    user2_completed_confirmed_by_user1: bool
    no_show_user_ids: list[UUID]
    cancelled_by: UUID | None
    cancel_reason: str | None
    notes: str | None
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    partner: Partner


_RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}")


def _rfc_3339(value: Any) -> Any:
    """Accept only RFC 3339 text; pydantic would also accept a number, as seconds in UTC."""
    if not isinstance(value, str) or not _RFC_3339.match(value):
        raise ValueError("must be a date and time with an offset, like 2026-12-05T18:30:00+01:00")
    return value


def _in_utc(moment: datetime) -> datetime:
    """Convert to UTC; Postgres cannot store a time whose year in UTC is out of range."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be within the years 1 to 9999") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_rfc_3339), AfterValidator(_in_utc)]
VenueName = Annotated[
    SingleLineText,
    StringConstraints(min_length=1, max_length=200),
    FILLED_LINE,
    Field(examples=["Café Central"]),
]
Notes = Annotated[MultiLineText, StringConstraints(max_length=2000)]
Reason = Annotated[MultiLineText, StringConstraints(max_length=500)]


class Plan(BaseModel):
    """The time and place of a meeting, and a challenge for each user."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_PLAN_EXAMPLE]})

    match_id: UUID
    venue_name: VenueName
    scheduled_time: Moment
    user1_challenge_id: UUID | None = None
    user2_challenge_id: UUID | None = None
    notes: Notes | None = None


@with_config(
    ConfigDict(
        extra="forbid",
        json_schema_extra={
            "minProperties": 1,
            "examples": [{"scheduled_time": "2026-12-06T11:00:00+01:00"}],
        },
    )
)
class Change(TypedDict):
    """The fields to change; missing fields stay as they are. `notes: null` clears the notes."""

    venue_name: NotRequired[VenueName]
    scheduled_time: NotRequired[Moment]
    notes: NotRequired[Notes | None]


def _require_a_change(change: Change) -> Change:
    if not change:
        raise ValueError("name at least one of venue_name, scheduled_time and notes")
    return change


Changes = Annotated[Change, AfterValidator(_require_a_change)]
EMAILED: Collection[str] = frozenset({"venue_name", "scheduled_time"})
"""The fields of a change about which both users get an email."""


class Cancellation(BaseModel):
    """The reason of a cancellation, which the other user reads."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "I caught a cold."}]}
    )

    reason: Reason | None = None


@with_config(
    ConfigDict(
        extra="forbid",
        json_schema_extra={
            "minProperties": 1,
            "examples": [{"rating": 5, "text": "We laughed a lot."}],
        },
    )
)
class Feedback(TypedDict):
    """How a meeting was: a rating, a text, or both."""

    rating: NotRequired[Annotated[int, Field(ge=1, le=5)]]
    text: NotRequired[
        Annotated[MultiLineText, StringConstraints(min_length=1, max_length=2000), FILLED_LINES]
    ]


def _require_feedback(feedback: Feedback) -> Feedback:
    if not feedback:
        raise ValueError("give a rating, a text, or both")
    return feedback


Answer = Annotated[Feedback, AfterValidator(_require_feedback)]


class GivenFeedback(BaseModel):
    """The feedback that the caller has given on a session."""

    session_id: UUID
    rating: int | None
    text: str | None
    created_at: datetime


class FeedbackChange(BaseModel):
    """The result of giving feedback; `replayed` if the same was given before."""

    feedback: GivenFeedback
    replayed: bool


class FeedbackQuestion(BaseModel):
    """The facts of the page that asks for feedback."""

    partner_name: str
    answered: bool


class SessionPage(BaseModel):
    """A page of a user's sessions, newest first; `next_cursor` leads to older ones."""

    sessions: list[Session]
    next_cursor: str | None


class SessionChange(BaseModel):
    """The result of a step: the session, the emails due now, the users whose reputation changed."""

    session: Session
    due: list[Due]
    changed_users: list[UUID]
    replayed: bool = False


class SessionEvent(BaseModel):
    """A session as a calendar shows it; `sequence` counts the revisions of the plan."""

    session: Session
    sequence: int
    partner_name: str


class ClosedSession(BaseModel):
    """A session that was closed automatically, and the users whose reputation changed."""

    session_id: UUID
    users: list[UUID]
