"""Models of matches."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.config import JsonDict

from wingman.kit.text import MultiLineText, SingleLineText
from wingman.notifications.models import Due
from wingman.profiles.models import Partner
from wingman.realtime.models import EndedMatch


class MatchOrigin(StrEnum):
    """The reason of a match: an accepted invitation, or likes of both."""

    INVITATION = "invitation"
    MUTUAL_LIKE = "mutual_like"


class MatchStatus(StrEnum):
    """The status of a match; only `pending` and `accepted` can change."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class Action(StrEnum):
    """The answers to an invitation."""

    ACCEPT = "accept"
    DECLINE = "decline"


class Answer(BaseModel):
    """An answer to an invitation. The inviter reads the reason to decline."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"action": "accept"},
                {"action": "decline", "reason": "I am away until Monday."},
            ]
        },
    )

    action: Action
    reason: Annotated[MultiLineText, StringConstraints(max_length=500)] | None = None


_MAYA, _LEO = "6f1c0f0e-0000-4000-8000-00000000000a", "6f1c0f0e-0000-4000-8000-00000000000b"
_INVITATION: JsonDict = {
    "invitee_id": _LEO,
    "venue_suggestion": "Café Central",
    "note": "Coffee on Saturday?",
}


class Match(BaseModel):
    """Two users, one of whom (`initiator_id`, always `user1_id`) invited the other or liked first.

    A match of a mutual like is accepted from the start, so it has no `expires_at`.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "6f1c0f0e-0000-4000-8000-000000000001",
                    "user1_id": _MAYA,
                    "user2_id": _LEO,
                    "initiator_id": _MAYA,
                    "origin": "invitation",
                    "status": "pending",
                    "venue_suggestion": _INVITATION["venue_suggestion"],
                    "note": _INVITATION["note"],
                    "created_at": "2026-11-30T09:12:44.103Z",
                    "responded_at": None,
                    "expires_at": "2026-12-02T09:12:44.103Z",
                    "ended_at": None,
                }
            ]
        }
    )

    id: UUID
    user1_id: UUID
    user2_id: UUID
    initiator_id: UUID
    origin: MatchOrigin
    status: MatchStatus
    venue_suggestion: str | None
    note: str | None
    created_at: datetime
    responded_at: datetime | None
    expires_at: datetime | None
    ended_at: datetime | None
    partner: Partner


class Invitation(BaseModel):
    """The invited user, a suggested venue and a note."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_INVITATION]})

    invitee_id: UUID
    venue_suggestion: Annotated[SingleLineText, StringConstraints(max_length=200)] | None = None
    note: Annotated[MultiLineText, StringConstraints(max_length=500)] | None = None


class MatchPage(BaseModel):
    """A page of a user's matches, newest first; `next_cursor` leads to older ones."""

    matches: list[Match]
    next_cursor: str | None


class MatchChange(BaseModel):
    """The match after a step, what is due now, and whose reputation may have changed.

    `views`: a new match as each of its users sees it. `ended_match`: set if the step ended it.
    """

    match: Match
    due: list[Due]
    changed_users: list[UUID] = []
    views: dict[UUID, Match] = {}
    ended_match: EndedMatch | None = None
    replayed: bool = False
