"""The email preferences of a reader."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, NotRequired
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    with_config,
)

from wingman.kit.clients.database import Database
from wingman.kit.observability import logger
from wingman.kit.timezones import Timezone
from wingman.kit.typed_dict import TypedDict
from wingman.notifications.email.errors import ReaderNotFound
from wingman.notifications.email.letters.links import Link
from wingman.notifications.email.models import Category, Frequency
from wingman.notifications.email.readers import repository

CLOCK_TIME = r"^([01]\d|2[0-3]):[0-5]\d$"
ClockTime = Annotated[str, StringConstraints(pattern=CLOCK_TIME)]


MessageWait = Annotated[StrictInt, Field(ge=15, le=2880)]


class QuietHours(BaseModel):
    """Hours without bulk emails, by the reader's clock, over midnight if the end is earlier.

    At most 23 hours. Equal times are refused; send null for no quiet hours.
    """

    model_config = ConfigDict(extra="forbid")

    start: ClockTime = Field(examples=["22:00"])
    end: ClockTime = Field(examples=["07:00"])


class EmailPreferences(BaseModel):
    """The preferences of a reader; `updated_at` is null until they change one.

    `message_wait_minutes`: how long a message is unread until it causes an email of `messages`.
    """

    user_id: UUID
    match_notifications: bool
    session_reminders: bool
    feedback_requests: bool
    messages: bool
    marketing_emails: bool
    email_frequency: Frequency
    message_wait_minutes: int
    timezone: str
    quiet_hours: QuietHours | None
    updated_at: datetime | None


@with_config(ConfigDict(extra="forbid"))
class PreferenceChanges(TypedDict):
    """Changes to preferences; a missing field stays as it is."""

    match_notifications: NotRequired[StrictBool]
    session_reminders: NotRequired[StrictBool]
    feedback_requests: NotRequired[StrictBool]
    messages: NotRequired[StrictBool]
    marketing_emails: NotRequired[StrictBool]
    email_frequency: NotRequired[Frequency]
    message_wait_minutes: NotRequired[MessageWait]
    timezone: NotRequired[Timezone]
    quiet_hours: NotRequired[QuietHours | None]


def get(database: Database) -> EmailPreferences:
    return EmailPreferences.model_validate(repository.preferences(database))


def change(database: Database, changes: PreferenceChanges) -> EmailPreferences:
    changed = repository.change_preferences(database, _columns(changes))
    _log(changes)
    return EmailPreferences.model_validate(changed)


def get_by_link(database: Database, link: Link) -> EmailPreferences:
    """Raise ReaderNotFound for a deleted account."""
    found = repository.preferences_of(database, link.user_id)
    if found is None:
        raise ReaderNotFound
    return EmailPreferences.model_validate(found)


def change_by_link(database: Database, link: Link, changes: PreferenceChanges) -> EmailPreferences:
    """Turn categories off for a link's reader, never on. Raises InvalidRequest, ReaderNotFound."""
    changed = repository.change_preferences_of(database, link.user_id, _columns(changes))
    _log(changes)
    return EmailPreferences.model_validate(changed)


def unsubscribe(database: Database, link: Link, category: Category) -> None:
    """Turn off a category; also succeeds for a deleted account, which gets no emails."""
    try:
        change_by_link(database, link, {category.value: False})  # type: ignore[misc]
    except ReaderNotFound:
        logger().info("emails.unsubscribed_nobody")


def _columns(changes: PreferenceChanges) -> Mapping[str, object]:
    columns: dict[str, object] = {**changes}
    if "quiet_hours" in changes:
        quiet = columns.pop("quiet_hours")
        start, end = (quiet.start, quiet.end) if isinstance(quiet, QuietHours) else (None, None)
        columns |= {"quiet_hours_start": start, "quiet_hours_end": end}
    return columns


def _log(changes: PreferenceChanges) -> None:
    off = [category for category in Category if changes.get(category) is False]
    logger().info("emails.preferences_changed", extra={"fields": sorted(changes), "off": off})
