"""Conversations in Postgres: each step is one SQL function of supabase/schemas."""

from functools import partial
from uuid import UUID

from wingman.conversations import errors
from wingman.conversations.models import (
    ConversationRows,
    MessagePage,
    MovedMark,
    NewMessage,
    Range,
    SentMessage,
)
from wingman.kit.clients.database import Database, Refusals, call, refused_field
from wingman.kit.errors import AccountDeleted
from wingman.kit.paging import Page

# Every SQLSTATE that the functions raise; a test compares them with supabase/schemas.
REFUSALS: Refusals = {
    "WA001": lambda _: AccountDeleted(),
    "WA003": refused_field,
    "WT001": lambda _: errors.ConversationNotFound(),
    "WT002": lambda _: errors.MatchNotActive(),
    "WT003": lambda _: errors.ClientIdReused(),
    "WT004": lambda error: errors.MessageLimit(retry_after=int(error.detail or 1)),
}
_call = partial(call, REFUSALS)


def send(
    database: Database, match_id: UUID, new: NewMessage, *, known_only: bool
) -> SentMessage | None:
    """Send a message, or return the one that was sent with its client_id."""
    answer = _call(
        database,
        "send_message",
        idempotent=True,
        p_match_id=str(match_id),
        p_client_id=str(new.client_id),
        p_text=new.text,
        p_playground_id=str(new.playground_id) if new.playground_id else None,
        p_known_only=known_only,
    )
    return None if answer is None else SentMessage.model_validate(answer)


def list_conversations(database: Database, page: Page) -> ConversationRows:
    rows = _call(database, "list_conversations", idempotent=True, **page.parameters)
    return ConversationRows.model_validate(rows)


def list_messages(database: Database, match_id: UUID, wanted: Range) -> MessagePage:
    found = _call(
        database,
        "list_messages",
        idempotent=True,
        p_match_id=str(match_id),
        p_after_seq=wanted.after_seq,
        p_before_seq=wanted.before_seq,
        p_limit=wanted.limit,
    )
    return MessagePage.model_validate(found)


def mark_read(database: Database, match_id: UUID, seq: int) -> MovedMark:
    mark = _call(database, "mark_read", idempotent=True, p_match_id=str(match_id), p_seq=seq)
    return MovedMark.model_validate(mark)


def mark_received(database: Database, match_id: UUID, seq: int) -> None:
    _call(database, "mark_received", idempotent=True, p_match_id=str(match_id), p_seq=seq)


def partner(database: Database, match_id: UUID) -> UUID | None:
    found = _call(database, "conversation_partner", idempotent=True, p_match_id=str(match_id))
    return UUID(found) if found else None


def hide(database: Database, match_id: UUID) -> int:
    """Return the number of the first message that the caller will see."""
    return int(_call(database, "hide_conversation", idempotent=True, p_match_id=str(match_id)))


def record_emails(database: Database, limit: int) -> int:
    return int(database.rpc("record_message_emails", {"p_limit": limit}))


def prune_conversations(database: Database, limit: int) -> int:
    return int(database.rpc("prune_conversations", {"p_limit": limit}))


def prune_messages(database: Database, limit: int) -> int:
    return int(database.rpc("prune_messages", {"p_limit": limit}))
