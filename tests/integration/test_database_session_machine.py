"""Random commands by two people, a stranger and the clock: the database does as the model says."""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from psycopg.rows import dict_row

from tests.integration.database import WORKER, Actor, invoke, new_person
from tests.integration.meetings import new_pair
from tests.integration.own_database import own_database
from tests.integration.session_model import (
    DAY,
    HOUR,
    PEOPLE,
    Email,
    Model,
    is_planned_reminder,
    refusal_of,
)

# Starts are on half minutes and time moves by whole ones: no limit is closer than 30 seconds.
_STARTS = st.sampled_from([-30, 1, 14, 15, HOUR, 3 * HOUR, 26 * HOUR, 50 * HOUR, 30 * DAY]).map(
    lambda minutes: minutes + 0.5
)
_STEPS = st.sampled_from([5, 15, HOUR, 3 * HOUR, 12 * HOUR, DAY, 3 * DAY, 7 * DAY])
_VENUES = st.sampled_from(["Café", "Park", "Museum"])
_ANYONE = st.sampled_from([*PEOPLE * 4, "stranger"])
_CANCEL = ("cancel", "cancel_session")
_CONFIRM = ("confirm", "confirm_session")
_REPORT = ("report", "report_no_show")
_WORDS = st.sampled_from([*[_CONFIRM] * 5, *[_REPORT] * 4, _CANCEL])
_AFTER_START = st.sampled_from([-3 * HOUR, -HOUR, 5, 30, 30, 30, 20 * HOUR, 30 * HOUR, 8 * DAY])
_PLAN = ("created_at", "moved_at", "scheduled_time")
# Mostly the newest session, sometimes an older one.
_WHICH = st.sampled_from([0, 0, 0, 1, 2])


def _sayings(who: str) -> st.SearchStrategy[tuple[str, tuple[str, str]]]:
    return st.tuples(st.just(who), _WORDS)


