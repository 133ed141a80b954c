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
with later as (
    select
        session.id,
        match.user1_id,
        match.user2_id,
        session.scheduled_time - now() - make_interval(mins => %(minutes)s) as passed
    from public.wingman_sessions as session
    inner join public.wingman_matches as match on session.match_id = match.id
    where session.id = %(session_id)s
)

update public.email_logs as email
set
    created_at = email.created_at - later.passed,
    group_started_at = email.group_started_at - later.passed,
    sent_at = email.sent_at - later.passed
from later
where email.user_id in (later.user1_id, later.user2_id) and email.claimable_at is null
"""
_NEARER = """
with moved as (
    update public.wingman_sessions
    set scheduled_time = now() + make_interval(mins => %(minutes)s)
    where id = %(session_id)s
)

update public.email_logs
set
    template_data = template_data
    || jsonb_build_object('scheduled_time', now() + make_interval(mins => %(minutes)s)),
    due_at = now() + make_interval(mins => %(minutes)s)
    - case email_template when 'session_reminder_24h' then interval '24 h' else interval '2 h' end
where subject_id = %(session_id)s and email_template like 'session_reminder_%%'
"""
_NEW_USER = """
insert into auth.users (id, email, email_confirmed_at, raw_user_meta_data)
values (%s, %s, now(), jsonb_build_object('first_name', %s::text))
"""


@dataclass(frozen=True)
class Person:
    """A user made for this walk."""

    id: UUID
    name: str
    email: str
    token: str


class Walk:
    """The steps of the demo, over HTTP as a client app takes them."""

    def __init__(self, stack: Stack) -> None:
        self._values = environment.read(stack)
        self._log = stack.log("ministack").relative_to(stack.checkout)
        self._http = httpx.Client(timeout=30, trust_env=False)
        self._shown = 0

    def join(self, name: str) -> Person:
        """Sign a user up."""
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

    def never_rest(self, person: Person) -> None:
        """Turn quiet hours off, so that every email comes at once at any time of the day."""
        path = f"/api/email/preferences/{person.id}"
        self._answer(person, "PUT", path, 200, {"quiet_hours": None})

    def call(self, person: Person, path: str, body: dict[str, Any] | None, expected: int) -> Any:
        """Call the API as this person."""
        return self._answer(person, "POST", path, expected, body).json()

    def read(self, person: Person, path: str) -> httpx.Response:
        """Read something as this person."""
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

    def move_clock(self, session_id: str, minutes: int) -> None:
        """Let time pass until a session is so many minutes ahead; negative: it began.

        The emails that came so far are as old then as they would be: three a day is the most for
        what can wait.
        """
        facts = {"session_id": session_id, "minutes": minutes}
        with psycopg.connect(self._values["DATABASE_URL"], connect_timeout=5) as connection:
            connection.execute(_LATER, facts)
            connection.execute(_NEARER, facts)

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
        """Return where the emails can be read."""
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
        story.never_rest(person)
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
    _meet(story, maya, leo, session["id"])
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
    story.move_clock(session["id"], 24 * 60 - 1)
    story.emails([maya, leo], 7)
    return session


def _meet(story: Walk, maya: Person, leo: Person, session_id: str) -> None:
    say("\n5. They meet, and each says that the other came")
    story.move_clock(session_id, -60)
    for person in (maya, leo):
        answer = story.call(person, f"/api/sessions/{session_id}/confirm", None, 200)
        say(f"  the session is {answer['status']}")
    story.emails([maya, leo], 9)
    say("\n6. It counts")
    for reader in (maya, leo):
        answer = story.read(reader, f"/api/user/reputation/{leo.id}")
        reputation = answer.json()
        say(
            f"  {leo.name}: score {reputation['score']}, {reputation['badge_color']}"
            f" (cache: {answer.headers['x-cache']})"
        )
