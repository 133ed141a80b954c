"""Models of conversations."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict

from wingman.kit.errors import InvalidRequest
from wingman.kit.text import FILLED_LINES, MultiLineText
from wingman.notifications.models import Due

# The database also refuses texts in which no character is visible.
MessageText = Annotated[
    MultiLineText, StringConstraints(min_length=1, max_length=4000), FILLED_LINES
]
Seq = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""The number of a message within its conversation, from 1 and without gaps."""

_MATCH = "6f1c0f0e-0000-4000-8000-000000000003"
_LEO = "0d5a8a3e-6d0b-4f63-9c57-0e6c1d2f9b11"
_MESSAGE: JsonDict = {
    "id": "6f1c0f0e-0000-4000-8000-000000000012",
    "match_id": _MATCH,
    "seq": 2,
    "sender_id": _LEO,
    "client_id": "0d2f1c1e-8f6a-4d0e-9a55-2d9b0c3f7f10",
    "text": "Shall we meet at three?",
    "playground": None,
    "sent_at": "2026-12-01T12:00:00.000Z",
}
_CONVERSATION: JsonDict = {
    "match_id": _MATCH,
    "partner": {"user_id": _LEO, "name": "Rex", "photo_url": None},
    "last_message": _MESSAGE,
    "unread_count": 1,
    "last_seq": 2,
    "read_seq": 1,
    "first_seq": 1,
    "updated_at": "2026-12-01T12:00:00.000Z",
}


class NewMessage(BaseModel):
    """A text or a playground to send. `client_id`: a new one for each message, kept for retries.

    Raises InvalidRequest for both, or neither.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "minProperties": 2,
            "examples": [{"client_id": _MESSAGE["client_id"], "text": _MESSAGE["text"]}],
        },
    )

    client_id: UUID
    text: MessageText | None = None
    playground_id: UUID | None = None

    @model_validator(mode="after")
    def _has_one_content(self) -> Self:
        if (self.text is None) == (self.playground_id is None):
            raise InvalidRequest(fields={"text": "send either text or playground_id"})
        return self


class SharedPlayground(BaseModel):
    """A playground that a message shares, as it is now."""

    id: UUID
    name: str
    latitude: float
    longitude: float


class Message(BaseModel):
    """A message. Either `text` or `playground` is set.

    Neither is, if the playground was deleted, or if the sender has deleted the account; then
    `sender_id` is null, too.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_MESSAGE]})

    id: UUID
    match_id: UUID
    seq: int
    sender_id: UUID | None
    client_id: UUID
    text: str | None
    playground: SharedPlayground | None
    sent_at: datetime


class SentMessage(BaseModel):
    """A message, whether an earlier request has sent it, and the partner who still sees it.

    `due`: the push that follows if the partner does not receive it.
    """

    message: Message
    replayed: bool
    partner_id: UUID | None
    due: tuple[Due, ...] = ()


class Range(BaseModel):
    """The messages to read: the first ones after `after_seq`, or else the last before `before_seq`.

    Without either, the newest page.
    """

    after_seq: Seq | None = None
    before_seq: Seq | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class MessagePage(BaseModel):
    """Messages in the order of `seq`. `first_seq`: the first one that the caller sees at all.

    A page has fewer messages than `limit` if they are long. `has_more`: there are further ones,
    after this page if `after_seq` was given, else before it.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"messages": [_MESSAGE], "first_seq": 1, "has_more": True}]}
    )

    messages: list[Message]
    first_seq: int
    has_more: bool


class ConversationPartner(BaseModel):
    """The other user; without an id, one who has deleted the account."""

    user_id: UUID | None
    name: str
    photo_url: str | None


class Conversation(BaseModel):
    """A conversation. `unread_count` counts the partner's messages that the caller has not read."""

    match_id: UUID
    partner: ConversationPartner
    last_message: Message
    unread_count: int
    last_seq: int
    read_seq: int
    first_seq: int
    updated_at: datetime

    @property
    def id(self) -> UUID:
        return self.match_id

    @property
    def created_at(self) -> datetime:
        return self.updated_at


class ConversationRows(BaseModel):
    """Conversations of a page, and one more if another page follows."""

    conversations: list[Conversation]
    head: str


class ConversationPage(BaseModel):
    """A page of conversations, that of the newest message first, without hidden ones.

    A conversation begins with the first message of a match. `head` changes whenever one of the
    caller's conversations does: compare it as a whole.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "conversations": [_CONVERSATION],
                    "head": "9e107d9d372bb6826bd81d3542a419d6",
                    "next_cursor": None,
                }
            ]
        }
    )

    conversations: list[Conversation]
    head: str
    next_cursor: str | None


class NewReadMark(BaseModel):
    """The newest message that was read."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"seq": 2}]})

    seq: Seq


class ReadMark(BaseModel):
    """The newest message that counts as read; it never goes back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"read_seq": 2}]})

    read_seq: int


class MovedMark(ReadMark):
    """A read mark, and the partner who hears of it, unless the account was deleted."""

    partner_id: UUID | None
