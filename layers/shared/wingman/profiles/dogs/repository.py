"""Dogs' profiles in Postgres: one SQL function per step."""

from functools import partial
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from wingman.kit.clients.database import Database, Refusals, call, refused_field
from wingman.kit.errors import AccountDeleted
from wingman.profiles.dogs import errors
from wingman.profiles.dogs.models import (
    Card,
    Coordinates,
    Location,
    NewProfile,
    OwnProfile,
    ProfileChange,
    ProfilePreferenceChanges,
    ProfilePreferences,
    StoredProfile,
)
from wingman.reputation import service as reputation
from wingman.reputation.models import Totals

# Every SQLSTATE that the functions raise; a test compares them with supabase/schemas.
REFUSALS: Refusals = {
    "WA001": lambda _: AccountDeleted(),
    "WA003": refused_field,
    "WP001": lambda _: errors.ProfileNotFound(),
    "WP002": lambda _: errors.CardNotFound(),
}
_call = partial(call, REFUSALS)
_CHANGE = TypeAdapter(ProfileChange)


def profile(database: Database) -> OwnProfile:
    return OwnProfile.model_validate(_call(database, "get_profile", idempotent=True))


def put(database: Database, given: NewProfile) -> StoredProfile:
    found = _call(database, "put_profile", idempotent=True, p_profile=given.model_dump(mode="json"))
    return StoredProfile.model_validate(found)


def change(database: Database, changes: ProfileChange) -> OwnProfile:
    plain = _CHANGE.dump_python(changes, mode="json")
    found = _call(database, "change_profile", idempotent=True, p_changes=plain)
    return OwnProfile.model_validate(found)


def card(database: Database, user_id: UUID) -> Card:
    found: dict[str, Any] = _call(database, "get_card", idempotent=True, p_user_id=str(user_id))
    totals = Totals.model_validate(found["reputation"])
    return Card.model_validate(found | {"reputation": reputation.standing(totals)})


def put_location(database: Database, place: Coordinates) -> Location:
    found = _call(
        database,
        "put_location",
        idempotent=True,
        p_latitude=place.latitude,
        p_longitude=place.longitude,
    )
    return Location.model_validate(found)


def delete_location(database: Database) -> None:
    _call(database, "delete_location", idempotent=True)


def preferences(database: Database) -> ProfilePreferences:
    return ProfilePreferences.model_validate(
        _call(database, "get_profile_preferences", idempotent=True)
    )


def change_preferences(database: Database, changes: ProfilePreferenceChanges) -> ProfilePreferences:
    found = _call(database, "change_profile_preferences", idempotent=True, p_changes={**changes})
    return ProfilePreferences.model_validate(found)
