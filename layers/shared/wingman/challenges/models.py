"""What a challenge and an attempt at it are, on the wire and in the code."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from wingman.kit.cache.cache import Answer, Cache, Found
from wingman.kit.text import MultiLineText


class Difficulty(StrEnum):
    """How much courage it takes."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class Challenge(BaseModel):
    """A small thing to dare; `points` (10 to 100) grow with what it takes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "16bc367e-3be9-5f1d-97f4-8027d197f576",
                    "difficulty": "beginner",
                    "title": "Learn a name and use it",
                    "description": "Ask somebody who serves you today for their name.",
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
    """What is on offer, easiest first."""

    challenges: list[Challenge]
    count: int


class AttemptOutcome(StrEnum):
    """How it went."""

    DONE = "done"
    PARTLY = "partly"
    NOT_DONE = "not_done"


class Attempt(BaseModel):
    """How a challenge went, and at which session."""

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
    """An attempt as it was handed in; nobody else reads it."""

    id: UUID
    challenge_id: UUID
    session_id: UUID | None
    outcome: AttemptOutcome
    reflection: str | None
    created_at: datetime


class SubmissionPage(BaseModel):
    """Some of a user's attempts, newest first; `next_cursor` leads to the older ones."""

    submissions: list[Submission]
    next_cursor: str | None


class SubmissionChange(BaseModel):
    """What handing in did: `replayed` if it had been done before."""

    submission: Submission
    replayed: bool = False


ChallengeCache = Cache[ChallengeList]
FoundChallenges = Found[ChallengeList]
ChallengeAnswer = Answer[ChallengeList]
