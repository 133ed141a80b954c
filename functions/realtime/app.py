"""WebSocket: the connections of clients and their frames. See wingman/conversations/frames.py."""

import json
from typing import Any

from wingman.conversations.frames import answer
from wingman.kit.clients.redis import redis
from wingman.kit.clock import LambdaContext
from wingman.kit.deployment import DeploymentSettings
from wingman.kit.invocation import invocation
from wingman.kit.settings import RedisSettings, SupabaseSettings, check
from wingman.notifications.settings import QueueSettings
from wingman.realtime import connecting
from wingman.realtime.events import Question, RouteEvent
from wingman.realtime.service import realtime
from wingman.realtime.settings import RealtimeSettings

check(DeploymentSettings, SupabaseSettings, RedisSettings, QueueSettings, RealtimeSettings)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer the authorizer's question about a ticket, or one of the three routes."""
    with invocation(event, context):
        if event.get("type") == "REQUEST":
            return connecting.authorize(redis(), Question.model_validate(event))
        return _answer(RouteEvent.model_validate(event))


def _answer(event: RouteEvent) -> dict[str, Any]:
    peer = event.peer
    if event.kind == "CONNECT":
        return {"statusCode": connecting.connect(realtime(), peer)}
    if event.kind == "DISCONNECT":
        return {"statusCode": connecting.disconnect(redis(), peer)}
    frame = answer(realtime(), peer, event.text)
    body = {} if frame is None else {"body": json.dumps(frame, ensure_ascii=False)}
    return {"statusCode": 200, **body}
