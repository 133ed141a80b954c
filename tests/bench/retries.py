"""Our retries and botocore's standard mode against a server that fails."""

import contextlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any, Self
from unittest.mock import patch

import boto3
import botocore.endpoint
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from redis import Redis

from wingman.kit.clients.circuits import breaker, with_retry, with_supabase_retry
from wingman.kit.clients.database import PostgrestDatabase
from wingman.kit.clients.dependencies import SUPABASE
from wingman.kit.clients.transport import http_client
from wingman.kit.clock import within
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.resilience import retry

DEADLINE = 0.9
"""Seconds."""


class FailingServer:
    """Carries out each request, then answers 503 after `seconds`, or never (`lost`)."""

    def __init__(self, *, seconds: float = 0.0, lost: bool = False) -> None:
        self.began: list[float] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                server.began.append(time.monotonic())
                self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(seconds)
                if lost:
                    self.close_connection = True
                    return
                with contextlib.suppress(OSError):  # a caller that gave up has closed it
                    self.wfile.write(b"HTTP/1.1 503 Away\r\nContent-Length: 2\r\n\r\n{}")

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Ours:
    """The kit's database client and retries, in a fresh container."""

    def __init__(self, url: str) -> None:
        self.new_container()
        session = http_client("bench", timeout=5.0)
        self._database = PostgrestDatabase(url, {}, session)

    def new_container(self) -> None:
        breaker.cache_clear()
        retry.budgets.cache_clear()

    def idempotent(self) -> None:
        with contextlib.suppress(DependencyUnavailable):
            self._database.rpc("any", {}, idempotent=True)

    def not_idempotent(self) -> None:
        with contextlib.suppress(DependencyUnavailable):
            self._database.rpc("any", {})

    def without_breaker(self) -> None:
        policy = with_supabase_retry.replace(breaker=None, idempotent=True)
        with contextlib.suppress(DependencyUnavailable):
            policy.run(lambda: self._database._call("any", {}))

    def stubborn(self) -> None:
        """Retry more often and for longer than any policy, within 900 ms."""
        policy = with_retry(4, first_wait=0.05, patience=60.0, idempotent=True)
        with contextlib.suppress(DependencyUnavailable), within(DEADLINE):
            policy.run(lambda: self._database._call("any", {}))


class Botocore:
    """A default SQS client of botocore; sending a message is not idempotent."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.new_container()

    def new_container(self) -> None:
        """Make another client, because a retry budget belongs to a client."""
        self._client = self._made(3)

    def call(self) -> None:
        self._send(self._client)

    def stubborn(self) -> None:
        """Retry more often than by default; botocore takes no deadline."""
        self._send(self._made(5))

    def _send(self, client: Any) -> None:
        with contextlib.suppress(ClientError, BotoCoreError):
            client.send_message(QueueUrl=f"{self._url}/1/queue", MessageBody="any")

    def _made(self, attempts: int) -> Any:
        return boto3.client(
            "sqs",
            endpoint_url=self._url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"mode": "standard", "total_max_attempts": attempts}),
        )


@contextlib.contextmanager
def no_waits() -> Iterator[None]:
    at_once = SimpleNamespace(sleep=lambda _: None)
    with retry.pausing_with(at_once.sleep), patch.object(botocore.endpoint, "time", at_once):
        yield


@contextlib.contextmanager
def no_circuit(redis_url: str) -> Iterator[None]:
    """Begin with a closed circuit, and close it again at the end."""
    with Redis.from_url(redis_url) as client:
        client.delete(SUPABASE.key)
        yield
        client.delete(SUPABASE.key)


def storm(redis_url: str, callers: int, *, containers: bool = False) -> list[float]:
    """Return the calls per caller that reach a dead server: ours, without breaker, botocore's.

    All callers are in one container, or each is in its own.
    """
    found = []
    with FailingServer() as server:
        ours, theirs = Ours(server.url), Botocore(server.url)
        for contender, call in (
            (ours, ours.idempotent),
            (ours, ours.without_breaker),
            (theirs, theirs.call),
        ):
            server.began.clear()
            contender.new_container()
            with no_circuit(redis_url), no_waits():
                for _ in range(callers):
                    if containers:
                        contender.new_container()
                    call()
            found.append(len(server.began) / callers)
    return found


def times_done(redis_url: str) -> list[int]:
    """Return how often a non-idempotent call is carried out if its answers are lost."""
    found = []
    with FailingServer(lost=True) as server:
        for call in (Ours(server.url).not_idempotent, Botocore(server.url).call):
            server.began.clear()
            with no_circuit(redis_url), no_waits():
                call()
            found.append(len(server.began))
    return found


def late_attempts(contender: Ours | Botocore, server: FailingServer) -> tuple[int, float]:
    """Return the attempts after the deadline, and the deadlines until the caller's error."""
    server.began.clear()
    began = time.monotonic()
    contender.stubborn()
    taken = time.monotonic() - began
    late = sum(moment > began + DEADLINE for moment in server.began)
    return late, taken / DEADLINE
