"""Playgrounds, and what the caller is notified of and where."""

from datetime import datetime
from uuid import UUID

import strawberry

from wingman.graph.connections import Connection
from wingman.graph.types.people import Distance
from wingman.notifications.devices.models import Platform

strawberry.enum(Platform)


@strawberry.type
class Playground:
    """A playground. `mine`: the caller has added it. `favourite`: the caller goes there."""

    id: UUID
    name: str
    latitude: float
    longitude: float
    description: str
    mine: bool
    favourite: bool
    distance: Distance | None
    created_at: datetime


@strawberry.type
class Notification:
    """An event, in one line. `matchId` and `sessionId` say where it leads."""

    id: UUID
    kind: str
    match_id: UUID | None
    session_id: UUID | None
    text: str
    created_at: datetime
    read_at: datetime | None


@strawberry.type
class NotificationConnection(Connection[Notification]):
    """Notifications, newest first. `unread` counts those of the whole list."""

    unread: int


@strawberry.type
class PushPreferences:
    """The pushes that a user wants, and whether they show words that another user wrote."""

    matches: bool
    messages: bool
    match_ended: bool
    sessions: bool
    message_previews: bool


@strawberry.type
class Device:
    """A device that gets pushes. `current`: it was registered in the session of this request."""

    id: UUID
    platform: Platform
    current: bool
    registered_at: datetime
