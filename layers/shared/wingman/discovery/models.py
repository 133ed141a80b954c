"""Models of discovery."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from wingman.kit.cache.cache import Answer, Cache, Found
from wingman.profiles.dogs.models import Card, DistanceUnit


class Stage(StrEnum):
    """How far a list goes: as preferred, with a wider radius and ages, or anywhere."""

    PREFERRED = "preferred"
    WIDER = "wider"
    ANYWHERE = "anywhere"


class Radius(BaseModel):
    """The distance up to which a list goes."""

    value: float
    unit: DistanceUnit


class Candidate(BaseModel):
    """A user whom the viewer may like, how well they fit, and why."""

    user_id: UUID
    score: Annotated[float, Field(ge=0, le=1)]
    reasons: list[str]


class NewList(BaseModel):
    """The candidates of a user, best first, in one generation of the user's choices."""

    generation: int
    stage: Stage
    radius: Radius | None
    candidates: list[Candidate]


class CandidateList(NewList):
    """A list that is kept, so that a cursor can point into it."""

    id: str
    made_at: datetime


class Lists(BaseModel):
    """The cached lists of a user: the newest, and the one before it for its cursors."""

    current: CandidateList
    previous: CandidateList | None = None


class ShownCard(BaseModel):
    """A candidate's card, and the candidate's position among those asked for, from 1."""

    position: int
    card: Card


class CheckedPage(BaseModel):
    """Candidates who may be shown now, and how many were looked at.

    `list` is a new list that replaces the old one. `outdated` means that another request is
    making it.
    """

    shown: list[ShownCard]
    scanned: int
    list: NewList | None
    outdated: bool


class RefreshedList(BaseModel):
    """A new list of a user who did not ask for it."""

    user_id: UUID
    list: NewList


_CARD: JsonDict = {
    "user_id": "6f1c0f0e-0000-4000-8000-00000000000a",
    "display_name": "Rex",
    "age": 4,
    "bio": "",
    "activity_level": "high",
    "prompts": [],
    "photos": [],
    "distance": {"value": 3, "unit": "miles"},
    "reputation": {"score": 11, "badge_color": "gold"},
    "playgrounds": [],
}
_PROFILE: JsonDict = _CARD | {"score": 0.87, "reasons": ["nearby", "similar_age"]}


class DiscoveredProfile(Card):
    """A card, how well its user fits from 0 to 1, and codes of the reasons.

    They are nearby, beyond_your_distance, similar_age, outside_your_ages, wanted_activity,
    same_activity, keeps_appointments; ignore those that you do not know.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_PROFILE]})

    score: float
    reasons: list[str]


class DiscoveryPage(BaseModel):
    """Profiles, the best first. `stage` and `radius` say how far the list goes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "profiles": [_PROFILE],
                    "stage": "preferred",
                    "radius": {"value": 25, "unit": "miles"},
                    "next_cursor": None,
                }
            ]
        }
    )

    profiles: list[DiscoveredProfile]
    stage: Stage
    radius: Radius | None
    next_cursor: str | None


class Wanted(BaseModel):
    """A page to show: the first one, or the one at a cursor."""

    limit: Annotated[int, Field(ge=1, le=50)] = 20
    cursor: Annotated[str, Field(max_length=200)] | None = None


class UserIds(BaseModel):
    """A message of the queue: the users whose lists are stale."""

    user_ids: Annotated[list[UUID], Field(min_length=1, max_length=50)]


ListCache = Cache[Lists]
FoundLists = Found[Lists]
DiscoveryAnswer = Answer[DiscoveryPage]
