"""`make demo`: people who have never met, from the registration to a reputation and likes."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg

from local import environment, passing_time
from local.errors import StackError
from local.mutual_like import like_each_other
from local.opening import Person, introduce, register
from local.phone import register_phone, show_push
from local.progress import say
from local.stack import Stack
from local.supervisor import require_running
from local.talking import talk

PATIENCE = 75  # an email whose queue message was lost comes with the sweep, within a minute
PAUSE = 0.25
_TRIES = 6  # a limit that others at this address have used up

_DOGS = {
    "Maya": {"display_name": "Maya & Bruno", "age": 4, "activity_level": "high"},
    "Leo": {"display_name": "Leo & Luna", "age": 7, "activity_level": "low"},
}
_PLACES = {
    "Maya": {"latitude": 48.2085, "longitude": 16.3721},
    "Leo": {"latitude": 48.1986, "longitude": 16.3417},
}


class Walk:
    def __init__(self, stack: Stack) -> None:
        self._values = environment.read(stack)
        self._log = stack.log("ministack").relative_to(stack.checkout)
        self._http = httpx.Client(timeout=30, trust_env=False)
        self._shown = 0

    def rest(self, person: Person, *, hours: int) -> None:
        """Begin quiet hours; without any, every email comes at once at any time of the day."""
        now = datetime.now(UTC)
        start, end = (f"{now + timedelta(hours=by):%H:%M}" for by in (-1, hours))
        quiet = {"start": start, "end": end} if hours else None
        path = f"/api/email/preferences/{person.id}"
        self.put(person, path, {"quiet_hours": quiet}, 200)

    def post(self, name: str, path: str, body: dict[str, Any], expected: int) -> Any:
        """Call as someone who has no token yet."""
        return self._answer(name, {}, "POST", path, expected, body).json()

    def call(self, person: Person, path: str, body: dict[str, Any] | None, expected: int) -> Any:
        return self._signed_in(person, "POST", path, expected, body).json()

    def put(self, person: Person, path: str, body: dict[str, Any], expected: int) -> Any:
        return self._signed_in(person, "PUT", path, expected, body).json()

    def read(self, person: Person, path: str) -> httpx.Response:
        return self._signed_in(person, "GET", path, 200)

    def look(self, person: Person, path: str) -> httpx.Response:
        """Read without a line about it: for what is read until it has changed."""
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
        """Let the emails that came so far be older: three a day is the most for what can wait."""
        ids = [person.id for person in people]
        self._change(passing_time.LATER, passed=timedelta(**time), people=ids)

    def remind(self, session_id: str) -> None:
        """Let the reminders of the day before be due."""
        self._change(passing_time.REMIND, session_id=session_id)

    def begin(self, session_id: str) -> None:
        """Let the meeting have begun an hour ago, past the reminder of two hours before."""
        self._change(passing_time.BEGIN, session_id=session_id)

    def wait_for_the_night(self, session_id: str, planned: str, count: int) -> None:
        """Wait until so many emails wait for the end of quiet hours, about the meeting as planned.

        Until quiet hours are over, a sweep would let an email wait again.
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
        """Wait until these people have received so many emails, and show them."""
        found = self._received({person.email for person in people}, count)
        for email in found[self._shown :]:
            say(f"  ✉ to {email['to'][0]:<28} {email['subject']}")
        self._shown = len(found)
        if len(found) > count:
            raise StackError(f"{len(found)} emails where {count} were expected")

    def pushes(self, token: str) -> list[Any]:
        """Return what a phone was sent."""
        path = f"{self._values['FCM_URL']}/_sandbox/pushes"
        found = self._http.get(path, params={"token": token}).raise_for_status().json()
        return [push["message"]["notification"] for push in found]

    def text_to(self, address: str) -> str:
        """Wait for the first email to an address; return its text."""
        return str(self._received({address}, 1)[0]["text"])

    def _received(self, addresses: set[str], count: int) -> list[dict[str, Any]]:
        """Return the emails to these addresses, once there are so many."""

        def found() -> list[dict[str, Any]]:
            return [email for email in self._accepted() if addresses & set(email["to"])]

        self.until(lambda: len(found()) >= count, f"{count} emails", lambda: len(found()))
        return found()

    def until(
        self, came: Callable[[], bool], what: str, so_far: Callable[[], int] = lambda: 0
    ) -> None:
        """Wait until it came, and say where to look if it does not."""
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


