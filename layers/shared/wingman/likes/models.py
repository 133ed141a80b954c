"""Models of likes and passes."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from wingman.matches.models import Match
from wingman.notifications.models import Due
from wingman.realtime.models import EndedMatch

_LEO: JsonDict = {
    "user_id": "6f1c0f0e-0000-4000-8000-00000000000b",
    "display_name": "Bella",
    "age": 4,
    "photo_url": "https://photos.wingman.example/public/5f1c/320.webp",
}
_AT, _UNTIL = "2026-11-30T09:12:44.103Z", "2026-12-30T09:12:44.103Z"


class Direction(StrEnum):
    """The likes that the caller gave, or those of others for the caller."""

    SENT = "sent"
    RECEIVED = "received"


class Face(BaseModel):
    """A user in a list."""

    user_id: UUID
    display_name: str
    age: Annotated[int, Field(description="The dog's, in years.")]
    photo_url: str | None


class GivenLike(BaseModel):
    """A like, and the match of the two users, if there is one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"user_id": _LEO["user_id"], "liked_at": _AT, "match": None}]
        }
    )

    user_id: UUID
    liked_at: datetime
    match: Match | None


class GivenPass(BaseModel):
    """A pass, which counts until `until`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"user_id": _LEO["user_id"], "passed_at": _AT, "until": _UNTIL}]
        }
    )

    user_id: UUID
    passed_at: datetime
    until: datetime


class Like(BaseModel):
    """A like in a list: the other user, and when it was given."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"user": _LEO, "liked_at": _AT}]})

    user: Face
    liked_at: datetime

    @property
    def id(self) -> UUID:
        return self.user.user_id

    @property
    def created_at(self) -> datetime:
        return self.liked_at


class Pass(BaseModel):
    """A pass in a list: the other user, when it was given, and until when it counts."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"user": _LEO, "passed_at": _AT, "until": _UNTIL}]}
    )

    user: Face
    passed_at: datetime
    until: datetime

    @property
    def id(self) -> UUID:
        return self.user.user_id

    @property
    def created_at(self) -> datetime:
        return self.passed_at


class LikePage(BaseModel):
    """A page of likes, newest first; `next_cursor` leads to older ones."""

    likes: list[Like]
    next_cursor: str | None


class PassPage(BaseModel):
    """A page of passes, newest first; `next_cursor` leads to older ones."""

    passes: list[Pass]
    next_cursor: str | None


class Effects(BaseModel):
    """The notifications that are due after a step, and whose reputation may have changed.

    `ended_match`: the match that the step ended, if it did.
    """

    due: list[Due] = []
    changed_users: list[UUID] = []
    ended_match: EndedMatch | None = None


class LikeStep(GivenLike, Effects):
    """A stored like, and its effects. `views`: a new match as each of its users sees it."""

    views: dict[UUID, Match] = {}


class PassStep(GivenPass, Effects):
    """A stored pass, and its effects: it may have ended a match."""
