"""Notifications that are due, on any channel."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

MAX_BATCH = 100
"""Emails per request to the provider, and ids per queue message."""


class Frozen(BaseModel):
    # A batch has few kinds of notification; building the models of all takes time.
    model_config = ConfigDict(frozen=True, defer_build=True)


class Priority(StrEnum):
    """The lane of an email."""

    URGENT = "urgent"
    BULK = "bulk"


class Channel(StrEnum):
    EMAIL = "email"
    PUSH = "push"


class Due(Frozen):
    """A recorded notification, with the facts needed to enqueue it. It is due `in_seconds`."""

    channel: Channel = Channel.EMAIL
    id: UUID
    priority: Priority
    in_seconds: Annotated[int, Field(ge=0, le=900)] = 0


class EmailIds(Frozen):
    """The body of a queue message."""

    email_ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)]
