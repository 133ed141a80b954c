"""PostgREST in front of a test's own database, beside the stack's PostgREST."""

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import httpx

from local import tokens
from local.free_port import free_port
from local.parts import clean_env
from local.servers import answers, postgrest_program
from local.stack import CHECKOUT, HOST


class Rest:
    """Calls functions as users, bypassing the API."""

    def __init__(self, url: str, key: str) -> None:
        self._key = key
        self._headers: dict[UUID, dict[str, str]] = {}
        self._client = httpx.Client(
            base_url=url,
            timeout=60,
            trust_env=False,
        )
        self._address = url.removeprefix("http://")
        self._open: list[HTTPConnection] = []

    def call(self, user_id: UUID, function: str, **params: object) -> httpx.Response:
        return self._post(function, params, self._headers_of(user_id))

    def attempt(self, user_id: UUID, function: str, **params: object) -> httpx.Response:
        """Call a function and roll its changes back."""
        headers = self._headers_of(user_id) | {"Prefer": "tx=rollback"}
        return self._post(function, params, headers)

    def at_once(self, calls: Sequence[tuple[UUID, str, Mapping[str, object]]]) -> list[Any]:
        """Send all calls before reading the first answer; return the answers in order.

        A single thread writes to open sockets; calls of several threads would not run in parallel.
        """
        while len(self._open) < len(calls):
            self._open.append(HTTPConnection(self._address))
        for open_, (user_id, function, params) in zip(self._open, calls, strict=False):
            body = json.dumps(params, default=str)
            open_.request("POST", f"/rpc/{function}", body, self._headers_of(user_id))
        answers = [open_.getresponse() for open_ in self._open[: len(calls)]]
        return [(answer.status, json.loads(answer.read() or b"null")) for answer in answers]

    def _post(
        self, function: str, params: Mapping[str, object], headers: Mapping[str, str]
    ) -> httpx.Response:
        body = json.dumps(params, default=str)
        return self._client.post(f"/rpc/{function}", content=body, headers=headers)

    def _headers_of(self, user_id: UUID) -> dict[str, str]:
        if user_id not in self._headers:
            token = tokens.access_token(user_id, key=self._key, supabase_url="http://own")
            self._headers[user_id] = {
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
            }
        return self._headers[user_id]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        for each in self._open:
            each.close()


@contextmanager
def own_postgrest(database_url: str, stack: Mapping[str, str]) -> Iterator[Rest]:
    """Serve a database whose functions already exist."""
    port = free_port()
    key = stack["LOCAL_JWT_JWK"]
    env = clean_env(
        PGRST_DB_URI=database_url,
        PGRST_DB_SCHEMAS="public",
        PGRST_DB_ANON_ROLE="anon",
        PGRST_DB_POOL="20",
        PGRST_DB_CHANNEL_ENABLED="false",
        PGRST_DB_TX_END="commit-allow-override",
        PGRST_JWT_SECRET=json.dumps(tokens.published(key)),
        PGRST_SERVER_HOST=HOST,
        PGRST_SERVER_PORT=str(port),
        PGRST_LOG_LEVEL="error",
    )
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w+") as log:
        running = subprocess.Popen(
            [postgrest_program(CHECKOUT)], env=env, stdout=log, stderr=log, cwd=folder
        )
        try:
            _await(running, f"http://{HOST}:{port}/", Path(log.name))
            with Rest(f"http://{HOST}:{port}", key) as rest:
                yield rest
        finally:
            running.terminate()
            running.wait(timeout=30)


def _await(running: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while not answers(url):
        assert running.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
