"""Models of dogs' profiles."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, NotRequired
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    with_config,
)
from pydantic.config import JsonDict

from wingman.kit.text import FILLED_LINE, FILLED_LINES, MultiLineText, SingleLineText
from wingman.kit.typed_dict import TypedDict
from wingman.photos.models import Photo
from wingman.reputation.models import Standing


class ActivityLevel(StrEnum):
    """How much a dog likes to run."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class DistanceUnit(StrEnum):
    """The unit in which a user reads distances."""

    MILES = "miles"
    KILOMETERS = "kilometers"


# The database also refuses names that contain links or mix alphabets, and hidden characters.
DisplayName = Annotated[
    SingleLineText,
    StringConstraints(min_length=1, max_length=100),
    FILLED_LINE,
    Field(examples=["Rex"]),
]
Age = Annotated[int, Field(strict=True, ge=0, le=20, description="The dog's, in years.")]
Bio = Annotated[MultiLineText, StringConstraints(max_length=2000)]
_PROMPT: JsonDict = {"question": "Favourite game?", "answer": "Anything with a ball."}


class Prompt(BaseModel):
    """A question that the user has chosen, and the answer."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_PROMPT]})

    question: Annotated[
        MultiLineText, StringConstraints(min_length=1, max_length=500), FILLED_LINES
    ]
    answer: Annotated[MultiLineText, StringConstraints(min_length=1, max_length=1000), FILLED_LINES]


Prompts = Annotated[list[Prompt], Field(max_length=10)]
_PROFILE: JsonDict = {
    "display_name": "Rex",
    "age": 4,
    "bio": "Knows every squirrel in the park.",
    "activity_level": "high",
    "prompts": [_PROMPT],
}


class NewProfile(BaseModel):
    """The whole profile; a field that is missing gets its default."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_PROFILE]})

    display_name: DisplayName
    age: Age
    bio: Bio = ""
    activity_level: ActivityLevel = ActivityLevel.MEDIUM
    prompts: Prompts = []


@with_config(
    ConfigDict(
        extra="forbid", json_schema_extra={"minProperties": 1, "examples": [{"visible": False}]}
    )
)
class ProfileChange(TypedDict):
    """The fields to change; missing fields stay as they are."""

    display_name: NotRequired[DisplayName]
    age: NotRequired[Age]
    bio: NotRequired[Bio]
    activity_level: NotRequired[ActivityLevel]
    prompts: NotRequired[Prompts]
    visible: NotRequired[StrictBool]


def _require_a_change(change: ProfileChange) -> ProfileChange:
    if not change:
        raise ValueError("name at least one field")
    return change


ProfileChanges = Annotated[ProfileChange, AfterValidator(_require_a_change)]


def _degrees(most: int, example: float) -> object:
    return Field(strict=True, allow_inf_nan=False, ge=-most, le=most, examples=[example])


Latitude = Annotated[float, _degrees(90, 52.5219)]
Longitude = Annotated[float, _degrees(180, 13.4132)]


class Coordinates(BaseModel):
    """A place in degrees (WGS 84). Exactly (0, 0) is refused: devices mean "unknown" by it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"latitude": 52.5219, "longitude": 13.4132}]},
    )

    latitude: Latitude
    longitude: Longitude


class Location(BaseModel):
    """Where a user is, exactly. Only they read it."""

    latitude: float
    longitude: float
    updated_at: datetime


_EXAMPLE_PHOTOS: JsonDict = {"photos": []}
_USER: JsonDict = {"user_id": "6f1c0f0e-0000-4000-8000-00000000000a"}


class OwnProfile(BaseModel):
    """The caller's profile, `published` while it is visible and nothing is missing.

    `missing` names what is: display_name, age, photos (two that are ready), location.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                _USER
                | _PROFILE
                | _EXAMPLE_PHOTOS
                | {
                    "location": None,
                    "visible": True,
                    "published": False,
                    "missing": ["photos", "location"],
                    "created_at": "2026-11-30T09:12:44.103Z",
                    "updated_at": "2026-11-30T09:12:44.103Z",
                }
            ]
        }
    )

    user_id: UUID
    display_name: str
    age: int
    bio: str
    activity_level: ActivityLevel
    prompts: list[Prompt]
    photos: list[Photo]
    location: Location | None
    visible: bool
    published: bool
    missing: list[str]
    created_at: datetime
    updated_at: datetime


class StoredProfile(BaseModel):
    """A profile that has been put, and whether that has created it."""

    profile: OwnProfile
    created: bool


class Distance(BaseModel):
    """A distance, rounded up to whole units."""

    value: int
    unit: DistanceUnit


class PlaygroundName(BaseModel):
    """A playground that a user goes to."""

    id: UUID
    name: str


class Card(BaseModel):
    """A user's profile as another one sees it.

    The distance lies between the middles of two cells of about a kilometre. It is null if one of
    the two has no location, and in the caller's own card.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                _USER
                | _PROFILE
                | _EXAMPLE_PHOTOS
                | {
                    "distance": {"value": 3, "unit": "miles"},
                    "reputation": {"score": 11, "badge_color": "gold"},
                    "playgrounds": [],
                }
            ]
        }
    )

    user_id: UUID
    display_name: str
    age: int
    bio: str
    activity_level: ActivityLevel
    prompts: list[Prompt]
    photos: list[Photo]
    distance: Distance | None
    reputation: Standing
    playgrounds: list[PlaygroundName]


_MAX_KILOMETERS = 500


class ProfilePreferences(BaseModel):
    """The dogs that a user is looking for."""

    min_age: int
    max_age: int
    max_distance: float
    distance_unit: DistanceUnit
    activity_level: ActivityLevel | None


@with_config(ConfigDict(extra="forbid"))
class ProfilePreferenceChanges(TypedDict):
    """The preferences to change; missing fields stay, and null means any level of activity.

    Without `max_distance`, a new `distance_unit` converts the distance. With it, the distance is in
    that unit, and at most 500 kilometers.
    """

    min_age: NotRequired[Age]
    max_age: NotRequired[Age]
    max_distance: NotRequired[
        Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=_MAX_KILOMETERS)]
    ]
    distance_unit: NotRequired[DistanceUnit]
    activity_level: NotRequired[ActivityLevel | None]
