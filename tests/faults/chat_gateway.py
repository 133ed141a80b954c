"""API Gateway for a conversation: the real handlers in this process, frames side by side, faults.

The local emulator handles the frames of a function one after the other; AWS does not.
"""

import asyncio
import json
import threading
import time
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

from tests.support.functions import Function
from tests.support.management_api import ManagementApiServer, Peer

AT_ONCE = 4
# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-response.html
ITS_OWN_ERROR = json.dumps(
    {"message": "Internal server error", "connectionId": "c=", "requestId": "r"}
)


class Killed(BaseException):
    """The process of a function ends here."""


class Troubles(Protocol):
    """Decides which calls meet which fault."""

    def kills_before(self) -> bool: ...

    def cuts(self) -> bool: ...

    def forgets_disconnect(self) -> bool: ...

    def refuses(self) -> bool: ...

    def loses_queue_message(self) -> bool: ...

    def delay(self) -> float: ...


@dataclass(frozen=True)
class _Caller:
    """The part of each event of a connection that API Gateway adds."""

    connection_id: str
    authorizer: dict[str, str]
    connected_at: int


class ChatGateway:
    """Serves REST at `url` and WebSockets at `ws_url`, by functions that `start` is given."""

    def __init__(self, api: ManagementApiServer, troubles: Troubles) -> None:
        self._api, self._troubles = api, troubles
        self._pool = ThreadPoolExecutor(AT_ONCE)
        # An HTTP function runs in one event loop.
        self._http = ThreadPoolExecutor(1, initializer=_set_loop)
        self._sockets = serve(
            self._talk, "127.0.0.1", 0, process_request=self._admit, compression=None
        )
        self._rest = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._rest.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._rest.server_port}"
        self.ws_url = f"ws://127.0.0.1:{self._sockets.socket.getsockname()[1]}"
        self._callers: dict[UUID, _Caller] = {}
        self._open: set[ServerConnection] = set()
        self.frames = 0

    def start(self, realtime: Function, ticket: Function, conversations: Function) -> None:
        self._realtime, self._ticket, self._conversations = realtime, ticket, conversations
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

    def _admit(self, socket: ServerConnection, request: Request) -> Response | None:
        """Ask the authorizer and `$connect`, as long as the connection's id is unknown."""
        ticket = parse_qs(urlsplit(request.path).query)["ticket"][0]
        connection_id = f"{uuid4().hex}="
        question = self._realtime.event("authorize", ticket=ticket, connection_id=connection_id)
        answer = self._realtime.invoke(question)
        if answer["policyDocument"]["Statement"][0]["Effect"] != "Allow":
            return socket.respond(HTTPStatus.FORBIDDEN, "")
        holder = {name: str(value) for name, value in answer["context"].items()}
        self._callers[socket.id] = _Caller(connection_id, holder, round(time.time() * 1000))
        status = HTTPStatus(self._invoke(socket, "connect")["statusCode"])
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
            self._invoke(socket, "disconnect")

    def _receive(self, socket: ServerConnection, text: str | bytes) -> None:
        self.frames += 1
        time.sleep(self._troubles.delay())
        if self._troubles.kills_before():
            return _send(socket, ITS_OWN_ERROR)
        try:
            answer = self._invoke(socket, "ping", body=text)
        except Killed:
            return _send(socket, ITS_OWN_ERROR)
        if self._troubles.cuts():
            return socket.close_socket()
        return _send(socket, answer["body"]) if "body" in answer else None

    def _invoke(self, socket: ServerConnection, case: str, **more: object) -> Any:
        caller = self._callers[socket.id]
        event = self._realtime.event(case, connection_id=caller.connection_id)
        event["requestContext"] |= {
            "authorizer": caller.authorizer,
            "connectedAt": caller.connected_at,
        }
        return self._realtime.invoke(event | more)

    def answer(self, method: str, path: str, token: str, body: str) -> tuple[int, str]:
        """Return the status and the body of a REST call, or of one to the queue of pushes."""
        if path == "/":
            return (500 if self._troubles.loses_queue_message() else 200), "{}"
        if self._troubles.refuses():
            return 503, "{}"
        is_ticket = path == "/api/realtime/tickets"
        function = self._ticket if is_ticket else self._conversations
        event = function.event("create" if is_ticket else "get")
        path, _, query = path.partition("?")
        event |= {"rawPath": path, "rawQueryString": query, "body": body or None}
        event["headers"] |= {"authorization": token, "content-type": "application/json"}
        event["requestContext"]["http"] |= {"method": method, "path": path}
        try:
            answer = self._http.submit(function.invoke, event).result()
        except Killed:
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
