"""/api/conversations: messages between matched users."""

from typing import Annotated, Any
from uuid import UUID

from wingman.conversations import models, service
from wingman.conversations.limits import MESSAGES
from wingman.kit.clients.database import get_user_client
from wingman.kit.clients.queue import queue
from wingman.kit.http import PageQuery, create_app, created, lambda_handler, limit
from wingman.kit.http import limit_but_repeats as but_repeats
from wingman.kit.http.callers import CurrentUser
from wingman.kit.http.limiting import Refusal
from wingman.kit.settings import RedisSettings, SupabaseSettings
from wingman.notifications.settings import QueueSettings
from wingman.realtime.service import realtime
from wingman.realtime.settings import RealtimeSettings

from fastapi import Query, Response

app = create_app(SupabaseSettings, RedisSettings, QueueSettings, RealtimeSettings)
PATH = "/api/conversations"
ONE = f"{PATH}/{{match_id}}"
MESSAGES_PATH = f"{ONE}/messages"
SENDING: dict[str, Any] = {"status_code": 201, "dependencies": [but_repeats(MESSAGES)]}
REPEATED: dict[int | str, Any] = {200: {"model": models.Message, "description": "Sent before."}}


@app.get(PATH, tags=["conversations"], dependencies=[limit()])
def list_conversations(caller: CurrentUser, page: PageQuery) -> models.ConversationPage:
    """List your conversations, that of the newest message first, without those you have hidden."""
    return service.list_conversations(get_user_client(caller.token), page)


@app.get(MESSAGES_PATH, tags=["conversations"], dependencies=[limit()])
def list_messages(
    match_id: UUID, caller: CurrentUser, wanted: Annotated[models.Range, Query()]
) -> models.MessagePage:
    """Read messages in order: those after one, or those before one; else the newest.

    A page is cut at 30 kB, and has at least one message.
    """
    return service.list_messages(get_user_client(caller.token), match_id, wanted)


@app.post(MESSAGES_PATH, tags=["conversations"], responses=REPEATED, **SENDING)
def send_message(
    match_id: UUID, new: models.NewMessage, caller: CurrentUser, refusal: Refusal, answer: Response
) -> models.Message:
    """Send a text or a playground to the partner of an accepted match.

    The same `client_id` and content again returns the first message with 200, even if the limit is
    reached or the match has ended since.
    """
    by = get_user_client(caller.token), queue(), realtime()
    sent = service.send(*by, match_id, new, refusal=refusal)
    page = f"messages?after_seq={sent.message.seq - 1}&limit=1"
    created(answer, f"{PATH}/{match_id}/{page}", replayed=sent.replayed)
    answer.status_code = 200 if sent.replayed else 201
    return sent.message


@app.put(f"{ONE}/read", tags=["conversations"], dependencies=[limit()])
def mark_read(match_id: UUID, until: models.NewReadMark, caller: CurrentUser) -> models.ReadMark:
    """Mark messages as read, and what the list of notifications says about the match.

    The mark only grows, and ends at the last message.
    """
    database = get_user_client(caller.token)
    return service.mark_read(database, realtime(), caller.id, match_id, until.seq)


@app.delete(ONE, tags=["conversations"], status_code=204, dependencies=[limit()])
def hide_conversation(match_id: UUID, caller: CurrentUser) -> None:
    """Hide all messages up to now from yourself alone. A new message brings back what is new."""
    service.hide(get_user_client(caller.token), realtime(), caller.id, match_id)


handler = lambda_handler(app)
