"""Users of the load test, in Locust: reads a plan from stdin, writes a line of JSON per step.

Runs in .local/load with `python -m gevent.monkey`, which patches the sockets and threads of its
process before any import.
"""

import json
import logging
import random
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, ClassVar
from uuid import uuid4

import gevent
import requests
import websocket
from locust.contrib.fasthttp import FastHttpUser
from locust.env import Environment

from tests.bench.load.life import Crowd, Life, StuckError, frame
from tests.bench.load.plan import Plan, Step
from tests.bench.load.tally import Tally

_TIMEOUT = 60
_PING_SECONDS = 10
_UNUSED = "http://127.0.0.1"


class RefusedError(Exception):
    """An unexpected answer, which is counted as an error."""


class Socket:
    """A user's WebSocket, and the greenlet that reads it."""

    def __init__(self, user: "Caller", url: str) -> None:
        self._user = user
        began = time.perf_counter()
        self._socket = websocket.create_connection(url, timeout=_TIMEOUT)
        user.count("WebSocket: connect", began)
        self._sent: dict[str, float] = {}
        self._pinged: float | None = None
        self._closed = False
        self._greenlets = [gevent.spawn(self._read), gevent.spawn(self._ping)]

    def send(self, match_id: str, text: str) -> None:
        client_id = str(uuid4())
        self._sent[client_id] = SENT[client_id] = time.perf_counter()
        self._socket.send(frame("send", match_id=match_id, client_id=client_id, text=text))

    def close(self) -> None:
        self._closed = True
        gevent.killall(self._greenlets)
        self._socket.close()
        for client_id, began in self._sent.items():
            SENT.pop(client_id, None)
            if time.perf_counter() - began > _TIMEOUT:
                self._user.count("WebSocket: send, until ack", began, "no ack")

    def _ping(self) -> None:
        while True:
            gevent.sleep(_PING_SECONDS)
            self._pinged = time.perf_counter()
            self._socket.send(frame("ping"))

    def _read(self) -> None:
        while True:
            try:
                found = self._socket.recv()
                if not found:
                    raise ConnectionResetError("the server has closed the connection")
                self._take(json.loads(found))
            except (OSError, ValueError, websocket.WebSocketException) as error:
                if not self._closed:
                    self._user.count("WebSocket: read", time.perf_counter(), repr(error))
                return

    def _take(self, found: Mapping[str, Any]) -> None:
        kind = found["type"]
        if kind == "ack":
            self._user.count("WebSocket: send, until ack", self._sent.pop(found["client_id"]))
        elif kind == "message":
            self._receive(found["message"])
        elif kind == "pong" and self._pinged:
            self._user.count("WebSocket: ping, until pong", self._pinged)
        elif kind == "error":
            self._user.count("WebSocket: read", time.perf_counter(), str(found))

    def _receive(self, message: Mapping[str, Any]) -> None:
        began = SENT.pop(message["client_id"], None)
        if began is not None:  # others were sent over REST
            self._user.count("WebSocket: send, until the partner has it", began)
        confirmed = {"match_id": message["match_id"], "seq": message["seq"]}
        self._socket.send(frame("received", **confirmed))


# The send time of each message that the partner has not received yet, by its client_id.
SENT: dict[str, float] = {}
CROWD = Crowd()
TALLY = Tally()


def _live(user: Any) -> None:
    """Live one life; an unexpected answer ends it."""
    user.token = ""
    with suppress(RefusedError):
        try:
            Life(user, CROWD, random.Random()).live()  # noqa: S311 - no secret
        except (StuckError, requests.RequestException, websocket.WebSocketException) as error:
            user.count("the story", time.perf_counter(), repr(error)[:300])


class Caller(FastHttpUser):
    """A Locust user who lives one life after another, at a pace in calls per second."""

    host = _UNUSED
    pace = 1.0
    inbox = ""
    connection_timeout = network_timeout = _TIMEOUT
    tasks: ClassVar = [_live]

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.token = ""
        self._socket: Socket | None = None
        self._next = time.monotonic() + random.random() / self.pace  # noqa: S311 - no secret

    def wait_time(self) -> float:
        return 0

    def pause(self) -> None:
        """Wait for the next turn; after a slow answer, catch up, so that the pace is kept."""
        gevent.sleep(max(0.0, self._next - time.monotonic()))
        self._next += 1 / self.pace

    def rest(self, seconds: float) -> None:
        gevent.sleep(seconds)
        self._next = max(self._next, time.monotonic())

    def call(
        self, method: str, path: str, body: object = None, *, name: str = "", expected: int = 200
    ) -> Any:
        self.pause()
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        began, shown = time.perf_counter(), name or f"{method} {path}"
        answer = self.client.request(method, path, json=body, headers=headers, name=shown)
        if answer.status_code != expected:
            text = answer.text or repr(answer.error)
            self.count(shown, began, f"{answer.status_code} {text[:300]}")
            raise RefusedError
        self.count(shown, began)
        return None if expected == HTTPStatus.NO_CONTENT else answer.json()

    def upload(self, url: str, fields: Mapping[str, str], file: bytes) -> None:
        self.pause()
        began = time.perf_counter()
        answer = requests.post(url, data=fields, files={"file": file}, timeout=_TIMEOUT)
        self.count("POST to the bucket", began, "" if answer.ok else answer.text[:300])

    def text_to(self, address: str) -> str | None:
        found = requests.get(self.inbox, params={"to": address}, timeout=_TIMEOUT).json()
        return str(found[-1]["text"]) if found else None

    def talk(self, match_id: str, text: str) -> None:
        if self._socket is None:
            ticket = self.call("POST", "/api/realtime/tickets", expected=201)
            self._socket = Socket(self, f"{ticket['url']}?ticket={ticket['ticket']}")
        self.pause()
        self._socket.send(match_id, text)

    def hang_up(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None

    def count(self, name: str, began: float, error: str = "") -> None:
        TALLY.add(name, time.perf_counter() - began, error)


def run(plan: Plan) -> None:
    """Run the steps of a plan, and report the start and end of each measurement."""
    Caller.host, Caller.inbox, Caller.pace = plan.api, plan.inbox, plan.pace
    runner = Environment(user_classes=[Caller]).create_local_runner()
    try:
        for step in plan.steps:
            _take(runner, step)
    finally:
        runner.quit()


def _take(runner: Any, step: Step) -> None:
    spread = max(1.0, step.warm / 2)
    runner.start(step.users, spawn_rate=max(0.5, step.users / spread), wait=False)
    gevent.sleep(step.warm)
    _print("begin", asdict(step))
    TALLY.clear()
    gevent.sleep(step.seconds)
    _print("end", TALLY.counted())


def _print(event: str, facts: Mapping[str, Any]) -> None:
    print(json.dumps({"event": event, **facts}), flush=True)  # noqa: T201 - the caller reads it


if __name__ == "__main__":
    logging.getLogger("locust").setLevel(logging.WARNING)
    run(Plan.read(sys.stdin.read()))
