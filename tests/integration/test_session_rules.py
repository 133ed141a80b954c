"""The rules in Python agree with the database: any reachable state and step, around every edge."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.integration.connections import Connection
from tests.integration.database import WORKER, Actor, invoke
from tests.integration.meetings import Pair, new_pair
from tests.integration.own_database import own_database
from tests.support import session_rules as rules
from tests.support.session_rules import Side, State, Step
from wingman.kit.clients.database import DatabaseError
from wingman.kit.errors import Conflict
from wingman.sessions.models import SessionStatus
from wingman.sessions.repository import REFUSALS

START = datetime(2026, 12, 5, 18, 30, tzinfo=UTC)
TICK = timedelta(microseconds=1)
# Both sides of every edge.
MOMENTS = [
    *(-rules.LATE_CANCELLATION, -rules.LATE_CANCELLATION + TICK),
    *(-TICK, timedelta(0)),
    *(rules.REPORT_AFTER - TICK, rules.REPORT_AFTER),
    *(rules.GRACE - TICK, rules.GRACE),
    *(rules.REPORT_WITHIN, rules.REPORT_WITHIN + TICK),
]


def _change(**fields: str) -> dict[str, Any]:
    given = {f"p_{name}": fields.get(name) for name in ("venue_name", "scheduled_time", "notes")}
    return given | {"p_changes": list(fields)}


CALLS: dict[Step, tuple[str, dict[str, Any]]] = {
    Step.MOVE: ("update_session", _change(venue_name="Park")),
    Step.NOTE: ("update_session", _change(notes="Red scarf")),
    Step.CANCEL: ("cancel_session", {}),
    Step.CONFIRM: ("confirm_session", {}),
    Step.REPORT: ("report_no_show", {}),
}


def _reachable() -> list[State]:
    found, new = set[State](), {State(START)}
    while new:
        found |= new
        new = {after for state in new for after in _followers(state)} - found
    return sorted(found, key=repr)


def _followers(state: State) -> Iterator[State]:
    for moment in MOMENTS:
        yield rules.closed(state, START + moment)
        for step, side in product(Step, Side):
            if rules.refusal(state, step, side, START + moment) is None:
                yield rules.after(state, step, side, START + moment)


@dataclass(frozen=True)
class Stage:
    """One session on one connection, in whose transactions no time passes."""

    pair: Pair
    session_id: UUID
    connection: Connection

    @contextmanager
    def set_to(self, state: State, since: timedelta, actor: Actor) -> Iterator[None]:
        """Put the session into this state for an actor, `since` its start; roll back at the end."""
        ids = {Side.USER1: self.pair.first.user_id, Side.USER2: self.pair.second.user_id}
        claims = json.dumps({"sub": str(actor.user_id)} if actor.user_id else {})
        try:
            self.connection.execute(
                "update public.wingman_sessions set created_at = now() - interval '3 days',"
                " status = %s, scheduled_time = now() - %s,"
                " user1_completed_confirmed_by_user2 = %s,"
                " user2_completed_confirmed_by_user1 = %s, no_show_user_ids = %s where id = %s",
                [
                    *(state.status, since),
                    *(side in state.confirmed_by for side in (Side.USER2, Side.USER1)),
                    *([ids[side] for side in state.missing], self.session_id),
                ],
            )
            self.connection.execute(
                "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)",
                [actor.role, claims],
            )
            yield
        finally:
            self.connection.rollback()

    def state(self) -> State:
        """Read the stored state as the superuser."""
        self.connection.execute("reset role")
        row = self.connection.execute(
            "select * from public.wingman_sessions where id = %s", [self.session_id]
        ).fetchone()
        assert row is not None
        sides = {self.pair.first.user_id: Side.USER1, self.pair.second.user_id: Side.USER2}
        confirmed = {
            Side.USER1: row["user2_completed_confirmed_by_user1"],
            Side.USER2: row["user1_completed_confirmed_by_user2"],
        }
        return State(
            START,
            SessionStatus(row["status"]),
            frozenset(side for side in Side if confirmed[side]),
            frozenset(sides[user_id] for user_id in row["no_show_user_ids"]),
        )

    def take(self, step: Step) -> str | None:
        """Take a step as the actor; return the code of its refusal."""
        function, parameters = CALLS[step]
        try:
            invoke(self.connection, function, p_session_id=self.session_id, **parameters)
        except psycopg.Error as error:
            return code_of(error)
        return None


@pytest.fixture(scope="module")
def stage(database_url: str) -> Iterator[Stage]:
    with own_database(database_url) as url:
        pair = new_pair(url)
        session_id = pair.session()
        with psycopg.connect(url, row_factory=dict_row) as connection:
            yield Stage(pair, session_id, connection)


def code_of(error: psycopg.Error) -> str:
    """Translate a refusal of the database into the error of the API."""
    problem = REFUSALS[str(error.sqlstate)](DatabaseError(str(error.sqlstate), "", None))
    assert isinstance(problem, Conflict)
    return problem.code


def test_the_database_moves_as_the_rules_say(stage: Stage) -> None:
    people = {Side.USER1: stage.pair.first, Side.USER2: stage.pair.second}
    for state, moment, step, side in product(_reachable(), MOMENTS, Step, Side):
        now, case = START + moment, f"{state} {step} by {side} at {moment}"
        with stage.set_to(state, moment, people[side]):
            refusal = stage.take(step)
            assert refusal == rules.refusal(state, step, side, now), case
            if refusal is None:
                assert stage.state() == rules.after(state, step, side, now), case


def test_the_database_closes_as_the_rules_say(stage: Stage) -> None:
    for state, moment in product(_reachable(), MOMENTS):
        with stage.set_to(state, moment, WORKER):
            invoke(stage.connection, "close_overdue_sessions", p_limit=10)
            assert stage.state() == rules.closed(state, START + moment), f"{state} at {moment}"
