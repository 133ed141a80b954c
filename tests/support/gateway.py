"""A gateway in front of PostgREST, with answers that the test chooses."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Gateway:
    """A server that answers each POST with the next of its answers, and each GET with its keys."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, str]] = []
        self.headers: dict[str, str] = {}
        self.requests = 0
        self.called: list[str] = []
        self.keys: object = None
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(200, json.dumps(gateway.keys))

            def do_POST(self) -> None:
                gateway.requests += 1
                gateway.called.append(self.path.rpartition("/")[2])
                self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(*(gateway.answers.pop(0) if gateway.answers else (200, '"pong"')))

            def _answer(self, status: int, body: str) -> None:
                if status == 0:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                for name, value in gateway.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
