"""Models of profiles."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from wingman.kit.text import SingleLineText
from wingman.kit.timezones import Timezone

# The database also refuses names that are empty to the eye, contain links or mix alphabets.
Name = Annotated[
    SingleLineText, StringConstraints(min_length=1, max_length=100), Field(examples=["Maya"])
]


class Partner(BaseModel):
    """The other user of a match or a session; "Someone" if they have no name."""

    user_id: UUID
    name: str
    photo_url: str | None


class User(BaseModel):
    """The caller's own names and timezone. Others see the first name only."""

    id: UUID
    first_name: str | None
    last_name: str | None
    timezone: str
    created_at: datetime


class UserChange(BaseModel):
    """The fields to change; missing fields stay as they are. `last_name: null` removes it."""

    model_config = ConfigDict(extra="forbid")

    first_name: Name | None = None
    last_name: Name | None = None
    timezone: Timezone | None = None

    @model_validator(mode="after")
    def _require_a_change(self) -> "UserChange":
        if not self.model_fields_set:
            raise ValueError("name at least one of first_name, last_name and timezone")
        if any(
            name in self.model_fields_set and getattr(self, name) is None
            for name in ("first_name", "timezone")
        ):
            raise ValueError("first_name and timezone must not be null")
        return self
