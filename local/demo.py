"""`make demo`: two people who have never met, from the invitation to their reputation."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg

from local import environment
from local.errors import StackError
from local.progress import say
from local.stack import Stack
from local.supervisor import require_running
from local.tokens import access_token

PATIENCE = 75  # an email whose queue message was lost comes with the sweep, within a minute
PAUSE = 0.25

_LATER = """
update public.email_logs as email
set
    created_at = email.created_at - %(passed)s,
    group_started_at = email.group_started_at - %(passed)s,
    sent_at = email.sent_at - %(passed)s
where email.user_id = any(%(people)s) and email.claimable_at is null
"""
_REMIND = """
update public.email_logs
set due_at = now()
where subject_id = %(session_id)s and email_template = 'session_reminder_24h'
"""
_BEGIN = """
with begun as (
    update public.wingman_sessions
    set scheduled_time = now() - interval '1 hour'
    where id = %(session_id)s
    returning scheduled_time
)

update public.email_logs
set
    template_data = template_data || jsonb_build_object('scheduled_time', begun.scheduled_time),
    due_at = begun.scheduled_time - interval '2 hours'
from begun
where subject_id = %(session_id)s and email_template = 'session_reminder_2h'
"""
_NEXT_MORNING = """
update public.email_logs
set
    template_data = template_data || jsonb_build_object('scheduled_time', %(planned)s::text),
    due_at = now()
where subject_id = %(session_id)s
    and email_template = 'session_feedback'
    and delivery_status = 'pending'
    and due_at > now()
