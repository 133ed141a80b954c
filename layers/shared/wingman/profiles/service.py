"""The caller's own names and timezone."""

from wingman.kit.clients.database import Database
from wingman.kit.observability import logger
from wingman.profiles import repository
from wingman.profiles.models import User, UserChange


def get(database: Database) -> User:
    return repository.get(database)


def update(database: Database, change: UserChange) -> User:
    """Raise InvalidRequest for a name that others must not be shown."""
    user = repository.update(database, change)
    logger().info("user.updated", extra={"fields": sorted(change)})
    return user
