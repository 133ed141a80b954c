"""Models of playgrounds."""

from datetime import datetime
from typing import Annotated, NotRequired, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
    with_config,
)
from pydantic.config import JsonDict

from wingman.kit.errors import InvalidRequest
from wingman.kit.text import FILLED_LINE, MultiLineText, SingleLineText
from wingman.kit.typed_dict import TypedDict
from wingman.profiles.dogs.models import Coordinates, DistanceUnit, Latitude, Longitude

# The database also refuses names that contain links or mix alphabets, and hidden characters.
Name = Annotated[
    SingleLineText,
    StringConstraints(min_length=1, max_length=200),
    FILLED_LINE,
    Field(examples=["Dog run Mauerpark"]),
]
Description = Annotated[MultiLineText, StringConstraints(max_length=1000)]
_PLAYGROUND: JsonDict = {
    "name": "Dog run Mauerpark",
    "latitude": 52.5441,
    "longitude": 13.4023,
    "description": "Fenced, with water.",
}


class NewPlayground(Coordinates):
    """A playground to add. Exactly (0, 0) is refused: devices mean "unknown" by it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_PLAYGROUND]})

    name: Name
    description: Description = ""


@with_config(
    ConfigDict(
        extra="forbid",
        json_schema_extra={"minProperties": 1, "examples": [{"description": "With a gate."}]},
    )
)
class PlaygroundChange(TypedDict):
    """The fields to change; missing fields stay as they are."""

    name: NotRequired[Name]
    latitude: NotRequired[Latitude]
    longitude: NotRequired[Longitude]
    description: NotRequired[Description]


def _require_a_change(change: PlaygroundChange) -> PlaygroundChange:
    if not change:
        raise ValueError("name at least one field")
    return change


PlaygroundChanges = Annotated[PlaygroundChange, AfterValidator(_require_a_change)]


class PlaygroundDistance(BaseModel):
    """A distance in tenths of its unit. Playgrounds are public, so it is not coarser."""

    value: float
    unit: DistanceUnit


class Playground(BaseModel):
    """A playground. `mine`: the caller has added it. `favourite`: the caller goes there.

    `distance` is that from the place that a search named, else null.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"id": "6f1c0f0e-0000-4000-8000-000000000009"}
                | _PLAYGROUND
                | {
                    "mine": True,
                    "favourite": False,
                    "distance": {"value": 1.2, "unit": "kilometers"},
                    "created_at": "2026-11-30T09:12:44.103Z",
                }
            ]
        }
    )

    id: UUID
    name: str
    latitude: float
    longitude: float
    description: str
    mine: bool
    favourite: bool
    distance: PlaygroundDistance | None
    created_at: datetime


class AddedPlayground(BaseModel):
    """A playground, and whether this answer repeats the first one."""

    playground: Playground
    replayed: bool


class PlaygroundPage(BaseModel):
    """A page of playgrounds in the order of the search."""

    playgrounds: list[Playground]
    next_cursor: str | None


Position = tuple[
    Annotated[float, Field(allow_inf_nan=False)],
    Annotated[str, StringConstraints(max_length=200, pattern="^[^\x00]*$")],
    UUID,
]
"""A row's rank, name and id, of which only the database knows the meaning."""


class FoundPlayground(BaseModel):
    """A playground, and its position in the order of the search."""

    playground: Playground
    position: Position


class Search(BaseModel):
    """The playgrounds to list: near a place, with such a name, one's favourites, or all of these.

    Raises InvalidRequest for a search that names none of these, or half a place.
    """

    q: Annotated[SingleLineText, StringConstraints(min_length=1, max_length=200)] | None = None
    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)] | None = None
    radius: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] | None = None
    unit: DistanceUnit | None = None
    favourite: bool = False
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[str, StringConstraints(max_length=1200)] | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        field, flaw = self._flaw()
        if flaw:
            raise InvalidRequest(fields={field: flaw})
        return self

    def _flaw(self) -> tuple[str, str]:
        if (self.latitude is None) != (self.longitude is None):
            missing = "latitude" if self.latitude is None else "longitude"
            return missing, "latitude and longitude go together"
        if self.latitude is None and self.radius is not None:
            return "radius", "needs latitude and longitude"
        if self.latitude == self.longitude == 0:
            return "latitude", "must not be 0 together with longitude 0, an unknown location"
        if self.q is None and self.latitude is None and not self.favourite:
            return "q", "name a place, words of a name, or favourite=true"
        return "", ""