returning id
"""
_NEW_USER = """
insert into auth.users (id, email, email_confirmed_at, raw_user_meta_data)
values (%s, %s, now(), jsonb_build_object('first_name', %s::text))
"""


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

    def join(self, name: str) -> Person:
        user_id, mark = uuid4(), uuid4().hex[:6]
        email = f"{name.lower()}-{mark}@example.com"
        with psycopg.connect(self._values["DATABASE_URL"], connect_timeout=5) as connection:
            connection.execute(_NEW_USER, [user_id, email, name])
        token = access_token(
            user_id,
            key=self._values["LOCAL_JWT_JWK"],
            supabase_url=self._values["SUPABASE_URL"],
        )
        say(f"  {name} signed up as {email}")
        return Person(user_id, name, email, token)

    def rest(self, person: Person, *, hours: int) -> None:
        """Begin quiet hours; without any, every email comes at once at any time of the day."""
        now = datetime.now(UTC)
        start, end = (f"{now + timedelta(hours=by):%H:%M}" for by in (-1, hours))
        quiet = {"start": start, "end": end} if hours else None
        path = f"/api/email/preferences/{person.id}"
        self._answer(person, "PUT", path, 200, {"quiet_hours": quiet})

    def call(self, person: Person, path: str, body: dict[str, Any] | None, expected: int) -> Any:
        return self._answer(person, "POST", path, expected, body).json()

    def read(self, person: Person, path: str) -> httpx.Response:
        return self._answer(person, "GET", path, 200)

    def _answer(
        self, person: Person, method: str, path: str, expected: int, body: Any = None
    ) -> httpx.Response:
        began = time.monotonic()
        answer = self._http.request(
            method,
            self._values["API_URL"] + path,
            json=body,
            headers={"Authorization": f"Bearer {person.token}"},
        )
        took = (time.monotonic() - began) * 1000
        say(f"  {person.name}: {method} {path} → {answer.status_code} in {took:.0f} ms")
        if answer.status_code != expected:
            raise StackError(f"expected {expected}, the answer was {answer.text}")
        return answer

    def pass_time(self, people: list[Person], **time: int) -> None:
        """Let the emails that came so far be older: three a day is the most for what can wait."""
        ids = [person.id for person in people]
        self._change(_LATER, passed=timedelta(**time), people=ids)

    def remind(self, session_id: str) -> None:
        """Let the reminders of the day before be due."""
        self._change(_REMIND, session_id=session_id)

    def begin(self, session_id: str) -> None:
        """Let the meeting have begun an hour ago, past the reminder of two hours before."""
        self._change(_BEGIN, session_id=session_id)

    def next_morning(self, session_id: str, planned: str, count: int) -> None:
        """Let what waits for the end of quiet hours be due, about the meeting as it was planned."""
        waited, began = 0, time.monotonic()
        while waited < count:
            waited += self._change(_NEXT_MORNING, session_id=session_id, planned=planned)
            if time.monotonic() - began > PATIENCE:
                raise StackError(f"{waited} of {count} emails wait for the morning: {self._log}")
            time.sleep(PAUSE)

    def _change(self, statement: str, **facts: Any) -> int:
        with psycopg.connect(self._values["DATABASE_URL"], connect_timeout=5) as connection:
            return connection.execute(statement, facts).rowcount

    def emails(self, people: list[Person], count: int) -> None:
        """Wait until these people have received so many emails, and show them."""
        addresses, began = {person.email for person in people}, time.monotonic()
        while True:
            found = [email for email in self._accepted() if addresses & set(email["to"])]
            if len(found) >= count:
                break
            if time.monotonic() - began > PATIENCE:
                raise StackError(
                    f"{len(found)} of {count} emails after {PATIENCE} s: "
                    f"look at {self._log} and GET /health"
                )
            time.sleep(PAUSE)
        for email in found[self._shown :]:
            say(f"  ✉ to {email['to'][0]:<28} {email['subject']}")
        self._shown = len(found)
        if len(found) > count:
            raise StackError(f"{len(found)} emails where {count} were expected")

    def _accepted(self) -> list[dict[str, Any]]:
        answer = self._http.get(self._values["RESEND_API_URL"] + "/_sandbox/emails")
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found

    @property
    def inbox(self) -> str:
        return self._values["INBOX_URL"]


def walk(stack: Stack) -> None:
    """Walk from the invitation to the reputation; raise where something does not come."""
    require_running(stack)
    try:
        _walk(Walk(stack))
    except (httpx.HTTPError, psycopg.OperationalError) as error:
        raise StackError(f"the stack does not answer ({error}): run `make up`") from error


def _walk(story: Walk) -> None:
    say("Two people")
    maya, leo = story.join("Maya"), story.join("Leo")
    for person in (maya, leo):
        story.rest(person, hours=0)
    say(f"\n1. {maya.name} invites {leo.name}")
    invitation = {
        "invitee_id": str(leo.id),
        "venue_suggestion": "Café Central",
        "note": "Saturday afternoon?",
    }
    match = story.call(maya, "/api/matches", invitation, expected=201)
    story.emails([maya, leo], 1)
    say(f"\n2. {leo.name} accepts")
    answer = story.call(leo, f"/api/matches/{match['id']}/respond", {"action": "accept"}, 200)
    say(f"  the match is {answer['status']}")
    story.emails([maya, leo], 3)
    session = _plan(story, maya, leo, match["id"])
    _meet(story, maya, leo, session)
    say(f"\nNine emails, each exactly once. Read them: {story.inbox}")


def _plan(story: Walk, maya: Person, leo: Person, match_id: str) -> Any:
    say(f"\n3. {maya.name} plans the meeting")
    offered = story.read(maya, "/api/challenges?difficulty=beginner").json()["challenges"]
    plan = {
        "match_id": match_id,
        "venue_name": "Café Central",
        "scheduled_time": (datetime.now(UTC) + timedelta(days=3)).isoformat(),
        "user1_challenge_id": offered[0]["id"],
        "user2_challenge_id": offered[1]["id"],
    }
    session = story.call(maya, "/api/sessions", plan, 201)
    story.emails([maya, leo], 5)
    say("\n4. Two days pass; the sweep, which runs every minute, reminds both")
    story.pass_time([maya, leo], days=2)
    story.remind(session["id"])
    story.emails([maya, leo], 7)
    return session


def _meet(story: Walk, maya: Person, leo: Person, session: Any) -> None:
    say("\n5. They meet late, and each says that the other came")
    story.pass_time([maya, leo], hours=25)
    story.begin(session["id"])
    for person in (maya, leo):
        story.rest(person, hours=8)
    for person in (maya, leo):
        answer = story.call(person, f"/api/sessions/{session['id']}/confirm", None, 200)
        say(f"  the session is {answer['status']}")
    say("\n6. The night passes, in which no email that can wait arrives")
    story.next_morning(session["id"], session["scheduled_time"], 2)
    for person in (maya, leo):
        story.rest(person, hours=0)
    story.emails([maya, leo], 9)
    say("\n7. It counts")
    for reader in (maya, leo):
        answer = story.read(reader, f"/api/user/reputation/{leo.id}")
        reputation = answer.json()
        say(
            f"  {leo.name}: score {reputation['score']}, {reputation['badge_color']}"
            f" (cache: {answer.headers['x-cache']})"
        )
