"""WebSocket connections of clients, handled by the function `realtime` in this process."""

import json
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import jwt

from tests.support.functions import Function
from tests.support.people import Person
from tests.support.realtime import MemoryPosts
from wingman.kit.clients.redis import redis
from wingman.realtime import registry

Frame = dict[str, Any]


def session_of(token: str) -> UUID:
    return UUID(jwt.decode(token, options={"verify_signature": False})["session_id"])


@dataclass
class Socket:
    """One connection, as API Gateway presents it to the function."""

    app: Function
    posts: MemoryPosts
    person: Person
    id: str = field(default_factory=lambda: f"{uuid4().hex[:15]}=")
    ends_at: int = field(default_factory=lambda: int(time.time()) + 3600)
    ip: str = "203.0.113.7"

    def event(self, case: str, **more: Any) -> dict[str, Any]:
        values = {
            "connection_id": self.id,
            "user_id": str(self.person.id),
            "login_id": str(session_of(self.person.token)),
            "access_token": self.person.token,
            "ends_at": str(self.ends_at),
        }
        event = self.app.event(case, **values)
        event["requestContext"]["connectedAt"] = int(time.time() * 1000)
        event["requestContext"]["identity"]["sourceIp"] = self.ip
        return event | more

    def open(self) -> int:
        return int(self.app.invoke(self.event("connect"))["statusCode"])

    def close(self) -> None:
        assert self.app.invoke(self.event("disconnect")) == {"statusCode": 200}

    def say(self, text: str, **more: Any) -> Frame | None:
        """Send a frame as text; return its answer."""
        answer = self.app.invoke(self.event("ping", body=text, **more))
        assert answer["statusCode"] == 200, answer
        return json.loads(answer["body"]) if "body" in answer else None

    def send(self, kind: str, **fields: Any) -> Frame | None:
        return self.say(json.dumps({"type": kind} | fields, ensure_ascii=False))

    def refused(self, kind: str, **fields: Any) -> str:
        answer = self.send(kind, **fields)
        assert answer is not None
        assert answer["type"] == "error", answer
        return str(answer["code"])

    @property
    def received(self) -> list[Frame]:
        return [frame for connection_id, frame in self.posts.posted if connection_id == self.id]

    @property
    def is_closed(self) -> bool:
        return self.id in self.posts.closed


def message(text: str = "Hello", **more: Any) -> Frame:
    return {"client_id": str(uuid4()), "text": text} | more


def connected(person: Person) -> set[str]:
    return {each.id for each in registry.connections_of(redis(), [person.id])}
