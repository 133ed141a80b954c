"""A stand-in for API Gateway's management API, with faults that the emulator lacks."""

import json
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

LARGEST_FRAME = 32_768
KEY_ID, SECRET, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI", "eu-central-1"


class Fault(StrEnum):
    """A fault of the next call for a connection."""

    THROTTLED = "429"
    UNAVAILABLE = "503"
    FORBIDDEN = "403"
    BROKEN = "the connection breaks before the frame arrives"
    LOST_ANSWER = "the connection breaks after the frame has arrived"
    SLOW = "no answer before the test releases it"
    TWICE = "the frame arrives twice"
    LATE = "the frame arrives after the next one"


_STATUS = {
    Fault.THROTTLED: 429,
    Fault.UNAVAILABLE: 503,
    Fault.FORBIDDEN: 403,
    Fault.BROKEN: 0,
}


@dataclass(frozen=True)
class _Call:
    method: str
    path: str
    headers: Any
    body: bytes

    @property
    def connection_id(self) -> str:
        return unquote(self.path.rpartition("/@connections/")[2])


@dataclass
class Peer:
    """The client at the other end of a connection; the callbacks get its frames and its end."""

    on_frame: Callable[[Any], object] = lambda _: None
    on_close: Callable[[], object] = lambda: None
    frames: list[Any] = field(default_factory=list)
    closed: bool = False
    _late: list[Any] = field(default_factory=list)

    def receive(self, frame: Any, fault: Fault | None) -> None:
        if fault is Fault.LATE:
            self._late.append(frame)
            return
        arrived = [frame] * (2 if fault is Fault.TWICE else 1) + self._late
        self._late = []
        self.frames += arrived
        for each in arrived:
            self.on_frame(each)

    def close(self) -> None:
        self.closed = True
        self.on_close()


class ManagementApiServer:
    """Answers 410 for unknown ids, and checks the signature and size of each call."""

    def __init__(
        self, credentials: tuple[str, str] = (KEY_ID, SECRET), region: str = REGION
    ) -> None:
        self._auth = SigV4Auth(Credentials(*credentials), "execute-api", region)
        self.peers: dict[str, Peer] = {}
        self.calls: list[tuple[str, str, int]] = []
        self.paths: list[str] = []
        self.release = threading.Event()
        self._faults: dict[str, list[Fault]] = defaultdict(list)
        self._turn = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/prod"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()

    def connect(self, connection_id: str, peer: Peer | None = None) -> Peer:
        """Make a connection known, as API Gateway does after the answer of `$connect`."""
        self.peers[connection_id] = peer or Peer()
        return self.peers[connection_id]

    def disconnect(self, connection_id: str) -> None:
        del self.peers[connection_id]

    def plan(self, connection_id: str, *faults: Fault) -> None:
        self._faults[connection_id] += faults

    def statuses(self, connection_id: str) -> list[int]:
        return [status for _, called, status in self.calls if called == connection_id]

    def answer(self, call: _Call) -> int:
        """Return the status of a call; 0 breaks the connection."""
        with self._turn:
            waiting = self._faults[call.connection_id]
            fault = waiting.pop(0) if waiting else None
        if fault is Fault.SLOW:
            self.release.wait(5)
        with self._turn:
            status = self._status(call, fault)
            self.paths.append(call.path)
            self.calls.append((call.method, call.connection_id, status))
        return 0 if fault is Fault.LOST_ANSWER else status

    def _status(self, call: _Call, fault: Fault | None) -> int:
        if not _is_signed(call, self._auth):
            return 403
        if fault in _STATUS:
            return _STATUS[fault]
        peer = self.peers.get(call.connection_id)
        if peer is None:
            return 410
        if call.method == "DELETE":
            del self.peers[call.connection_id]
            peer.close()
            return 204
        if len(call.body) > LARGEST_FRAME:
            return 413
        if call.method == "POST":
            peer.receive(json.loads(call.body), fault)
        return 200


def _is_signed(call: _Call, auth: SigV4Auth) -> bool:
    """Sign the request again, as it arrived, and compare."""
    given = call.headers.get("Authorization", "")
    names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    kept = {name: call.headers[name] for name in names if name in call.headers}
    url = f"http://{call.headers['Host']}{call.path}"
    request = AWSRequest(call.method, url, headers=kept, data=call.body)
    request.context["timestamp"] = call.headers.get("X-Amz-Date", "")
    text = auth.string_to_sign(request, auth.canonical_request(request))
    return bool(given) and given.endswith(f"Signature={auth.signature(text, request)}")


def _handler(api: ManagementApiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def __getattr__(self, name: str) -> Any:
            if name.startswith("do_"):
                return self._answer
            raise AttributeError(name)

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status = api.answer(_Call(self.command, self.path, self.headers, body))
            if status == 0:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if error := _ERRORS.get(status):
                self.send_header("x-amzn-ErrorType", error)
            content = b"" if status == 204 else b"{}"
            if status != 204:
                self.send_header("Content-Length", str(len(content)))
            with suppress(ConnectionError):  # a client waits only so long
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    return Handler


# https://docs.aws.amazon.com/apigatewaymanagementapi/latest/reference — the errors of an action
_ERRORS = {
    403: "ForbiddenException",
    410: "GoneException",
    413: "PayloadTooLargeException",
    429: "LimitExceededException",
}
