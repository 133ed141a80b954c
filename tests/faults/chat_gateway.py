"""API Gateway for a conversation, with faults; the real handlers run in this process.

Frames are handled concurrently, as on AWS; the local emulator handles them one after the other.
"""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, Self
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from tests.faults.chat_pushes import PushQueue
from tests.faults.killed_process import DoomedProcess
from tests.support.functions import Function
from tests.support.management_api import ManagementApiServer, Peer

AT_ONCE = 4
# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-response.html
ITS_OWN_ERROR = json.dumps(
    {"message": "Internal server error", "connectionId": "c=", "requestId": "r"}
)


class Troubles(Protocol):
    """Decides which calls meet which fault."""

    def kills_before(self) -> bool: ...

    def kills_before_fan_out(self) -> bool: ...

    def has_killed(self, *, is_dead: bool) -> None: ...

    def cuts(self) -> bool: ...

    def forgets_disconnect(self) -> bool: ...

    def refuses(self) -> bool: ...

    def refuses_queue_message(self) -> bool: ...

    def delay(self) -> float: ...


@dataclass(frozen=True)
class _Caller:
    """The part of each event that API Gateway adds for its connection."""

    connection_id: str
    authorizer: dict[str, str]
    connected_at: int


class _Rest(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # the client has reloaded
            super().handle_error(request, client_address)


class ChatGateway:
    """Serves REST at `url` and WebSockets at `ws_url` with the functions passed to `start`."""

    def __init__(self, api: ManagementApiServer, troubles: Troubles) -> None:
        self._api, self._troubles = api, troubles
        self._pool = ThreadPoolExecutor(AT_ONCE)
        # An HTTP function runs in one event loop.
        self._http = ThreadPoolExecutor(1, initializer=_set_loop)
        self._sockets = serve(
            self._talk, "127.0.0.1", 0, process_request=self._admit, compression=None
        )
        self._rest = _Rest(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._rest.server_port}"
        self.ws_url = f"ws://127.0.0.1:{self._sockets.socket.getsockname()[1]}"
        self._callers: dict[UUID, _Caller] = {}
        self._open: set[ServerConnection] = set()
        self.frames = 0

    def start(
        self, functions: Mapping[str, Function], doomed: DoomedProcess, pushes: PushQueue
    ) -> None:
        self._functions, self._doomed, self._pushes = functions, doomed, pushes
        for server in (self._sockets, self._rest):
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._rest.shutdown()
        self._rest.server_close()
        self._sockets.shutdown()
        for socket in list(self._open):
            socket.close_socket()
        self._pool.shutdown()
        self._http.shutdown()

    def settle(self) -> None:
        """Wait until the last frames of disconnected clients are handled."""
        ends_at = time.monotonic() + 10
        while self._open and time.monotonic() < ends_at:
            time.sleep(0.01)
        self._pool.shutdown()

    def _admit(self, socket: ServerConnection, request: Request) -> Response | None:
        """Call the authorizer and `$connect` before the connection opens."""
        ticket = parse_qs(urlsplit(request.path).query)["ticket"][0]
        connection_id = f"{uuid4().hex}="
        realtime = self._functions["realtime"]
        question = realtime.event("authorize", ticket=ticket, connection_id=connection_id)
        answer = realtime.invoke(question)
        if answer["policyDocument"]["Statement"][0]["Effect"] != "Allow":
            return socket.respond(HTTPStatus.FORBIDDEN, "")
        holder = {name: str(value) for name, value in answer["context"].items()}
        self._callers[socket.id] = _Caller(connection_id, holder, round(time.time() * 1000))
        status = HTTPStatus(self._run(self._event(socket, "connect"))["statusCode"])
        return None if status is HTTPStatus.OK else socket.respond(status, "")

    def _talk(self, socket: ServerConnection) -> None:
        connection_id = self._callers[socket.id].connection_id
        self._open.add(socket)
        peer = Peer(on_frame=lambda frame: _send(socket, json.dumps(frame)), on_close=socket.close)
        self._api.connect(connection_id, peer)
        with suppress(ConnectionClosed):
            for text in socket:
                self._pool.submit(self._receive, socket, text)
        self._open.discard(socket)
        self._api.peers.pop(connection_id, None)
        if not self._troubles.forgets_disconnect():
            self._run(self._event(socket, "disconnect"))

    def _receive(self, socket: ServerConnection, text: str | bytes) -> None:
        self.frames += 1
        time.sleep(self._troubles.delay())
        if self._troubles.kills_before():
            return _send(socket, ITS_OWN_ERROR)
        event = self._event(socket, "ping") | {"body": text}
        if '"type":"send"' in str(text) and self._troubles.kills_before_fan_out():
            answer = self._killed("realtime", event)
        else:
            answer = self._run(event)
        if answer is None:
            return _send(socket, ITS_OWN_ERROR)
        if self._troubles.cuts():
            return socket.close_socket()
        return _send(socket, answer["body"]) if "body" in answer else None

    def _event(self, socket: ServerConnection, case: str) -> dict[str, Any]:
        caller = self._callers[socket.id]
        event = self._functions["realtime"].event(case, connection_id=caller.connection_id)
        event["requestContext"] |= {
            "authorizer": caller.authorizer,
            "connectedAt": caller.connected_at,
        }
        return event

    def _run(self, event: dict[str, Any]) -> Any:
        return self._functions["realtime"].invoke(event)

    def _killed(self, name: str, event: dict[str, Any]) -> Any | None:
        answer = self._doomed.invoke(name, event)
        self._troubles.has_killed(is_dead=answer is None)
        return answer

    def answer(self, method: str, path: str, token: str, body: str) -> tuple[int, str]:
        """Return the status and body of a REST call, or of a call to the queue of pushes."""
        if path == "/":
            if self._troubles.refuses_queue_message():
                return 500, "{}"
            self._pushes.accept(body)
            return 200, "{}"
        if self._troubles.refuses():
            return 503, "{}"
        is_ticket = path == "/api/realtime/tickets"
        name = "realtime_ticket" if is_ticket else "conversations"
        function = self._functions[name]
        event = function.event("create" if is_ticket else "get")
        path, _, query = path.partition("?")
        event |= {"rawPath": path, "rawQueryString": query, "body": body or None}
        event["headers"] |= {"authorization": token, "content-type": "application/json"}
        event["requestContext"]["http"] |= {"method": method, "path": path}
        if (
            path.endswith("/messages")
            and method == "POST"
            and self._troubles.kills_before_fan_out()
        ):
            answer = self._killed(name, event)
        else:
            answer = self._http.submit(function.invoke, event).result()
        if answer is None:
            return 502, "{}"
        return answer["statusCode"], answer["body"]


def _set_loop() -> None:
    asyncio.set_event_loop(asyncio.new_event_loop())


def _send(socket: ServerConnection, text: str) -> None:
    with suppress(ConnectionClosed):
        socket.send(text)


def _handler(gateway: ChatGateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            token = self.headers["Authorization"]
            status, text = gateway.answer(self.command, self.path, token, body)
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None: ...

    return Handler
