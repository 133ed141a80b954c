"""A claimed push, and its outcome."""

from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from wingman.notifications.devices.models import Platform
from wingman.notifications.models import Frozen


class PushIds(Frozen):
    """The body of a queue message."""

    push_ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)]


class Target(Frozen):
    """A device, and the address of the app on it."""

    id: UUID
    platform: Platform
    token: Annotated[str, Field(repr=False)]


class ClaimedPush(Frozen):
    """A push that this worker holds under a lease, with current facts about its reader.

    `wanted`: the reader wants pushes of its category. `previews`: they may show words that another
    user wrote. `holds`: its content is still true. `seen`: the reader has read it, or a newer one
    says the same. `badge`: how many notifications are unread. `has_been_sent`: an earlier attempt
    reached some devices, which are not among `devices`. `request_id`: the request or schedule that
    recorded it.
    """

    id: UUID
    user_id: UUID
    kind: str
    facts: dict[str, Any]
    match_id: UUID | None
    subject_id: UUID | None
    recorded_at: AwareDatetime
    request_id: str | None = None
    retry_count: int
    timezone: str | None
    can_wait: bool
    quiet_hours_start: time | None
    quiet_hours_end: time | None
    wanted: bool
    previews: bool
    holds: bool
    seen: bool
    badge: int
    devices: tuple[Target, ...]
    has_been_sent: bool


class Claim(Frozen):
    """Pushes under one lease."""

    lease_token: UUID
    pushes: tuple[ClaimedPush, ...]


class Outcome(StrEnum):
    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"
    RETRY = "retry"


class PushResult(Frozen):
    """One line of `complete_pushes`; `counts` is false if the push only waited."""

    id: UUID
    outcome: Outcome
    reason: str | None = None
    retry_at: datetime | None = None
    counts: bool = False
    sent_to: tuple[UUID, ...] = ()


class DeadToken(Frozen):
    """A token that the provider no longer knows."""

    user_id: UUID
    device_id: UUID
    token: Annotated[str, Field(repr=False)]