class Sessions(RuleBasedStateMachine):
    """One match, on a database that others use at the same time."""

    def __init__(self, url: str, connection: psycopg.Connection[dict[str, Any]]) -> None:
        super().__init__()
        self._connection = connection
        self._match = new_pair(url)
        self._actors = {
            "first": self._match.first,
            "second": self._match.second,
            "stranger": new_person(url),
        }
        self._names = {str(actor.user_id): name for name, actor in self._actors.items()}
        self._model = Model()
        # One instant for all of a run: the same minute of the model is the same time.
        self._anchor = datetime.now(UTC)
        self._closed: set[int] = set()

    # --- commands

    @initialize()
    def begin(self) -> None:
        self.create("first", 3 * HOUR + 0.5, "Café")

    @rule(who=_ANYONE, ahead=_STARTS, venue=_VENUES)
    def create(self, who: str, ahead: float, venue: str) -> None:
        self._both(
            lambda: self._model.create(who, self._model.now + ahead, venue),
            who,
            "create_session",
            p_match_id=self._match.match_id,
            p_scheduled_time=self._anchor + timedelta(minutes=ahead),
            p_venue_name=venue,
        )

    @rule(who=_ANYONE, which=_WHICH, ahead=st.none() | _STARTS, venue=st.none() | _VENUES)
    def move(self, who: str, which: int, ahead: float | None, venue: str | None) -> None:
        at = self._pick(which)
        if at is None:
            return
        start = None if ahead is None else self._model.now + ahead
        changes = ["scheduled_time"] * (ahead is not None) + ["venue_name"] * (venue is not None)
        self._both(
            lambda: self._model.move(who, at, start, venue),
            who,
            "update_session",
            p_session_id=self._ids()[at],
            p_venue_name=venue,
            p_scheduled_time=self._anchor + timedelta(minutes=ahead or 0),
            p_notes="not to be stored",
            p_changes=changes,
        )

    @rule(who=_ANYONE, which=_WHICH, word=_WORDS)
    def speak(self, who: str, which: int, word: tuple[str, str]) -> None:
        at = self._pick(which)
        if at is not None:
            mirror: Callable[[str, int], None] = getattr(self._model, word[0])
            self._both(lambda: mirror(who, at), who, word[1], p_session_id=self._ids()[at])

    @rule(words=st.permutations(PEOPLE).flatmap(lambda each: st.tuples(*map(_sayings, each))))
    def both_speak_of_the_newest(self, words: tuple[tuple[str, tuple[str, str]], ...]) -> None:
        for who, word in words:
            self.speak(who, 0, word)

    @rule(minutes=_STEPS)
    def wait(self, minutes: int) -> None:
        self._model.now += minutes
        for table, columns in (("wingman_sessions", _PLAN), ("email_logs", ["due_at"])):
            earlier = ", ".join(
                f"{each} = {each} - interval '{minutes} minutes'" for each in columns
            )
            self._connection.execute(
                f"update public.{table} set {earlier} where match_id = %s".encode(),  # noqa: S608
                [self._match.match_id],
            )

    @rule(minutes=_AFTER_START)
    def wait_for_the_start(self, minutes: int) -> None:
        """Move to a time around the start of the newest session."""
        if self._model.meetings:
            moment = self._model.meetings[-1].start + minutes
            self.wait(max(math.ceil(moment - self._model.now), 1))

    @rule()
    def close(self) -> None:
        """Run the job; what others left in this database is closed with it."""
        self._model.close_overdue()
        with self._acting(WORKER):
            while invoke(self._connection, "close_overdue_sessions", p_limit=10):
                pass

    # --- what must hold

    @invariant()
    def the_database_is_as_the_model(self) -> None:
        now = self._model.now
        assert [
            (
                meeting.status(now),
                meeting.venue,
                "second" in meeting.confirmed,
                "first" in meeting.confirmed,
                meeting.missing(),
                meeting.cancelled_by,
                meeting.revision,
                None,
            )
            for meeting in self._model.meetings
        ] == [
            (
                session["shown"],
                session["venue_name"],
                session["user1_completed_confirmed_by_user2"],
                session["user2_completed_confirmed_by_user1"],
                {self._names[str(user)] for user in session["no_show_user_ids"]},
                session["cancelled_by"] and self._names[str(session["cancelled_by"])],
                session["sequence"],
                session["notes"],
            )
            for session in self._stored()
        ]

    @invariant()
    def reputation_is_what_a_recount_gives(self) -> None:
        for who in PEOPLE:
            assert self._reputation(who) == self._model.reputation(who, self._day)

    @invariant()
    def emails_are_those_of_the_model(self) -> None:
        expected = sorted(
            (at, *email)
            for at, meeting in enumerate(self._model.meetings)
            for email in meeting.emails
        )
        assert self._emails() == sorted(expected, key=str)

    @invariant()
    def no_user_completes_alone_or_confirms_early_and_closed_stays_closed(self) -> None:
        for at, session in enumerate(self._stored()):
            said = (
                session["user1_completed_confirmed_by_user2"],
                session["user2_completed_confirmed_by_user1"],
            )
            if session["status"] == "completed" and session["age"] < timedelta(hours=24):
                assert all(said)
            if session["age"] < timedelta():
                assert not any(said)
                assert session["status"] in {"scheduled", "cancelled"}
            assert at not in self._closed or session["status"] != "scheduled"
            if session["status"] != "scheduled":
                self._closed.add(at)

    # --- mechanics

    def _both(self, mirror: Callable[[], None], who: str, function: str, **params: Any) -> None:
        """Take the step in both: refusals agree, and the answer names all changed users."""
        before = {each: self._model.reputation(each, self._day) for each in PEOPLE}
        refused = refusal_of(mirror)
        if refused:
            with pytest.raises(psycopg.Error) as caught:
                self._call(who, function, **params)
            assert caught.value.sqlstate == refused
            return
        answer = self._call(who, function, **params)
        after = {each: self._model.reputation(each, self._day) for each in PEOPLE}
        changed = {each for each in PEOPLE if before[each] != after[each]}
        assert changed <= {self._names[user] for user in answer["changed_users"]}

    def _day(self, minute: float) -> date:
        return (self._anchor + timedelta(minutes=minute - self._model.now)).date()

    def _pick(self, which: int) -> int | None:
        return at if (at := len(self._model.meetings) - 1 - which) >= 0 else None

    @contextmanager
    def _acting(self, actor: Actor) -> Iterator[None]:
        claims = {"sub": str(actor.user_id)} if actor.user_id else {}
        with self._connection.transaction():
            self._connection.execute(
                "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)",
                [actor.role, json.dumps(claims)],
            )
            yield

    def _call(self, who: str, function: str, **params: Any) -> Any:
        with self._acting(self._actors[who]):
            return invoke(self._connection, function, **params)[0][function]

    def _reputation(self, who: str) -> object:
        return self._call("stranger", "get_reputation", p_user_id=self._actors[who].user_id)

    def _stored(self) -> list[dict[str, Any]]:
        return self._connection.execute(
            "select *, private.session_status(stored) as shown, now() - scheduled_time as age"
            " from public.wingman_sessions as stored where match_id = %s order by created_at",
            [self._match.match_id],
        ).fetchall()

    def _ids(self) -> list[UUID]:
        return [session["id"] for session in self._stored()]

    def _emails(self) -> list[tuple[int, *Email]]:
        ids = self._ids()
        stored = self._connection.execute(
            "select email.*, extract(epoch from scheduled_time - due_at) / 60 as before"
            " from public.email_logs as email"
            " inner join public.wingman_sessions as session on session.id = email.subject_id"
            " where email.match_id = %s",
            [self._match.match_id],
        ).fetchall()
        lines = [
            (
                ids.index(email["subject_id"]),
                email["email_template"],
                self._names[str(email["user_id"])],
                email["delivery_status"],
                round(email["before"]) if is_planned_reminder(email) else None,
            )
            for email in stored
        ]
        return sorted(lines, key=str)


@pytest.fixture(scope="module")
def url(database_url: str) -> Iterator[str]:
    with own_database(database_url) as own:
        yield own


def test_any_sequence_of_commands_leaves_the_state_of_the_model(url: str) -> None:
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        run_state_machine_as_test(
            lambda: Sessions(url, connection),  # type: ignore[arg-type]  # any factory will do
            settings=settings(
                max_examples=15,
                stateful_step_count=40,
                deadline=None,
                # Explaining a failure traces every line: slow, and of no use here.
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            ),
        )
