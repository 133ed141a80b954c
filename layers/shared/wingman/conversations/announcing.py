"""Posts steps of a conversation to the connections of both users, except the one that caused it."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from wingman.conversations.models import SentMessage
from wingman.kit.clock import utc_now
from wingman.realtime import frames
from wingman.realtime.frames import Frame
from wingman.realtime.registry import Connection
from wingman.realtime.service import Realtime, Via, audience, deliver

# A repeat posts the message again, because the first request may have ended before it did. Later
# repeats post nothing: they cost their sender nothing, and the partner has synced.
_REPEATS_COUNT_FOR = timedelta(minutes=2)


def message(live: Realtime, sent: SentMessage, via: Via | None) -> None:
    """Post a message to the partner, unless the match has ended, and to the sender's devices."""
    new = sent.message
    if sent.partner_id is None or new.sender_id is None:
        return
    if sent.replayed and utc_now() - new.sent_at > _REPEATS_COUNT_FOR:
        return
    to = audience(live, via, new.match_id, (new.sender_id, sent.partner_id))
    _post(live, frames.message(new.model_dump(mode="json")), to, via)


def read(
    live: Realtime, match_id: UUID, reader: UUID, partner: UUID | None, seq: int, via: Via | None
) -> None:
    """Post a read mark to the partner and to the reader's other devices."""
    if partner is not None:
        to = audience(live, via, match_id, (reader, partner))
        _post(live, frames.read(match_id, reader, seq), to, via)


def hidden(live: Realtime, match_id: UUID, user_id: UUID, first_seq: int) -> None:
    """Post the first message that the user's own devices still show."""
    deliver(live, frames.hidden(match_id, first_seq), to=[user_id])


def typing(live: Realtime, match_id: UUID, writer: UUID, known: Sequence[Connection]) -> None:
    """Post to the partner that the writer is typing; `known` has the connections of both."""
    partners = [one for one in known if one.user_id != writer]
    deliver(live, frames.typing(match_id, writer), to=partners)


def _post(live: Realtime, frame: Frame, to: Sequence[Connection], via: Via | None) -> None:
    deliver(live, frame, to=to, except_connection=via.connection_id if via else None)
