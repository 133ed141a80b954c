"""`make doctor` on a deployment's /health, here on a server that answers as planned."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local.doctor import services
from local.doctor.findings import Finding, Level

Answer = tuple[int, bytes]
HEALTHY = (200, b'{"status": "healthy"}')
UNHEALTHY = (503, b'{"status": "unhealthy"}')
GATEWAY = (502, b"Bad Gateway")


@contextmanager
def answering(answers: Sequence[Answer]) -> Iterator[str]:
    """Serve the planned answers, then repeat the last."""
    waiting = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Finding]]:
    monkeypatch.setattr(services, "_PAUSES", (0.0, 0.0, 0.0))

    def run(*answers: Answer) -> list[Finding]:
        with answering(answers) as url:
            monkeypatch.setenv("API_URL", url)
            return list(services.check_api())

    return run


def test_a_gateway_that_fails_once_is_asked_again(check: Callable[..., list[Finding]]) -> None:
    (found,) = check(GATEWAY, GATEWAY, HEALTHY)
    assert found.level is Level.OK


def test_an_unhealthy_deployment_is_said_to_be_unhealthy(
    check: Callable[..., list[Finding]],
) -> None:
    (found,) = check(UNHEALTHY, HEALTHY)
    assert found.level is Level.FAIL
    assert found.text == "/health says unhealthy"


def test_a_gateway_that_goes_on_failing_is_no_answer(check: Callable[..., list[Finding]]) -> None:
    with pytest.raises(ValueError, match="Expecting value"):  # what the doctor cannot read
        check(GATEWAY)
