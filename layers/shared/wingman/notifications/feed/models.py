"""Models of the list of notifications."""

from datetime import datetime
from typing import Annotated, Any, NotRequired
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, StrictBool, with_config
from pydantic.config import JsonDict

from wingman.kit.typed_dict import TypedDict

_NOTIFICATION: JsonDict = {
    "id": "6f1c0f0e-0000-4000-8000-000000000011",
    "kind": "match_accepted",
    "match_id": "6f1c0f0e-0000-4000-8000-000000000003",
    "session_id": None,
    "text": "Leo said yes",
    "created_at": "2026-11-30T09:12:44.103Z",
    "read_at": None,
}


class Notification(BaseModel):
    """An event, in one line. `match_id` and `session_id` say where it leads."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NOTIFICATION]})

    id: UUID
    kind: str
    match_id: UUID | None
    session_id: UUID | None
    text: str
    created_at: datetime
    read_at: datetime | None


class NotificationPage(BaseModel):
    """A page of notifications, newest first. `unread` counts those of the whole list."""

    notifications: list[Notification]
    unread: int
    next_cursor: str | None


class ListedNotification(BaseModel):
    """A row of the list: the facts that its text is written from, and its place."""

    id: UUID
    seq: int
    kind: str
    match_id: UUID | None
    session_id: UUID | None
    facts: dict[str, Any]
    created_at: datetime
    read_at: datetime | None


class NotificationRows(BaseModel):
    """Rows of the list, and the timezone of its reader."""

    notifications: list[ListedNotification]
    unread: int
    timezone: str | None


class ReadUntil(BaseModel):
    """The newest notification that was seen."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"until": "6f1c0f0e-0000-4000-8000-000000000011"}]},
    )

    until: UUID


class PushPreferences(BaseModel):
    """The pushes that a user wants, by category.

    `message_previews`: whether a push shows words that another user wrote. Locked screens show it.
    """

    matches: bool
    messages: bool
    match_ended: bool
    sessions: bool
    message_previews: bool


@with_config(
    ConfigDict(
        extra="forbid",
        json_schema_extra={"minProperties": 1, "examples": [{"matches": False}]},
    )
)
class PushPreferencesChange(TypedDict):
    """The preferences to change; missing fields stay as they are."""

    matches: NotRequired[StrictBool]
    messages: NotRequired[StrictBool]
    match_ended: NotRequired[StrictBool]
    sessions: NotRequired[StrictBool]
    message_previews: NotRequired[StrictBool]


def _require_a_change(change: PushPreferencesChange) -> PushPreferencesChange:
    if not change:
        raise ValueError("name at least one field")
    return change


PushPreferencesChanges = Annotated[PushPreferencesChange, AfterValidator(_require_a_change)]
