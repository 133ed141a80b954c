"""The inputs of the schema. The models of REST check them, with the same messages."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, cast
from uuid import UUID

import strawberry
from pydantic import TypeAdapter, ValidationError

from wingman.kit.errors import InvalidRequest
from wingman.matches.models import Action
from wingman.notifications.devices.models import Platform
from wingman.profiles.dogs.models import ActivityLevel, DistanceUnit
from wingman.safety.models import Reason

for _enum in (Action, Platform):
    strawberry.enum(_enum)
strawberry.enum(Reason, name="ReportReason")


@strawberry.input
class Near:
    """A place to search around."""

    latitude: float
    longitude: float
    radius: float | None = None
    unit: DistanceUnit | None = None


@strawberry.input
class PromptInput:
    """A question that you have chosen, and the answer."""

    question: str
    answer: str


@strawberry.input
class ProfileInput:
    """The whole profile; a field that is missing gets its default."""

    display_name: str
    age: int
    bio: str = ""
    activity_level: ActivityLevel = ActivityLevel.MEDIUM
    prompts: list[PromptInput] = strawberry.field(default_factory=list)


@strawberry.input
class ProfileChanges:
    """The fields to change; missing fields stay as they are."""

    display_name: str | None = strawberry.UNSET
    age: int | None = strawberry.UNSET
    bio: str | None = strawberry.UNSET
    activity_level: ActivityLevel | None = strawberry.UNSET
    prompts: list[PromptInput] | None = strawberry.UNSET
    visible: bool | None = strawberry.UNSET


@strawberry.input
class ProfilePreferenceChanges:
    """The preferences to change; null means any level of activity."""

    min_age: int | None = strawberry.UNSET
    max_age: int | None = strawberry.UNSET
    max_distance: float | None = strawberry.UNSET
    distance_unit: DistanceUnit | None = strawberry.UNSET
    activity_level: ActivityLevel | None = strawberry.UNSET


@strawberry.input
class UserChanges:
    """The fields to change; missing fields stay as they are."""

    first_name: str | None = strawberry.UNSET
    last_name: str | None = strawberry.UNSET
    timezone: str | None = strawberry.UNSET


@strawberry.input
class PushPreferenceChanges:
    """The preferences to change; missing fields stay as they are."""

    matches: bool | None = strawberry.UNSET
    messages: bool | None = strawberry.UNSET
    match_ended: bool | None = strawberry.UNSET
    sessions: bool | None = strawberry.UNSET
    message_previews: bool | None = strawberry.UNSET


@strawberry.input
class InvitationInput:
    """The invited user, a suggested venue and a note."""

    invitee_id: UUID
    venue_suggestion: str | None = None
    note: str | None = None


@strawberry.input
class MessageInput:
    """A text or a playground. `clientId`: a new one for each message, kept for retries."""

    client_id: UUID
    text: str | None = None
    playground_id: UUID | None = None


@strawberry.input
class PlanInput:
    """The time and place of a meeting, and a challenge for each user."""

    match_id: UUID
    venue_name: str
    scheduled_time: datetime
    user1_challenge_id: UUID | None = None
    user2_challenge_id: UUID | None = None
    notes: str | None = None


@strawberry.input
class SessionChanges:
    """The fields to change; missing fields stay. `notes: null` clears the notes."""

    venue_name: str | None = strawberry.UNSET
    scheduled_time: datetime | None = strawberry.UNSET
    notes: str | None = strawberry.UNSET


@strawberry.input
class FeedbackInput:
    """How a meeting was: a rating from 1 to 5, a text, or both."""

    rating: int | None = strawberry.UNSET
    text: str | None = strawberry.UNSET


@strawberry.input
class PlaygroundInput:
    """A playground to add."""

    name: str
    latitude: float
    longitude: float
    description: str = ""


@strawberry.input
class PlaygroundChanges:
    """The fields to change; missing fields stay as they are."""

    name: str | None = strawberry.UNSET
    latitude: float | None = strawberry.UNSET
    longitude: float | None = strawberry.UNSET
    description: str | None = strawberry.UNSET


@strawberry.input
class ReportInput:
    """A user to report and why, in words, with a message or photo of theirs."""

    user_id: UUID
    reason: Reason
    details: str | None = None
    message_id: UUID | None = None
    photo_id: UUID | None = None


@strawberry.input
class DeviceInput:
    """A device to register. `token` is what Firebase Cloud Messaging gave the app there."""

    platform: Platform
    token: str


def given(kind: object, value: object) -> Any:
    """Read an input, or the members of one, as a model of REST. Raises InvalidRequest."""
    try:
        return _reader(kind).validate_python(_plain(value))
    except ValidationError as error:
        raise InvalidRequest(
            fields={
                ".".join(map(str, item["loc"])) or "input": _message(item["msg"])
                for item in error.errors(include_input=False, include_url=False)
            }
        ) from None


@cache
def _reader(kind: object) -> TypeAdapter[Any]:
    return TypeAdapter(cast("type[Any]", kind))


def _message(text: str) -> str:
    return text.removeprefix("Value error, ")


def _plain(value: object) -> object:
    """Return the members that an input has, as JSON has them."""
    if isinstance(value, Mapping):
        return dict(value)
    return {
        name: [vars(each) for each in member]
        if name == "prompts" and member is not None
        else member.isoformat()
        if isinstance(member, datetime)
        else member
        for name, member in vars(value).items()
        if member is not strawberry.UNSET
    }
