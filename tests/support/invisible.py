"""Pairs of users; one user becomes invisible to the other."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from tests.support.meetings import match
from tests.support.people import People, Person
from tests.support.profiles import add_photos

State = Callable[[People, Person, Person], None]
OF_USERS, OF_PAIRS = {"user_id", "invitee_id", "leo"}, {"match_id", "session_id"}
"""The placeholders in sample events for the ids of another user, and of a pair's rows."""

_PROFILE = """
insert into public.dog_profiles
(user_id, display_name, age, created_at, latitude, longitude, located_at)
values (%s, %s, 4, now(), 52.5219, 13.4132, now())
"""
_SESSION = """
insert into public.wingman_sessions (match_id, venue_name, scheduled_time)
values (%s, 'Café Central', now() + interval '3 days') returning id
"""
_EMAIL = """
insert into public.email_logs (user_id, match_id, email_template, recipient_email, subject,
    dedupe_key, priority, delivery_status, sent_at)
values (%s, %s, 'match_accepted', %s, %s, gen_random_uuid(), 'urgent', 'sent', now())
"""


def block(people: People, person: Person, other: Person) -> None:
    claims = json.dumps({"role": "authenticated", "sub": str(person.id)})
    with people.connection.transaction():
        people.connection.execute("select set_config('request.jwt.claims', %s, true)", [claims])
        people.connection.execute("select public.put_block(%s)", [other.id])


def hide(people: People, _: Person, other: Person) -> None:
    # A hidden user still exists for a match.
    people.connection.execute(
        "update public.wingman_matches set status = 'declined', responded_at = now()"
        " where user2_id = %s",
        [other.id],
    )
    people.connection.execute("select public.hide_user(%s)", [other.id])


STATES: dict[str, State] = {
    "blocked": block,
    "blocking": lambda people, viewer, other: block(people, other, viewer),
    "hidden": hide,
    "banned": lambda people, _, other: run(people, "select public.ban_user(%s)", other),
    "deleted": lambda people, _, other: run(people, "delete from auth.users where id = %s", other),
}


def run(people: People, statement: str, person: Person) -> None:
    people.connection.execute(statement.encode(), [person.id])


@dataclass(frozen=True)
class Pair:
    """Two users with published profiles, a match and a planned session."""

    viewer: Person
    other: Person
    match_id: str
    session_id: str
    markers: list[str] = field(default_factory=list)

    def ids(self) -> dict[str, str]:
        other = str(self.other.id)
        pair = {"match_id": self.match_id, "session_id": self.session_id}
        return dict.fromkeys(sorted(OF_USERS), other) | pair


def new_pair(people: People) -> Pair:
    name = f"Name{uuid4().hex[:12]}"
    viewer, other = people.new("Maya"), people.new(name)
    for person, dog in ((viewer, "Rex"), (other, f"Dog{name}")):
        people.connection.execute(_PROFILE, (person.id, dog))
        add_photos(people.connection, person.id, 2)
    match_id = match(people, viewer, other)
    (session_id,) = people.connection.execute(_SESSION, [match_id]).fetchone() or [None]
    people.connection.execute(_EMAIL, (viewer.id, match_id, viewer.email, f"{name} accepted"))
    markers = [str(other.id), name, match_id, str(session_id)]
    return Pair(viewer, other, match_id, str(session_id), markers)
