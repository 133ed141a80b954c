"""Models of profiles."""

from datetime import datetime
from typing import Annotated, NotRequired
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    with_config,
)

from wingman.kit.text import FILLED_LINE, SingleLineText
from wingman.kit.timezones import Timezone
from wingman.kit.typed_dict import TypedDict

# The database also refuses names that are empty to the eye, contain links or mix alphabets.
Name = Annotated[
    SingleLineText,
    StringConstraints(min_length=1, max_length=100),
    FILLED_LINE,
    Field(examples=["Maya"]),
]


class Partner(BaseModel):
    """The other user of a match or a session.

    Name and picture are those of the profile, if the caller may see it. Else the name is the first
    name, or "Someone".
    """

    user_id: UUID
    name: Annotated[str, Field(examples=["Leo"])]
    photo_url: str | None


class User(BaseModel):
    """The caller's own names and timezone. Others see the first name at most."""

    id: UUID
    first_name: str | None
    last_name: str | None
    timezone: str
    created_at: datetime


@with_config(
    ConfigDict(
        extra="forbid", json_schema_extra={"minProperties": 1, "examples": [{"first_name": "Maya"}]}
    )
)
class UserChange(TypedDict):
    """The fields to change; missing fields stay as they are. `last_name: null` removes it."""

    first_name: NotRequired[Name]
    last_name: NotRequired[Name | None]
    timezone: NotRequired[Timezone]


def _require_a_change(change: UserChange) -> UserChange:
    if not change:
        raise ValueError("name at least one of first_name, last_name and timezone")
    return change


UserChanges = Annotated[UserChange, AfterValidator(_require_a_change)]
