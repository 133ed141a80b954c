"""What a match is, on the wire and in the code."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from wingman.kit.text import MultiLineText, SingleLineText
from wingman.notifications.models import EmailRef


class MatchStatus(StrEnum):
    """Where an invitation stands. `pending` is the only state that can change."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    """How an invitation can be answered."""

    ACCEPT = "accept"
    DECLINE = "decline"


class Match(BaseModel):
    """Two users, one of whom (`initiator_id`, always `user1_id`) invited the other."""

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


class Invitation(BaseModel):
    """Whom to invite, where to and why."""

    model_config = ConfigDict(extra="forbid")

    invitee_id: UUID
    venue_suggestion: Annotated[SingleLineText, StringConstraints(max_length=200)] | None = None
    note: Annotated[MultiLineText, StringConstraints(max_length=500)] | None = None


class MatchPage(BaseModel):
    """Some of a user's matches, newest first; `next_cursor` leads to the older ones."""

    matches: list[Match]
    next_cursor: str | None


class MatchChange(BaseModel):
    """What a step did: the match after it, and the mails it recorded that are due now."""

    match: Match
    emails: list[EmailRef]
    replayed: bool = False
