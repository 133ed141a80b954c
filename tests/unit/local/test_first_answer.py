"""A stack is up once its API has answered."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from local import first_answer, lifecycle
from local.errors import StackError
from local.stack import HOST, Stack
from local.supervisor import Supervisor


class Door(BaseHTTPRequestHandler):
    """An API whose first function does not start at once."""

    answers: ClassVar[list[int]] = []
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
        self.end_headers()
        self.wfile.write(b"no attribute 'LargeFileError'")

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.setattr(first_answer, "_PAUSE_SECONDS", 0.01)
    Door.asked.clear()
    with ThreadingHTTPServer((HOST, 0), Door) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield Stack("dev", server.server_port, checkout=tmp_path)
        server.shutdown()


def test_up_is_said_after_the_first_good_answer(
    here: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("local.lifecycle._supervisor", Supervisor)
    for done in ("lifecycle._start_all", "greeting.greet", "environment.write"):
        monkeypatch.setattr(f"local.{done}", lambda *_: None)
    Door.answers = [502, 502, 200]
    lifecycle.up(here)
    assert Door.asked == ["/health"] * 3
    *_, before, up = capsys.readouterr().out.splitlines()
    assert "first answer of the API" in before
    assert up.startswith("Up after")


def test_an_api_that_stays_unhealthy_is_an_error_with_advice(here: Stack) -> None:
    Door.answers = [502]
    with pytest.raises(StackError) as error:
        first_answer.await_health(here, patience=0.05)
    said = str(error.value)
    assert "502 no attribute 'LargeFileError'" in said
    assert f"read {here.log('ministack')}, then `make up` again" in said


def test_an_api_that_refuses_connections_is_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"no answer \(ConnectError\)"):
        first_answer.await_health(Stack("dev", 1, checkout=tmp_path), patience=0)
