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


class MatchStatus(StrEnum):
    """The status of an invitation; only `pending` can change."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


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
    """Two users, one of whom (`initiator_id`, always `user1_id`) invited the other."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "6f1c0f0e-0000-4000-8000-000000000001",
                    "user1_id": _MAYA,
                    "user2_id": _LEO,
                    "initiator_id": _MAYA,
                    "status": "pending",
                    "venue_suggestion": _INVITATION["venue_suggestion"],
                    "note": _INVITATION["note"],
                    "created_at": "2026-11-30T09:12:44.103Z",
                    "responded_at": None,
                    "expires_at": "2026-12-02T09:12:44.103Z",
                }
            ]
        }
    )

    id: UUID
    user1_id: UUID
    user2_id: UUID
    initiator_id: UUID
    status: MatchStatus
    venue_suggestion: str | None
    note: str | None
    created_at: datetime
    responded_at: datetime | None
    expires_at: datetime
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
    """The result of a step: the match after it, and the recorded emails that are due now."""

    match: Match
    due: list[Due]
    replayed: bool = False
