"""A proxy of Redis with faults: stopped, hung, or answering 503 with a gateway's page."""

import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import httpx

FAULTS = ("stopped", "hung", "html")
_PAGE = b"<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"


class _Server(ThreadingHTTPServer):
    allow_reuse_port = True
    daemon_threads = True


def _hold(port: int) -> socket.socket:
    """Reserve a port while nothing listens there."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind(("127.0.0.1", port))
    return held


class Front:
    """A proxy in front of the Upstash REST API, at its own `url`."""

    def __init__(self, upstream: str) -> None:
        self.mode = "alive"
        self._real = httpx.Client(base_url=upstream, timeout=5)
        self._healed = threading.Event()
        self._connections: set[socket.socket] = set()
        self._serve(0)
        self._port = int(self._server.server_address[1])
        self._held = _hold(self._port)
        self.url = f"http://127.0.0.1:{self._port}"

    def break_down(self, fault: str) -> None:
        """Make Redis fail in one of the ways of FAULTS."""
        self.mode = fault
        self._healed.clear()
        if fault == "stopped":
            self._close()

    def heal(self) -> None:
        was, self.mode = self.mode, "alive"
        self._healed.set()
        if was == "stopped":
            self._serve(self._port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._healed.set()
        self._close()
        self._held.close()
        self._real.close()

    def _serve(self, port: int) -> None:
        self._server = _Server(("127.0.0.1", port), self._handler())
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()

    def _close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        if self.mode == "hung":
            self._healed.wait(60)
            raise ConnectionAbortedError
        if self.mode == "html":
            return 503, "text/html", _PAGE
        real = self._real.post(path, content=body, headers=headers)
        return real.status_code, "application/json", real.content

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet per answer

            def setup(self) -> None:
                super().setup()
                front._connections.add(self.connection)

            def finish(self) -> None:
                front._connections.discard(self.connection)
                with suppress(OSError):
                    super().finish()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                passed = {"Authorization": self.headers["Authorization"]}
                try:
                    status, kind, content = front._answer(self.path, passed, body)
                except (OSError, httpx.HTTPError):
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None: ...

        return Handler
