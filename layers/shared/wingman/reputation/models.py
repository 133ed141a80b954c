"""Models of reputations."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from wingman.kit.cache.cache import Answer, Cache, Found


class BadgeColor(StrEnum):
    """The range of the score."""

    GOLD = "gold"
    GREEN = "green"
    RED = "red"


class Totals(BaseModel):
    """A user's completed meetings and no-shows."""

    completed_sessions: int
    no_shows: int


class SharedTotals(Totals):
    """Totals for a cache that all users share.

    The user does not exist for those in `kept_from`. If it is None, the database is asked each
    time.
    """

    kept_from: list[UUID] | None


class Standing(BaseModel):
    """A user's score and its badge."""

    score: int
    badge_color: BadgeColor


class Reputation(Totals):
    """A user's reputation, visible to every signed-in user, as of `cache_timestamp`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "score": 11,
                    "badge_color": "gold",
                    "completed_sessions": 12,
                    "no_shows": 1,
                    "cache_timestamp": "2026-12-05T20:31:09.512Z",
                }
            ]
        }
    )

    score: int
    badge_color: BadgeColor
    cache_timestamp: datetime


class SharedReputation(Reputation, SharedTotals):
    """A reputation as the cache has it."""


ReputationCache = Cache[SharedReputation]
FoundReputation = Found[SharedReputation]
ReputationAnswer = Answer[SharedReputation]
