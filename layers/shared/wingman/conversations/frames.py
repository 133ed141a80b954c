"""The answers to the frames of clients (docs/decisions/043-realtime.md).

A frame costs one call to Redis, which charges the limits, renews the connection, refuses an ended
session and finds the connections of both users; and at most one call to the database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from wingman.conversations import announcing, client_frames, service
from wingman.conversations.client_frames import (
    ClientFrame,
    Ping,
    Read,
    Received,
    Send,
    Sync,
    Typing,
)
from wingman.conversations.limits import MESSAGES
from wingman.conversations.models import Range
from wingman.kit.clients.database import Database, get_user_client
from wingman.kit.clients.queue import queue
from wingman.kit.errors import (
    AccountDeleted,
    ProblemError,
    RateLimited,
    SessionEnded,
    TokenExpired,
)
from wingman.kit.invocation import report
from wingman.kit.limits.charging import Charge, LimitReached, Subjects, admit, buckets
from wingman.kit.limits.limiter import limiter
from wingman.kit.limits.policy import Policy
from wingman.kit.observability import count, logger
from wingman.kit.presence.touching import touching
from wingman.realtime import connecting, frames, registry
from wingman.realtime.errors import ConnectionClosed
from wingman.realtime.events import Peer
from wingman.realtime.frames import Frame
from wingman.realtime.limits import CONNECTION_FRAMES, REFUSED_FRAMES, TYPING, USER_FRAMES
from wingman.realtime.service import Realtime, Via, audience

_ALL_FRAMES = (CONNECTION_FRAMES, USER_FRAMES)
_OWN_LIMITS: Mapping[type, Sequence[Policy]] = {Send: [MESSAGES], Typing: [TYPING]}
_SYNCED_AT_ONCE = 100


@dataclass(frozen=True)
class _Admitted:
    """The permission for a frame.

    `received` is None without Redis. `refusal`: from MESSAGES, so only a repeat is answered.
    """

    charge: Charge
    received: registry.Received | None
    refusal: LimitReached | None = None


def answer(live: Realtime, peer: Peer, text: str) -> Frame | None:
    """Do what a frame asks for, and return the frame that answers it, if any. Raises nothing."""
    asked, frame = _parsed(text)
    try:
        admitted = _admit(peer, frame)
        return _handle(live, peer, frame, admitted)
    except (SessionEnded, AccountDeleted):
        connecting.close(live, peer, frames.session_ended())
    except ProblemError as error:
        refused = frames.error(error, asked, peer.request_id)
        if not (isinstance(error, TokenExpired | ConnectionClosed) or _floods(peer, error)):
            return refused
        connecting.close(live, peer, refused)
    except Exception as error:  # noqa: BLE001 - a client would get no answer from API Gateway
        logger().exception("realtime.crashed", extra={"frame": asked.get("type")})
        count("FrameCrashed")
        report(error)
        return frames.error(ProblemError(), asked, peer.request_id)
    return None


def _parsed(text: str) -> tuple[Mapping[str, str], ClientFrame | ProblemError]:
    """Return what an answer repeats of a frame, and the frame or its error."""
    asked: Mapping[str, str] = {}
    try:
        found = client_frames.decode(text)
        asked = client_frames.named(found)
        return asked, client_frames.read(found)
    except ProblemError as flaw:
        return asked, flaw


def _admit(peer: Peer, frame: ClientFrame | ProblemError) -> _Admitted:
    """Charge a frame, even an invalid one. Raises LimitReached, ConnectionClosed, TokenExpired."""
    if not peer.holder.seconds_left:
        raise TokenExpired
    own = _OWN_LIMITS.get(type(frame), ())
    admitted = _charge(peer, frame, [*_ALL_FRAMES, *own])
    try:
        admit(admitted.charge.verdicts)
    except LimitReached as refusal:
        if own != [MESSAGES] or not refusal.is_of(own):
            raise
        again = _charge(peer, frame, _ALL_FRAMES)
        admit(again.charge.verdicts)
        admitted = _Admitted(again.charge, again.received, refusal)
    if admitted.received and admitted.received.removed:
        raise ConnectionClosed
    return admitted


def _charge(peer: Peer, frame: ClientFrame | ProblemError, policies: Sequence[Policy]) -> _Admitted:
    user_id = peer.holder.user_id
    found = buckets(Subjects(peer.ip, user_id, peer.connection.id), policies)
    match_id = getattr(frame, "match_id", None)
    seen = touching(user_id, peer.holder.session_id)
    renewal = registry.receiving(peer.connection, peer.ends_at, match_id)
    taken = limiter().ask(found, steps=[seen, renewal])
    received = registry.received(taken.after) if taken.after else None
    return _Admitted(Charge(found, taken.verdicts), received)


def _floods(peer: Peer, error: ProblemError) -> bool:
    """Count a refusal, and return whether the connection has had too many of them."""
    if not isinstance(error, RateLimited):
        return False
    subjects = Subjects(peer.ip, peer.holder.user_id, peer.connection.id)
    verdicts = limiter().take(buckets(subjects, [REFUSED_FRAMES]))
    return any(verdict.refuses for verdict in verdicts)


def _handle(
    live: Realtime, peer: Peer, frame: ClientFrame | ProblemError, admitted: _Admitted
) -> Frame | None:
    if isinstance(frame, ProblemError):
        raise frame
    database = get_user_client(peer.holder.token)
    received = admitted.received
    via = Via(peer.connection.id, received.open if received and received.known else None)
    user_id = peer.holder.user_id
    match frame:
        case Send():
            return _send(live, database, frame, admitted, via)
        case Read():
            service.mark_read(database, live, user_id, frame.match_id, frame.seq, via=via)
        case Received():
            service.mark_received(database, frame.match_id, frame.seq)
        case Typing():
            _type(live, peer, database, frame, via)
        case Sync():
            wanted = Range(after_seq=frame.after_seq, limit=_SYNCED_AT_ONCE)
            page = service.list_messages(database, frame.match_id, wanted).model_dump(mode="json")
            return frames.messages(frame.match_id, **page)
        case Ping():
            return frames.pong(service.head(database))
    return None


def _send(live: Realtime, database: Database, frame: Send, admitted: _Admitted, via: Via) -> Frame:
    try:
        sent = service.send(
            database, queue(), live, frame.match_id, frame, refusal=admitted.refusal, via=via
        )
    except ProblemError as error:
        if error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            admitted.charge.give_back(MESSAGES)
        raise
    if sent.replayed:
        admitted.charge.give_back(MESSAGES)
    return frames.ack(frame.client_id, sent.message.model_dump(mode="json"))


def _type(live: Realtime, peer: Peer, database: Database, frame: Typing, via: Via) -> None:
    """Post to the partner that the user is typing. Ask the database if Redis has no answer."""
    known = via.audience
    if known is None:
        partner = service.partner(database, frame.match_id)
        members = partner and (peer.holder.user_id, partner)
        known = audience(live, via, frame.match_id, members) if members else ()
    announcing.typing(live, frame.match_id, peer.holder.user_id, known)
