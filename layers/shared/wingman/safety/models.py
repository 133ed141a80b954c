"""Models of blocks and reports."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from wingman.kit.text import MultiLineText
from wingman.notifications.models import Due
from wingman.realtime.models import EndedMatch

_LEO = "0d5a8a3e-6d0b-4f63-9c57-0e6c1d2f9b11"


class Block(BaseModel):
    """A user whom the caller has blocked."""

    user_id: UUID
    blocked_at: datetime

    @property
    def id(self) -> UUID:
        return self.user_id

    @property
    def created_at(self) -> datetime:
        return self.blocked_at


class BlockPage(BaseModel):
    """A page of the caller's blocks, newest first; `next_cursor` leads to older ones."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "blocks": [{"user_id": _LEO, "blocked_at": "2026-12-01T12:00:00.000Z"}],
                    "next_cursor": None,
                }
            ]
        }
    )

    blocks: list[Block]
    next_cursor: str | None


class BlockChange(BaseModel):
    """The users whose reputations now exist for others than before, and what is due now.

    `ended_match`: the match that a block ended, if it did.
    """

    changed_users: list[UUID]
    due: list[Due]
    ended_match: EndedMatch | None = None


class Reason(StrEnum):
    """The kind of misconduct that is reported."""

    SPAM = "spam"
    HARASSMENT = "harassment"
    FAKE = "fake"
    UNDERAGE = "underage"
    NUDITY = "nudity"
    OTHER = "other"


class NewReport(BaseModel):
    """A user to report and why, in words, with a message or photo of theirs."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"user_id": _LEO, "reason": "spam", "details": "Sells dog food."}]
        },
    )

    user_id: UUID
    reason: Reason
    details: Annotated[MultiLineText, StringConstraints(max_length=1000)] | None = None
    message_id: UUID | None = None
    photo_id: UUID | None = None


class Report(BaseModel):
    """A report that waits for an operator."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "6f1c1a52-3a0f-4a35-8a35-5d3c0b8f3e10",
                    "created_at": "2026-12-01T12:00:00.000Z",
                }
            ]
        }
    )

    id: UUID
    created_at: datetime


class Standing(BaseModel):
    """How a reported user stands, for an operator. `weight`: trustworthy reports that wait."""

    user_id: UUID
    hidden_by: str | None
    banned: bool
    open_reports: int
    weight: int


class WaitingReport(Standing):
    """A report in the operator's list."""

    id: UUID
    reason: Reason
    counts: bool
    created_at: datetime


class WholeReport(WaitingReport):
    """A report with everything that an operator may read about it."""

    reporter_id: UUID | None
    details: str | None
    message_id: UUID | None
    evidence: dict[str, Any]
    decision: str | None
    decided_at: datetime | None
    profile: dict[str, Any] | None
    matches: list[dict[str, Any]]
    messages: list[dict[str, Any]]
