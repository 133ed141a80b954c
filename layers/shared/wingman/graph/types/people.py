"""Users as the caller sees them."""

from datetime import datetime
from typing import cast
from uuid import UUID

import strawberry

from wingman.discovery.models import Stage
from wingman.graph import repository
from wingman.graph.connections import Connection
from wingman.graph.context import Asked
from wingman.graph.costs import calls
from wingman.photos.imaging import Rejection
from wingman.photos.models import PhotoStatus
from wingman.profiles.dogs.models import ActivityLevel, DistanceUnit
from wingman.reputation.models import BadgeColor

for _enum in (ActivityLevel, BadgeColor, DistanceUnit, PhotoStatus, Rejection, Stage):
    strawberry.enum(_enum)


@strawberry.type
class User:
    """The caller's own names and timezone. Others see the first name at most."""

    id: UUID
    first_name: str | None
    last_name: str | None
    timezone: str
    created_at: datetime


@strawberry.type
class Prompt:
    """A question that the user has chosen, and the answer."""

    question: str
    answer: str


@strawberry.type
class Photo:
    """A photo of a user: `url` at up to 1080 pixels, `thumbnailUrl` at up to 320."""

    id: UUID
    status: PhotoStatus
    position: int
    url: str | None
    thumbnail_url: str | None
    width: int | None
    height: int | None
    placeholder: str | None
    rejection: Rejection | None
    created_at: datetime


@strawberry.type
class Location:
    """Where a user is, exactly. Only they read it."""

    latitude: float
    longitude: float
    updated_at: datetime


@strawberry.type
class Profile:
    """The caller's own profile, `published` while it is visible and nothing is `missing`."""

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


@strawberry.type
class ProfilePreferences:
    """The dogs that a user is looking for."""

    min_age: int
    max_age: int
    max_distance: float
    distance_unit: DistanceUnit
    activity_level: ActivityLevel | None


@strawberry.type
class Distance:
    """A distance."""

    value: float
    unit: DistanceUnit


@strawberry.type
class Standing:
    """A user's score and its badge."""

    score: int
    badge_color: BadgeColor


@strawberry.type
class PlaygroundName:
    """A playground that a user goes to."""

    id: UUID
    name: str


@strawberry.type
class Card:
    """A user's profile as another one sees it."""

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


@strawberry.type
class Partner:
    """The other user; without an id, one who has deleted the account."""

    user_id: UUID | None
    name: str
    photo_url: str | None

    @calls()
    def card(self, info: Asked) -> Card | None:
        """Read the profile, if you may see it."""
        return _card_of(self, info)


@strawberry.type
class Face:
    """A user in a list."""

    user_id: UUID
    display_name: str
    age: int
    photo_url: str | None

    @calls()
    def card(self, info: Asked) -> Card | None:
        """Read the profile, if you may see it."""
        return _card_of(self, info)


def _card_of(user: Face | Partner, info: Asked) -> Card | None:
    context = info.context
    found = context.levels.of_all(
        user, "card", lambda one: one.user_id, lambda ids: repository.cards(context.database, ids)
    )
    return cast("Card | None", found)


@strawberry.type
class DiscoveredProfile(Card):
    """A card, how well its user fits from 0 to 1, and codes of the reasons."""

    score: float
    reasons: list[str]


@strawberry.type
class Radius:
    """The distance up to which a list goes."""

    value: float
    unit: DistanceUnit


@strawberry.type
class DiscoveryConnection(Connection[DiscoveredProfile]):
    """Profiles, the best first. `stage` and `radius` say how far the list goes."""

    stage: Stage
    radius: Radius | None


@strawberry.type
class Like:
    """A like: the other user, and when it was given."""

    user: Face
    liked_at: datetime


@strawberry.type
class Pass:
    """A pass: the other user, when it was given, and until when it counts."""

    user: Face
    passed_at: datetime
    until: datetime


@strawberry.type
class Block:
    """A user whom the caller has blocked."""

    user_id: UUID
    blocked_at: datetime


@strawberry.type
class Reputation:
    """A user's reputation as of `cacheTimestamp`."""

    score: int
    badge_color: BadgeColor
    completed_sessions: int
    no_shows: int
    cache_timestamp: datetime


@strawberry.type
class Report:
    """A report that waits for an operator."""

    id: UUID
    created_at: datetime


@strawberry.type
class GivenPass:
    """A pass, which counts until `until`."""

    user_id: UUID
    passed_at: datetime
    until: datetime