def walk(stack: Stack) -> None:
    """Walk from the registration to the reputation; raise where something does not come."""
    require_running(stack)
    try:
        _walk(Walk(stack))
    except (httpx.HTTPError, psycopg.OperationalError) as error:
        raise StackError(f"the stack does not answer ({error}): run `make up`") from error


def _walk(story: Walk) -> None:
    say("Two people register, confirm their addresses, and show themselves")
    maya, leo = register(story, "Maya"), register(story, "Leo")
    for person in (maya, leo):
        introduce(story, person, _DOGS[person.name], _PLACES[person.name])
        story.rest(person, hours=0)
    story.emails([maya, leo], 2)
    say(f"\n1. {maya.name} invites {leo.name}")
    invitation = {
        "invitee_id": str(leo.id),
        "venue_suggestion": "Café Central",
        "note": "Saturday afternoon?",
    }
    match = story.call(maya, "/api/matches", invitation, expected=201)
    story.emails([maya, leo], 3)
    say(f"\n2. {leo.name} accepts")
    answer = story.call(leo, f"/api/matches/{match['id']}/respond", {"action": "accept"}, 200)
    say(f"  the match is {answer['status']}")
    story.emails([maya, leo], 5)
    playground = talk(story, maya, leo, match["id"])
    session = _plan(story, maya, leo, match["id"], playground["name"])
    _meet(story, maya, leo, session)
    ada = like_each_other(story, maya, "Ada")
    story.emails([maya, leo, ada], 14)
    say(f"\nFourteen emails, each exactly once. Read them: {story.inbox}")
    say(f"The pushes are at {story.inbox}fcm/")


def _plan(story: Walk, maya: Person, leo: Person, match_id: str, venue: str) -> Any:
    say(f"\n4. {maya.name} plans to meet there, and {leo.name}'s phone shows it")
    phone = register_phone(story, leo)
    offered = story.read(maya, "/api/challenges?difficulty=beginner").json()["challenges"]
    plan = {
        "match_id": match_id,
        "venue_name": venue,
        "scheduled_time": (datetime.now(UTC) + timedelta(days=3)).isoformat(),
        "user1_challenge_id": offered[0]["id"],
        "user2_challenge_id": offered[1]["id"],
    }
    session = story.call(maya, "/api/sessions", plan, 201)
    show_push(story, leo, phone)
    story.emails([maya, leo], 7)
    say("\n5. Two days pass; the sweep, which runs every minute, reminds both")
    story.pass_time([maya, leo], days=2)
    story.remind(session["id"])
    story.emails([maya, leo], 9)
    return session


def _meet(story: Walk, maya: Person, leo: Person, session: Any) -> None:
    say("\n6. They meet late, and each says that the other came")
    story.pass_time([maya, leo], hours=25)
    story.begin(session["id"])
    for person in (maya, leo):
        story.rest(person, hours=8)
    for person in (maya, leo):
        answer = story.call(person, f"/api/sessions/{session['id']}/confirm", None, 200)
        say(f"  the session is {answer['status']}")
    say("\n7. The night passes, in which no email that can wait arrives")
    story.wait_for_the_night(session["id"], session["scheduled_time"], 2)
    for person in (maya, leo):
        story.rest(person, hours=0)
    story.next_morning(session["id"])
    story.emails([maya, leo], 11)
    say("\n8. It counts")
    for reader in (maya, leo):
        answer = story.read(reader, f"/api/user/reputation/{leo.id}")
        reputation = answer.json()
        say(
            f"  {leo.name}: score {reputation['score']}, {reputation['badge_color']}"
            f" (cache: {answer.headers['x-cache']})"
        )
