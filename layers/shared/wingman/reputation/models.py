"""Models of reputations."""

from datetime import datetime
from enum import StrEnum

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


ReputationCache = Cache[Reputation]
FoundReputation = Found[Reputation]
ReputationAnswer = Answer[Reputation]
