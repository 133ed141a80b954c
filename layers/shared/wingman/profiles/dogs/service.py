"""Dogs' profiles: the caller's own, and those of others as cards."""

from uuid import UUID

from wingman.kit.clients.database import Database
from wingman.kit.observability import logger
from wingman.profiles.dogs import repository
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


def get(database: Database) -> OwnProfile:
    """Raise ProfileNotFound before the first `put`."""
    return repository.profile(database)


def put(database: Database, given: NewProfile) -> StoredProfile:
    """Raise InvalidRequest for refused words."""
    stored = repository.put(database, given)
    logger().info("profile.created" if stored.created else "profile.replaced")
    return stored


def change(database: Database, changes: ProfileChange) -> OwnProfile:
    changed = repository.change(database, changes)
    logger().info("profile.changed", extra={"fields": sorted(changes)})
    return changed


def card(database: Database, user_id: UUID) -> Card:
    """Return a user's profile as the caller sees it; a hidden or incomplete one is CardNotFound."""
    return repository.card(database, user_id)


def put_location(database: Database, place: Coordinates) -> Location:
    """Raise InvalidRequest for exactly (0, 0)."""
    stored = repository.put_location(database, place)
    logger().info("profile.moved")
    return stored


def delete_location(database: Database) -> None:
    """Forget where the caller is, which takes the profile out of discovery."""
    repository.delete_location(database)
    logger().info("profile.location_deleted")


def preferences(database: Database) -> ProfilePreferences:
    return repository.preferences(database)


def change_preferences(database: Database, changes: ProfilePreferenceChanges) -> ProfilePreferences:
    """Raise InvalidRequest for ages out of order, or a distance too long."""
    changed = repository.change_preferences(database, changes)
    logger().info("profile.preferences_changed", extra={"fields": sorted(changes)})
    return changed
