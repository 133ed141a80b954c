"""The emails that the provider accepted, per recipient."""

import time
from typing import Any, Self

import httpx

from tests.support.people import Person


class Inbox:
    """Reads the provider's own list of accepted emails."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=10)

    def of(self, person: Person) -> list[dict[str, Any]]:
        return self.to(person.email)

    def to(self, address: str) -> list[dict[str, Any]]:
        answer = self._client.get("/_sandbox/emails", params={"to": address})
        emails: list[dict[str, Any]] = answer.json()
        return emails

    def subjects(self, person: Person) -> list[str]:
        return [str(email["subject"]) for email in self.of(person)]

    def wait_for(self, person: Person, count: int, seconds: float = 90) -> list[dict[str, Any]]:
        """Wait for `count` emails to a person and return them; fail if they do not come."""
        ends_at = time.monotonic() + seconds
        while len(emails := self.of(person)) < count and time.monotonic() < ends_at:
            time.sleep(0.2)
        assert len(emails) == count, [email["subject"] for email in emails]
        return emails

    def fault(self, mode: str, count: int, match: str | None = None) -> None:
        body = {"mode": mode, "count": count} | ({"match": match} if match else {})
        self._client.post("/_sandbox/faults", json=body).raise_for_status()

    def heal(self) -> None:
        self._client.delete("/_sandbox/faults").raise_for_status()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
