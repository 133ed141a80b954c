"""Models of the coach: requests, answers and the prompt."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from wingman.kit.cache.cache import Answer, Cache, Found
from wingman.kit.text import FILLED_LINES, MultiLineText, SingleLineText

MAX_TIPS = 5
MAX_TIP_LENGTH = 300


_SUBJECTS = ("challenge_id", "session_id", "question")


class Ask(BaseModel):
    """The subject of the tips; at least one field is required."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "not": {"properties": {name: {"type": "null"} for name in _SUBJECTS}},
            "examples": [
                {
                    "challenge_id": "16bc367e-3be9-5f1d-97f4-8027d197f576",
                    "question": "How do I begin when I am shy?",
                }
            ],
        },
    )

    challenge_id: UUID | None = None
    session_id: UUID | None = None
    question: (
        Annotated[MultiLineText, StringConstraints(min_length=1, max_length=500), FILLED_LINES]
        | None
    ) = None

    @model_validator(mode="after")
    def _require_a_subject(self) -> "Ask":
        if all(getattr(self, name) is None for name in _SUBJECTS):
            raise ValueError("name at least one of challenge_id, session_id and question")
        return self


Tip = Annotated[SingleLineText, StringConstraints(min_length=1, max_length=MAX_TIP_LENGTH)]


class Advice(BaseModel):
    """The only accepted form of the model's answer."""

    model_config = ConfigDict(extra="forbid", strict=True)

    tips: Annotated[list[Tip], Field(min_length=1, max_length=MAX_TIPS)]


class Tips(BaseModel):
    """One to five tips, up to 300 characters each, and the model that wrote them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "tips": ["Begin with a smile and a question that needs more than a yes."],
                    "model": "claude-haiku-5-5",
                }
            ]
        }
    )

    tips: list[str]
    model: str


class Challenge(BaseModel):
    """The part of a challenge that the model sees."""

    difficulty: str
    title: str
    description: str


class Meeting(BaseModel):
    """The time and the status of a session."""

    scheduled_time: datetime
    status: str


class Context(BaseModel):
    """The subject of the tips; `names` are removed from the question and never sent."""

    challenge: Challenge | None
    session: Meeting | None
    names: Sequence[str] = ()


Phase = Literal["soon", "later", "now", "over"]
"""A meeting begins within a day or later, is in progress, or has ended."""


class Prompt(BaseModel):
    """The system instructions and the user content for the model."""

    model_config = ConfigDict(frozen=True)

    instructions: str
    content: str


TipsCache = Cache[Tips]
FoundTips = Found[Tips]
TipsAnswer = Answer[Tips]
