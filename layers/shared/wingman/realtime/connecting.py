"""The beginning and the end of a connection (docs/decisions/043-realtime.md)."""

from http import HTTPStatus
from typing import Any

from wingman.kit.clients.commands import Commands, RedisError
from wingman.kit.errors import DependencyUnavailable, Unauthenticated
from wingman.kit.limits.limiter import limiter
from wingman.kit.observability import count, logger
from wingman.kit.presence.touching import touching
from wingman.realtime import frames, registry, service, tickets
from wingman.realtime.errors import ConnectionClosed
from wingman.realtime.events import Peer, Question
from wingman.realtime.frames import Frame
from wingman.realtime.service import Realtime
from wingman.realtime.tickets import Holder


def authorize(commands: Commands, question: Question) -> dict[str, Any]:
    """Return the policy for a ticket, and its holder, whom each later event names."""
    holder = _redeemed(commands, question.query_string_parameters.ticket)
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Allow" if holder else "Deny",
        "Resource": question.method_arn,
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    answer: dict[str, Any] = {"principalId": "unknown", "policyDocument": policy}
    if holder:
        answer["principalId"] = str(holder.user_id)
        answer["context"] = holder.model_dump(mode="json")
    return answer


def _redeemed(commands: Commands, ticket: str) -> Holder | None:
    try:
        found = tickets.redeem(commands, ticket)
    except (DependencyUnavailable, RedisError) as error:
        logger().warning("realtime.registry_away", exc_info=error)
        return None
    if found is None:
        count("TicketRefused")
    return found


def connect(live: Realtime, peer: Peer) -> HTTPStatus:
    """Add a connection, unless its session has ended since the ticket was made."""
    user_id, session_id = peer.holder.user_id, peer.holder.session_id
    steps = [touching(user_id, session_id), registry.adding(peer.connection, peer.ends_at)]
    try:
        taken = limiter().ask({}, steps=steps)
    except Unauthenticated:
        return HTTPStatus.FORBIDDEN
    if taken.after is None:
        return HTTPStatus.SERVICE_UNAVAILABLE
    count("ConnectionOpened")
    pushed_out = registry.added(taken.after)
    service.end(live, pushed_out, frames.error(ConnectionClosed(), {}, peer.request_id))
    return HTTPStatus.OK


def close(live: Realtime, peer: Peer, reason: Frame) -> None:
    """Close a connection, after a frame that says why."""
    disconnect(live.commands, peer)
    service.end(live, [peer.connection], reason)


def disconnect(commands: Commands, peer: Peer) -> HTTPStatus:
    """Remove a connection; if Redis is down, its entry expires."""
    try:
        registry.remove(commands, peer.holder.user_id, peer.connection.id)
    except (DependencyUnavailable, RedisError) as error:
        logger().warning("realtime.registry_away", exc_info=error)
    return HTTPStatus.OK
