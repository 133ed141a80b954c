"""Messages between pairs of users, each on a WebSocket connection to the deployed stack."""

import io
import json
import time
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import boto3
import httpx
from websockets.sync.client import ClientConnection, connect
from websockets.sync.connection import Connection

from tests.support.people import People, Person
from tests.support.profiles import match

_PATIENCE = 60
_EMPTY = "def handler(event, context):\n    return {}\n"


@dataclass(frozen=True)
class Pair:
    """Two matched users, each connected."""

    match_id: UUID
    sender: Connection
    receiver: Connection

    def say(self) -> float:
        """Send a message; return the seconds until the partner's client has it."""
        began = time.perf_counter()
        text = {"type": "send", "match_id": str(self.match_id), "client_id": str(uuid4())}
        self.sender.send(json.dumps(text | {"text": "Hello"}))
        _wait_for(self.receiver, "message")
        took = time.perf_counter() - began
        _wait_for(self.sender, "ack")
        return took


@contextmanager
def pairs(values: Mapping[str, str], count: int) -> Iterator[list[Pair]]:
    """Connect pairs of new users."""
    with ExitStack() as opened, People(dict(values)) as people:
        client = opened.enter_context(httpx.Client(base_url=values["API_URL"], timeout=_PATIENCE))

        def joined() -> Pair:
            two = people.pair()
            match_id = match(people, *two)
            sender, receiver = (opened.enter_context(_connected(client, one)) for one in two)
            return Pair(match_id, sender, receiver)

        yield [joined() for _ in range(count)]


def _connected(client: httpx.Client, person: Person) -> ClientConnection:
    answer = client.post("/api/realtime/tickets", headers=person.authorization)
    ticket = answer.raise_for_status().json()
    url = f"{ticket['url']}?ticket={ticket['ticket']}"
    return connect(url, proxy=None, open_timeout=_PATIENCE, close_timeout=0)


def _wait_for(connection: Connection, kind: str) -> None:
    while (frame := json.loads(connection.recv(timeout=_PATIENCE)))["type"] != kind:
        if frame["type"] == "error":
            raise SystemExit(f"a client received {frame}")


def one_by_one(talking: list[Pair], times: int) -> list[float]:
    return [pair.say() for _ in range(times) for pair in talking]


def at_once(talking: list[Pair]) -> tuple[list[float], float]:
    """Let all pairs send at the same moment; return the seconds of each, and of all together."""
    began = time.perf_counter()
    with ThreadPoolExecutor(len(talking)) as pool:
        took = list(pool.map(Pair.say, talking))
    return took, time.perf_counter() - began


def empty(values: Mapping[str, str], times: int) -> list[float]:
    """Invoke a function that does nothing; return the seconds of each call."""
    lambda_: Any = boto3.client(
        "lambda",
        endpoint_url=values["AWS_ENDPOINT_URL"],
        region_name=values["AWS_REGION"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", _EMPTY)
    name = f"empty-{uuid4().hex[:8]}"
    role = lambda_.list_functions()["Functions"][0]["Role"]
    lambda_.create_function(
        FunctionName=name,
        Runtime="python3.11",
        Handler="app.handler",
        Role=role,
        Code={"ZipFile": code.getvalue()},
    )
    try:
        return [_timed(lambda_, name) for _ in range(times + 1)][1:]
    finally:
        lambda_.delete_function(FunctionName=name)


def _timed(lambda_: Any, name: str) -> float:
    began = time.perf_counter()
    lambda_.invoke(FunctionName=name)["Payload"].read()
    return time.perf_counter() - began
