"""Two people with an accepted match, their sessions, and a clock that tests may move."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from tests.integration.connections import Row, connected
from tests.integration.database import Person, call, email_row, invoke, look, new_person, sqlstate

BEGINNER = UUID("16bc367e-3be9-5f1d-97f4-8027d197f576")
ADVANCED = UUID("edc48c8c-9df1-57bb-8cdc-18b3f84f2ec8")


# `created_at` moves with the start, so the plan ages by the time that passes.
_MOVE_START = (
    "update public.wingman_sessions set scheduled_time = now() + %s,"
    " created_at = least(created_at, created_at - (scheduled_time - now() - %s)) where id = %s"
)


@dataclass(frozen=True)
class Pair:
    """Two people and their accepted match; the first invited the second."""

    url: str
    first: Person
    second: Person
    match_id: UUID

    def plan(self, start: timedelta = timedelta(days=3), /, **changes: object) -> Any:
        """Plan a session as the first person; return the whole answer."""
        return call(
            self.url, self.first, "create_session", **planned(self.match_id, start, changes)
        )

    def session(self, start: timedelta = timedelta(days=3), /, **changes: object) -> UUID:
        """Plan a session and move the clock until its start is `start` away; return its id."""
        session_id = UUID(self.plan(**changes)["session"]["id"])
        move_start(self.url, session_id, start)
        return session_id

    def do(self, person: Person, step: str, session_id: object, **more: object) -> Any:
        return call(self.url, person, step, p_session_id=session_id, **more)

    def move(self, session_id: object, **fields: object) -> Any:
        """Change fields of the plan as the first person; return the answer."""
        params: dict[str, object] = dict.fromkeys(("venue_name", "scheduled_time", "notes"))
        return self.do(
            self.first,
            "update_session",
            session_id,
            **{f"p_{name}": value for name, value in (params | fields).items()},
            p_changes=list(fields),
        )

    def store(self, session_id: UUID, **columns: object) -> None:
        """Write columns of a session past all rules."""
        names = [sql.SQL("{} = %s").format(sql.Identifier(name)) for name in columns]
        statement = sql.SQL("update public.wingman_sessions set {} where id = %s").format(
            sql.SQL(", ").join(names)
        )
        with connected(self.url) as connection:
            connection.execute(statement, [*columns.values(), session_id])

    def read(self, session_id: UUID) -> Row:
        (row,) = look(self.url, "select * from public.wingman_sessions where id = %s", session_id)
        return row


def new_pair(url: str, first: str = "Maya", second: str = "Leo") -> Pair:
    """Make two people and an accepted match between them."""
    inviter, invitee = new_person(url, first), new_person(url, second)
    return Pair(url, inviter, invitee, new_match(url, inviter, invitee))


def new_match(url: str, inviter: Person, invitee: Person, status: str = "accepted") -> UUID:
    (row,) = look(
        url,
        "insert into public.wingman_matches (user1_id, user2_id, initiator_id, status)"
        " values (%s, %s, %s, %s) returning id",
        *(inviter.user_id, invitee.user_id, inviter.user_id, status),
    )
    return UUID(str(row["id"]))


def planned(
    match_id: UUID, start: timedelta = timedelta(days=3), changes: dict[str, object] | None = None
) -> dict[str, Any]:
    """Return the parameters of `create_session`."""
    params = {"p_venue_name": "Café Central", "p_scheduled_time": datetime.now(UTC) + start}
    return {"p_match_id": match_id} | params | (changes or {})


def refusal(url: str, person: Person, function: str, session_id: object, **more: object) -> str:
    return " ".join(map(str, sqlstate(url, person, function, p_session_id=session_id, **more)))


def move_start(url: str, session_id: UUID, start: timedelta) -> None:
    """Set the time until the start; negative if the session began that long ago."""
    look(url, _MOVE_START, *(start, start, session_id))


def at_the_moment(pair: Pair, session_id: UUID, start: timedelta, step: str, **more: object) -> Any:
    """Let the first person act exactly `start` before the start: no time passes in between."""
    person = pair.first
    with connected(pair.url) as connection:
        connection.execute(_MOVE_START, [start, start, session_id])
        connection.execute(
            "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)",
            [person.role, json.dumps({"role": person.role, "sub": str(person.user_id)})],
        )
        (row,) = invoke(connection, step, p_session_id=session_id, **more)
    return row[step]


def refused_at_the_moment(
    pair: Pair, session_id: UUID, start: timedelta, step: str, **more: object
) -> str | None:
    """Let the first person try what must be refused at that moment; return the message."""
    try:
        answer = at_the_moment(pair, session_id, start, step, **more)
    except psycopg.Error as error:
        return error.diag.message_primary
    raise AssertionError(f"{step} did not refuse but returned {answer}")


def emails(url: str, session_id: object, *templates: str) -> list[Row]:
    return look(
        url,
        "select * from public.email_logs where subject_id = %s"
        " and (cardinality(%s::text[]) = 0 or email_template = any(%s))"
        " order by due_at, email_template, user_id",
        *(session_id, list(templates), list(templates)),
    )


def answered_emails(url: str, answer: Any) -> list[Row]:
    """Return the emails that an answer says to enqueue."""
    return [email_row(url, each["id"]) for each in answer["due"]]
