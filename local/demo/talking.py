"""The middle of `make demo`: two matched users talk over WebSocket and share a playground."""

import json
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from local.demo.walk import Person, Walk
from local.errors import StackError
from local.progress import say

_PATIENCE = 30  # seconds
_PLACE = {"latitude": 48.2066, "longitude": 16.3654}


@dataclass
class _Socket:
    """A connection of a person's app."""

    person: Person
    match_id: str
    connection: ClientConnection

    @classmethod
    def open(cls, walk: Walk, person: Person, match_id: str) -> Self:
        ticket = walk.call(person, "/api/realtime/tickets", None, 201)
        url = f"{ticket['url']}?ticket={ticket['ticket']}"
        try:
            connection = connect(url, proxy=None, open_timeout=_PATIENCE)
        except (OSError, WebSocketException) as error:
            raise StackError(f"{person.name}'s app could not connect ({error})") from error
        return cls(person, match_id, connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def send(self, kind: str, **fields: object) -> None:
        frame = {"type": kind, "match_id": self.match_id, **fields}
        self.connection.send(json.dumps(frame))

    def wait_for(self, kind: str) -> Mapping[str, Any]:
        """Return the next frame of a kind; skip others."""
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                frame = json.loads(self.connection.recv(timeout=until - time.monotonic()))
            except (TimeoutError, WebSocketException) as error:
                raise StackError(f"{self.person.name}'s app received no `{kind}` frame") from error
            if frame["type"] == kind:
                return dict(frame)
            if frame["type"] == "error":
                raise StackError(f"{self.person.name}'s app received {frame}")


def talk(walk: Walk, maya: Person, leo: Person, match_id: str) -> Any:
    """Play the conversation; return the playground that they agree on."""
    say(f"\n3. {maya.name} and {leo.name} talk, each on a WebSocket connection")
    with ExitStack() as connections:
        mayas, leos = (
            connections.enter_context(_Socket.open(walk, person, match_id))
            for person in (maya, leo)
        )
        _say(mayas, leos, text="Hi! Does Luna like water?")
        leos.send("typing")
        mayas.wait_for("typing")
        say(f"  {maya.name}'s app shows that {leo.name} is typing")
        _say(leos, mayas, text="She loves it. Shall we meet here?")
        new = {"name": "Burggarten", **_PLACE, "description": "A lawn and a fountain."}
        playground = walk.call(leo, "/api/playgrounds", new, 201)
        _say(leos, mayas, playground_id=playground["id"])
    return playground


def _say(sender: _Socket, receiver: _Socket, **content: object) -> None:
    began = time.monotonic()
    sender.send("send", client_id=str(uuid4()), **content)
    message = receiver.wait_for("message")["message"]
    took = (time.monotonic() - began) * 1000
    sender.wait_for("ack")
    shown = message["text"] or f"the playground {message['playground']['name']}"
    say(f"  {sender.person.name} → {receiver.person.name} in {took:.0f} ms: {shown}")
    receiver.send("read", seq=message["seq"])
    sender.wait_for("read")
