"""Calls of the demo, printed as they are made, and waiting for their effects."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg

from local import environment
from local.demo import passing_time
from local.errors import StackError
from local.progress import say
from local.stack import Stack

PATIENCE = 75  # within a minute, the sweep sends an email whose queue message was lost
PAUSE = 0.25
_TRIES = 6  # other users of this address may have used up a limit


@dataclass(frozen=True)
class Person:
    id: UUID
    name: str
    email: str
    token: str


class Walk:
    def __init__(self, stack: Stack) -> None:
        self._values = environment.read(stack)
        self._log = stack.log("ministack").relative_to(stack.checkout)
        self._http = httpx.Client(timeout=30, trust_env=False)
        self._shown = 0

    def rest(self, person: Person, *, hours: int) -> None:
        """Set quiet hours from an hour ago until `hours` from now; 0 turns them off."""
        now = datetime.now(UTC)
        start, end = (f"{now + timedelta(hours=by):%H:%M}" for by in (-1, hours))
        quiet = {"start": start, "end": end} if hours else None
        path = f"/api/email/preferences/{person.id}"
        self.put(person, path, {"quiet_hours": quiet}, 200)

    def post(self, name: str, path: str, body: dict[str, Any], expected: int) -> Any:
        """Call without a token."""
        return self._answer(name, {}, "POST", path, expected, body).json()

    def call(self, person: Person, path: str, body: dict[str, Any] | None, expected: int) -> Any:
        return self._signed_in(person, "POST", path, expected, body).json()

    def put(self, person: Person, path: str, body: dict[str, Any], expected: int) -> Any:
        return self._signed_in(person, "PUT", path, expected, body).json()

    def read(self, person: Person, path: str) -> httpx.Response:
        return self._signed_in(person, "GET", path, 200)

    def look(self, person: Person, path: str) -> httpx.Response:
        """Read without printing a line, for polling."""
        answer = self._http.get(self._values["API_URL"] + path, headers=_bearer(person))
        return answer.raise_for_status()

    def send_file(self, url: str, fields: dict[str, str], file: bytes) -> None:
        answer = self._http.post(url, data=fields, files={"file": file})
        if answer.is_error:
            raise StackError(f"the storage answered {answer.status_code}: {answer.text}")

    def _signed_in(
        self, person: Person, method: str, path: str, expected: int, body: Any = None
    ) -> httpx.Response:
        return self._answer(person.name, _bearer(person), method, path, expected, body)

    def _answer(
        self,
        name: str,
        headers: dict[str, str],
        method: str,
        path: str,
        expected: int,
        body: Any = None,
    ) -> httpx.Response:
        for _ in range(_TRIES):
            began = time.monotonic()
            answer = self._http.request(
                method, self._values["API_URL"] + path, json=body, headers=headers
            )
            took = (time.monotonic() - began) * 1000
            say(f"  {name}: {method} {path} → {answer.status_code} in {took:.0f} ms")
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                break
            seconds = int(answer.headers["Retry-After"])
            say(f"  the rate limit is reached; the next try is in {seconds} s")
            time.sleep(seconds)
        if answer.status_code != expected:
            raise StackError(f"expected {expected}, the answer was {answer.text}")
        return answer

    def pass_time(self, people: list[Person], **time: int) -> None:
        """Make earlier emails older, because the cap is three non-urgent emails a day."""
        ids = [person.id for person in people]
        self._change(passing_time.LATER, passed=timedelta(**time), people=ids)

    def remind(self, session_id: str) -> None:
        """Make the 24-hour reminders due."""
        self._change(passing_time.REMIND, session_id=session_id)

    def begin(self, session_id: str) -> None:
        """Move the meeting's start, and its two-hour reminder, into the past."""
        self._change(passing_time.BEGIN, session_id=session_id)

    def wait_for_the_night(self, session_id: str, planned: str, count: int) -> None:
        """Wait until `count` emails about the planned meeting wait for the end of quiet hours.

        A sweep before then would postpone an email again.
        """

        def waiting() -> int:
            return self._change(passing_time.AS_PLANNED, session_id=session_id, planned=planned)

        self.until(lambda: waiting() == count, f"{count} emails that wait for the morning", waiting)

    def next_morning(self, session_id: str) -> None:
        self._change(passing_time.NEXT_MORNING, session_id=session_id)

    def _change(self, statement: str, **facts: Any) -> int:
        with psycopg.connect(self._values["DATABASE_URL"], connect_timeout=5) as connection:
            return connection.execute(statement, facts).rowcount

    def emails(self, people: list[Person], count: int) -> None:
        """Wait until these people have received `count` emails, and show the new ones."""
        found = self._received({person.email for person in people}, count)
        for email in found[self._shown :]:
            say(f"  ✉ to {email['to'][0]:<28} {email['subject']}")
        self._shown = len(found)
        if len(found) > count:
            raise StackError(f"{len(found)} emails where {count} were expected")

    def pushes(self, token: str) -> list[Any]:
        """Return the notifications sent to a phone."""
        path = f"{self._values['FCM_URL']}/_sandbox/pushes"
        found = self._http.get(path, params={"token": token}).raise_for_status().json()
        return [push["message"]["notification"] for push in found]

    def text_to(self, address: str) -> str:
        """Wait for the first email to an address; return its text."""
        return str(self._received({address}, 1)[0]["text"])

    def _received(self, addresses: set[str], count: int) -> list[dict[str, Any]]:
        """Return the emails to these addresses, once there are `count`."""

        def found() -> list[dict[str, Any]]:
            return [email for email in self._accepted() if addresses & set(email["to"])]

        self.until(lambda: len(found()) >= count, f"{count} emails", lambda: len(found()))
        return found()

    def until(
        self, came: Callable[[], bool], what: str, so_far: Callable[[], int] = lambda: 0
    ) -> None:
        """Wait until `came()` is true. Raises StackError, which says where to look."""
        began = time.monotonic()
        while not came():
            if time.monotonic() - began > PATIENCE:
                raise StackError(
                    f"{so_far()} of {what} after {PATIENCE} s: look at {self._log} and GET /health"
                )
            time.sleep(PAUSE)

    def _accepted(self) -> list[dict[str, Any]]:
        answer = self._http.get(self._values["RESEND_API_URL"] + "/_sandbox/emails")
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found

    @property
    def inbox(self) -> str:
        return self._values["INBOX_URL"]


def _bearer(person: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.token}"}
