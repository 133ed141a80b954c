"""Models of challenges and attempts."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from wingman.kit.cache.cache import Answer, Cache, Found
from wingman.kit.text import MultiLineText


class Difficulty(StrEnum):
    """The courage that a challenge takes."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class Challenge(BaseModel):
    """A small social dare; `points` (10 to 100) grow with its difficulty."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "16bc367e-3be9-5f1d-97f4-8027d197f576",
                    "difficulty": "beginner",
                    "title": "Learn a name and use it",
                    "description": "Ask a person who serves you today for their name.",
                    "points": 10,
                }
            ]
        }
    )

    id: UUID
    difficulty: Difficulty
    title: str
    description: str
    points: int


class ChallengeList(BaseModel):
    """The available challenges, easiest first."""

    challenges: list[Challenge]
    count: int


class AttemptOutcome(StrEnum):
    """The result of an attempt."""

    DONE = "done"
    PARTLY = "partly"
    NOT_DONE = "not_done"


class Attempt(BaseModel):
    """An attempt at a challenge, optionally at a session."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"outcome": "done", "reflection": "Easier than I thought."}]
        },
    )

    session_id: UUID | None = None
    outcome: AttemptOutcome
    reflection: Annotated[MultiLineText, StringConstraints(max_length=2000)] | None = None


class Submission(BaseModel):
    """A submitted attempt, which only its author can read."""

    id: UUID
    challenge_id: UUID
    session_id: UUID | None
    outcome: AttemptOutcome
    reflection: str | None
    created_at: datetime


class SubmissionPage(BaseModel):
    """A page of a user's attempts, newest first; `next_cursor` leads to older ones."""

    submissions: list[Submission]
    next_cursor: str | None


class SubmissionChange(BaseModel):
    """The result of a submission; `replayed` if the key had been used before."""

    submission: Submission
    replayed: bool = False


ChallengeCache = Cache[ChallengeList]
FoundChallenges = Found[ChallengeList]
ChallengeAnswer = Answer[ChallengeList]
