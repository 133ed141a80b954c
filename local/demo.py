"""`make demo`: two people who have never met, one invitation, three mails."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg

from local import environment
from local.errors import StackError
from local.progress import say
from local.stack import Stack
from local.tokens import access_token

PATIENCE = 75  # a mail whose queue message was lost comes with the sweep, within a minute
PAUSE = 0.25

_NEW_USER = """
insert into auth.users (id, email, raw_user_meta_data)
values (%s, %s, jsonb_build_object('first_name', %s::text))
"""


@dataclass(frozen=True)
class Person:
    """A user made for this walk."""

    id: UUID
    name: str
    email: str
    token: str


class Walk:
    """The story, told over HTTP as a client app would."""

    def __init__(self, stack: Stack) -> None:
        if not stack.env_file.exists():
            raise StackError("the stack is not up: run `make up`")
        self._values = environment.read(stack)
        self._http = httpx.Client(timeout=30, trust_env=False)
        self._shown = 0

    def join(self, name: str) -> Person:
        """Sign somebody up."""
        user_id, mark = uuid4(), uuid4().hex[:6]
        email = f"{name.lower()}-{mark}@example.com"
        with psycopg.connect(self._values["DATABASE_URL"], connect_timeout=5) as connection:
            connection.execute(_NEW_USER, [user_id, email, name])
        token = access_token(
            user_id,
            secret=self._values["SUPABASE_JWT_SECRET"],
            supabase_url=self._values["SUPABASE_URL"],
        )
        say(f"  {name} signed up as {email}")
        return Person(user_id, name, email, token)

    def call(self, person: Person, path: str, body: dict[str, Any], expected: int) -> Any:
        """Call the API as this person."""
        began = time.monotonic()
        answer = self._http.post(
            self._values["API_URL"] + path,
            json=body,
            headers={"Authorization": f"Bearer {person.token}"},
        )
        took = (time.monotonic() - began) * 1000
        say(f"  {person.name}: POST {path} → {answer.status_code} in {took:.0f} ms")
        if answer.status_code != expected:
            raise StackError(f"expected {expected}, the answer was {answer.text}")
        return answer.json()

    def mails(self, people: list[Person], count: int) -> None:
        """Wait until these people have received so many mails, and show them."""
        addresses, began = {person.email for person in people}, time.monotonic()
        while True:
            found = [mail for mail in self._accepted() if addresses & set(mail["to"])]
            if len(found) >= count:
                break
            if time.monotonic() - began > PATIENCE:
                raise StackError(
                    f"{len(found)} of {count} mails after {PATIENCE} s: "
                    "look at .local/dev/logs/ministack.log and GET /health"
                )
            time.sleep(PAUSE)
        for mail in found[self._shown :]:
            say(f"  ✉ to {mail['to'][0]:<28} {mail['subject']}")
        self._shown = len(found)
        if len(found) > count:
            raise StackError(f"{len(found)} mails where {count} were expected")

    def _accepted(self) -> list[dict[str, Any]]:
        answer = self._http.get(self._values["RESEND_API_URL"] + "/_sandbox/emails")
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found

    @property
    def inbox(self) -> str:
        """Return where the mails can be read."""
        return self._values["INBOX_URL"]


def walk(stack: Stack) -> None:
    """Walk from the invitation to the mails; raise where something does not come."""
    story = Walk(stack)
    try:
        _tell(story)
    except (httpx.HTTPError, psycopg.OperationalError) as error:
        raise StackError(f"the stack does not answer ({error}): run `make up`") from error


def _tell(story: Walk) -> None:
    say("Two people")
    maya, leo = story.join("Maya"), story.join("Leo")
    say(f"\n1. {maya.name} invites {leo.name}")
    invitation = {
        "invitee_id": str(leo.id),
        "venue_suggestion": "Café Central",
        "note": "Saturday afternoon?",
    }
    match = story.call(maya, "/api/matches", invitation, expected=201)
    story.mails([maya, leo], 1)
    say(f"\n2. {leo.name} accepts")
    answer = story.call(leo, f"/api/matches/{match['id']}/respond", {"action": "accept"}, 200)
    say(f"  the match is {answer['status']}")
    say("\n3. Both are told")
    story.mails([maya, leo], 3)
    say(f"\nThree mails, each exactly once. Read them: {story.inbox}")
