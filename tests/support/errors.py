"""The stand-in for Sentry."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import urlsplit

import httpx


class Sentry:
    """The sandbox under /sentry: the events that it received, and its faults."""

    def __init__(self, dsn: str) -> None:
        parts = urlsplit(dsn)
        path = parts.path.rpartition("/")[0]
        url = f"{parts.scheme}://{parts.hostname}:{parts.port}{path}/_sandbox"
        self._client = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def events(self, request_id: str = "") -> list[dict[str, Any]]:
        """Return the reported events, oldest first; those of one request if it is given."""
        found = self._client.get("/events").json()["events"]
        return [one for one in found if request_id in {"", one["tags"].get("request_id")}]

    def asked(self) -> int:
        return int(self._client.get("/events").json()["asked"])

    @contextmanager
    def fault(self, mode: str, count: int = 1000) -> Iterator[None]:
        planned = self._client.post("/faults", json={"mode": mode, "count": count})
        assert planned.status_code == 201, planned.text
        yield
        self._client.delete("/faults")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
