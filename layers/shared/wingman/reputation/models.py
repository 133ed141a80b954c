"""What a reputation is, on the wire and in the code."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from wingman.kit.cache.cache import Answer, Cache, Found


class BadgeColor(StrEnum):
    """The score at a glance."""

    GOLD = "gold"
    GREEN = "green"
    RED = "red"


class Totals(BaseModel):
    """What is counted: meetings that took place, and those that the user let fall."""

    completed_sessions: int
    no_shows: int


class Reputation(Totals):
    """What anyone signed in may know of a user; `cache_timestamp` is when it was counted."""

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
