"""Matched pairs and their sessions, stored as earlier requests would have done."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.support.people import People, Person

# Ids of two challenges in supabase/schemas.
BEGINNER = UUID("16bc367e-3be9-5f1d-97f4-8027d197f576")
ADVANCED = UUID("edc48c8c-9df1-57bb-8cdc-18b3f84f2ec8")


@dataclass(frozen=True)
class Meeting:
    """Maya invited Leo, he accepted, and they planned to meet."""

    people: People
    maya: Person
    leo: Person
    match_id: str
    session_id: str

    @property
    def both(self) -> tuple[Person, Person]:
        return self.maya, self.leo

    def starts_in(self, time: timedelta) -> None:
        """Move the session so that it starts in `time`, which may be negative."""
        self.people.connection.execute(
            "update public.wingman_sessions set scheduled_time = now() + %s,"
            " created_at = least(created_at, created_at - (scheduled_time - now() - %s))"
            " where id = %s",
            (time, time, self.session_id),
        )

    def stored(self, column: str) -> Any:
        """Read a column of the session, bypassing row-level security."""
        row = self.people.connection.execute(
            f"select {column} from public.wingman_sessions where id = %s",  # noqa: S608
            (self.session_id,),
        ).fetchone()
        assert row is not None
        return row[0]


def match(people: People, maya: Person, leo: Person, status: str = "accepted") -> str:
    row = people.connection.execute(
        "insert into public.wingman_matches (user1_id, user2_id, initiator_id, status)"
        " values (%s, %s, %s, %s) returning id",
        (maya.id, leo.id, maya.id, status),
    ).fetchone()
    assert row is not None
    return str(row[0])


def meeting(people: People, starts_in: timedelta = timedelta(days=3), **columns: Any) -> Meeting:
    """Store a planned session of two new people."""
    maya, leo = people.pair()
    match_id = match(people, maya, leo)
    values = {
        "match_id": match_id,
        "venue_name": "Café Central",
        "scheduled_time": datetime.now(UTC) + starts_in,
    } | columns
    marks = ", ".join(["%s"] * len(values))
    row = people.connection.execute(
        f"insert into public.wingman_sessions ({', '.join(values)}) values ({marks}) returning id",  # noqa: S608
        list(values.values()),
    ).fetchone()
    assert row is not None
    return Meeting(people, maya, leo, match_id, str(row[0]))


def completed(people: People, person: Person) -> None:
    match_id = match(people, person, people.new())
    people.connection.execute(
        "insert into public.wingman_sessions (match_id, venue_name, scheduled_time, status,"
        " user1_completed_confirmed_by_user2, user2_completed_confirmed_by_user1)"
        " values (%s, 'Café Central', now() - interval '2 days', 'completed', true, true)",
        (match_id,),
    )


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).astimezone().isoformat()
