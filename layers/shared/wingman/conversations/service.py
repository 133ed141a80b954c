"""Conversations. Each step is one SQL function, which numbers messages under one lock."""

from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from wingman.conversations import announcing, repository
from wingman.conversations.models import (
    ConversationPage,
    MessagePage,
    NewMessage,
    Range,
    ReadMark,
    SentMessage,
)
from wingman.kit.clients.database import Database
from wingman.kit.clock import page_by_page
from wingman.kit.errors import RateLimited
from wingman.kit.observability import logger
from wingman.kit.paging import Page
from wingman.notifications import service as notifications
from wingman.realtime.service import Realtime, Via

if TYPE_CHECKING:
    from wingman.kit.clients.queue import Queue  # imports botocore, which only senders need

_MESSAGES_PER_PAGE, _CONVERSATIONS_PER_PAGE, _EMAILS_PER_PAGE = 1000, 50, 200
_SECONDS_PER_PAGE = 6.0


def send(
    database: Database,
    queue: "Queue",
    live: Realtime,
    match_id: UUID,
    new: NewMessage,
    *,
    refusal: RateLimited | None,
    via: Via | None = None,
) -> SentMessage:
    """Send a message, and post it. The same client_id and content again returns the first one.

    `refusal`: the sender has reached the limit, so only a repeated message is answered. Raises it
    for a new one; ConversationNotFound, MatchNotActive, ClientIdReused, MessageLimit.
    """
    sent = repository.send(database, match_id, new, known_only=refusal is not None)
    if sent is None:
        assert refusal is not None  # noqa: S101 - otherwise it is sent
        raise refusal
    if not sent.replayed:
        details = {"match_id": str(match_id), "seq": sent.message.seq}
        logger().info("message.sent", extra=details)
    announcing.message(live, sent, via)
    notifications.enqueue(queue, sent.due)
    return sent


def list_conversations(database: Database, page: Page) -> ConversationPage:
    """List conversations, that of the newest message first."""
    rows = repository.list_conversations(database, page)
    shown, cursor = page.cut(rows.conversations)
    return ConversationPage(conversations=shown, head=rows.head, next_cursor=cursor)


def list_messages(database: Database, match_id: UUID, wanted: Range) -> MessagePage:
    """Return a page of messages, in order. Raises ConversationNotFound."""
    return repository.list_messages(database, match_id, wanted)


def mark_read(
    database: Database,
    live: Realtime,
    caller_id: UUID,
    match_id: UUID,
    seq: int,
    *,
    via: Via | None = None,
) -> ReadMark:
    """Mark messages as read, up to `seq` or the last one. Raises ConversationNotFound."""
    mark = repository.mark_read(database, match_id, seq)
    announcing.read(live, match_id, caller_id, mark.partner_id, mark.read_seq, via)
    return ReadMark(read_seq=mark.read_seq)


def mark_received(database: Database, match_id: UUID, seq: int) -> None:
    """Confirm messages up to `seq` for an app in the foreground, so that they are not pushed.

    Raises ConversationNotFound.
    """
    repository.mark_received(database, match_id, seq)


def head(database: Database) -> str:
    """Return a text that changes whenever one of the caller's conversations does."""
    return repository.list_conversations(database, Page(0)).head


def partner(database: Database, match_id: UUID) -> UUID | None:
    """Return the other user, unless the account was deleted. Raises ConversationNotFound."""
    return repository.partner(database, match_id)


def hide(database: Database, live: Realtime, caller_id: UUID, match_id: UUID) -> None:
    """Hide all messages up to now from the caller. Raises ConversationNotFound."""
    first_seq = repository.hide(database, match_id)
    announcing.hidden(live, match_id, caller_id, first_seq)
    logger().info("conversation.hidden", extra={"match_id": str(match_id)})


def record_emails(database: Database) -> int:
    """Record the emails about messages that stayed unread; return how many were considered."""
    step = partial(repository.record_emails, database, _EMAILS_PER_PAGE)
    return page_by_page(step, _EMAILS_PER_PAGE, seconds=_SECONDS_PER_PAGE)


def prune(database: Database) -> int:
    """Delete old messages, and conversations whose match ended long ago; return how many."""
    steps = {
        repository.prune_conversations: _CONVERSATIONS_PER_PAGE,
        repository.prune_messages: _MESSAGES_PER_PAGE,
    }
    return sum(
        page_by_page(partial(step, database, size), size, seconds=_SECONDS_PER_PAGE)
        for step, size in steps.items()
    )
