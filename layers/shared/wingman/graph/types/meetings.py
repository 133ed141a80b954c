"""Matches, and the conversations and sessions of their users.

A field with a resolver asks for all objects of its level at once (wingman/graph/context.py).
"""

from datetime import datetime
from typing import cast
from uuid import UUID

import strawberry

from wingman.conversations.models import MessagePage
from wingman.graph import repository
from wingman.graph.connections import Connection, Edge, PageInfo, size_of
from wingman.graph.context import Asked
from wingman.graph.costs import calls, pages
from wingman.graph.types.people import Partner
from wingman.matches.models import MatchOrigin, MatchStatus
from wingman.sessions.models import SessionStatus

for _enum in (MatchOrigin, MatchStatus, SessionStatus):
    strawberry.enum(_enum)

_NONE = MessagePage(messages=[], first_seq=1, has_more=False)


@strawberry.type
class Match:
    """Two users, one of whom (`initiatorId`) invited the other or liked first."""

    id: UUID
    user1_id: UUID
    user2_id: UUID
    initiator_id: UUID
    origin: MatchOrigin
    status: MatchStatus
    venue_suggestion: str | None
    note: str | None
    created_at: datetime
    responded_at: datetime | None
    expires_at: datetime | None
    ended_at: datetime | None
    partner: Partner

    @calls()
    def conversation(self, info: Asked) -> "Conversation | None":
        """Read what the two have written, if anything."""
        context = info.context
        return cast(
            "Conversation | None",
            context.levels.of_all(
                self,
                "conversation",
                lambda match: match.id,
                lambda ids: repository.conversations(context.database, ids),
            ),
        )

    @calls()
    def open_session(self, info: Asked) -> "Session | None":
        """Read the session that the two have planned."""
        context = info.context
        return cast(
            "Session | None",
            context.levels.of_all(
                self,
                "open_session",
                lambda match: match.id,
                lambda ids: repository.open_sessions(context.database, ids),
            ),
        )


@strawberry.type
class SharedPlayground:
    """A playground that a message shares, as it is now."""

    id: UUID
    name: str
    latitude: float
    longitude: float


@strawberry.type
class Message:
    """A message. Either `text` or `playground` is set, unless it was deleted since."""

    id: UUID
    match_id: UUID
    seq: int
    sender_id: UUID | None
    client_id: UUID
    text: str | None
    playground: SharedPlayground | None
    sent_at: datetime


@strawberry.type
class MessageConnection(Connection[Message]):
    """Messages in order; cursors are their `seq`. The caller sees none before `firstSeq`."""

    first_seq: int


@strawberry.type
class Conversation:
    """The messages of two matched users, as the caller sees them."""

    match_id: UUID
    partner: Partner
    last_message: Message
    unread_count: int
    last_seq: int
    read_seq: int
    first_seq: int
    updated_at: datetime

    @pages()
    def messages(self, info: Asked, last: int | None = None) -> MessageConnection:
        """Read the newest messages, in order."""
        context, limit = info.context, size_of(last)
        found = context.levels.of_all(
            self,
            ("messages", limit),
            lambda conversation: conversation.match_id,
            lambda ids: {
                match_id: messages_of(page, backwards=True)
                for match_id, page in repository.newest_messages(
                    context.database, ids, limit
                ).items()
            },
        )
        # It has just been seen, and may have ended since.
        return found or messages_of(_NONE, backwards=True)

    @calls()
    def match(self, info: Asked) -> Match | None:
        """Read the match, until it ends."""
        return _match_of(self, info)


@strawberry.type
class ConversationConnection(Connection[Conversation]):
    """Conversations. `head` changes whenever one of the caller's conversations does."""

    head: str


@strawberry.type
class Session:
    """A meeting of the two users of a match; user1 is the initiator of the match."""

    id: UUID
    match_id: UUID
    venue_name: str
    scheduled_time: datetime
    status: SessionStatus
    user1_challenge_id: UUID | None
    user2_challenge_id: UUID | None
    user1_completed_confirmed_by_user2: bool
    user2_completed_confirmed_by_user1: bool
    no_show_user_ids: list[UUID]
    cancelled_by: UUID | None
    cancel_reason: str | None
    notes: str | None
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    partner: Partner

    @calls()
    def match(self, info: Asked) -> Match | None:
        """Read the match of the two users."""
        return _match_of(self, info)


@strawberry.type
class GivenLike:
    """A like, and the match of the two users, if there is one."""

    user_id: UUID
    liked_at: datetime
    match: Match | None


@strawberry.type
class GivenFeedback:
    """The feedback that the caller has given on a session."""

    session_id: UUID
    rating: int | None
    text: str | None
    created_at: datetime


def _match_of(one: Conversation | Session, info: Asked) -> Match | None:
    context = info.context
    found = context.levels.of_all(
        one,
        "match",
        lambda each: each.match_id,
        lambda ids: repository.matches(context.database, ids),
    )
    return cast("Match | None", found)


def messages_of(
    page: MessagePage, *, backwards: bool, before: int | None = None
) -> MessageConnection:
    """Return messages in order; `backwards`: the page ends at the newest, or before one."""
    shown = cast("list[Message]", page.messages)
    first, last = (shown[0].seq, shown[-1].seq) if shown else (None, None)
    info = PageInfo(
        has_next_page=before is not None if backwards else page.has_more,
        has_previous_page=page.has_more if backwards else (first or 0) > page.first_seq,
        start_cursor=str(first) if first else None,
        end_cursor=str(last) if last else None,
    )
    return MessageConnection(
        edges=[Edge(node=each, cursor=str(each.seq)) for each in shown],
        nodes=shown,
        page_info=info,
        first_seq=page.first_seq,
    )
