"""Reputation is what a recount of the sessions gives: `get_reputation`."""

import json
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.database import (
    Actor,
    Person,
    acting_as,
    call,
    look,
    new_person,
    sqlstate,
)
from tests.integration.meetings import new_pair
from tests.integration.plans import full_scans, plans

_STATUSES = ("scheduled", "completed", "cancelled", "no_show", "expired")
_HISTORIES = 1000
_MANY = 10_000
_PARTNERS = 4
_FIRST_DAY = datetime(2026, 3, 1, tzinfo=UTC)
_TIMES_OF_DAY = [
    timedelta(0),
    timedelta(hours=12),
    timedelta(days=1) - timedelta(microseconds=1),
]


@dataclass(frozen=True)
class Fact:
    """The effect of one session on a reputation."""

    status: str
    confirmed_me: bool
    confirmed_other: bool
    missing_me: bool
    missing_other: bool
    short_notice: bool
    partner: int
    start: datetime


def _history(dice: random.Random) -> list[Fact]:
    """Make up any sessions, even ones that no sequence of steps leads to."""
    # Some people are reliable and some are not: all scores from the lowest to the highest occur.
    bias = dice.choice([_STATUSES, ("completed",) * 9 + _STATUSES, ("no_show",) * 9 + _STATUSES])
    return [
        Fact(
            status=dice.choice(bias),
            confirmed_me=dice.random() < 0.7,
            confirmed_other=dice.random() < 0.7,
            missing_me=dice.random() < 0.3,
            missing_other=dice.random() < 0.3,
            short_notice=dice.random() < 0.1,
            partner=dice.randrange(_PARTNERS),
            start=_FIRST_DAY + timedelta(days=dice.randrange(20)) + dice.choice(_TIMES_OF_DAY),
        )
        for _ in range(dice.randrange(40))
    ]


def _recount(history: list[Fact], leaver: int | None = None) -> dict[str, Any]:
    """Count again, by the rules of docs/sessions.md; one of the partners may have left."""
    met, no_shows = set[tuple[int, str]](), 0
    for fact in history:
        at_least_one_confirmed = fact.confirmed_me or fact.confirmed_other
        over = {"completed", "scheduled"} if fact.partner == leaver else {"completed"}
        if fact.status in over and at_least_one_confirmed and not fact.missing_me:
            met.add((fact.partner, fact.start.strftime("%F")))
        if fact.missing_me:
            reported = fact.status == "no_show" and not fact.short_notice
            no_shows += reported or fact.status == "cancelled"
    return {"completed_sessions": len(met), "no_shows": no_shows, "kept_from": []}


def _store(url: str, histories: list[list[Fact]], dice: random.Random) -> list[list[UUID]]:
    """Store all histories, each of a new person; return the ids of each person and partners."""
    sessions: list[dict[str, Any]] = []
    matches: list[dict[str, Any]] = []
    people: list[list[UUID]] = []
    for history in histories:
        people.append([uuid4() for _ in range(1 + _PARTNERS)])
        me, *others = people[-1]
        for fact in history:
            other = others[fact.partner]
            first, match = dice.random() < 0.5, str(uuid4())
            matches.append(
                {
                    "id": match,
                    "user1_id": str(me if first else other),
                    "user2_id": str(other if first else me),
                }
            )
            missing = [me] * fact.missing_me + [other] * fact.missing_other
            sessions.append(
                {
                    "match_id": match,
                    "status": fact.status,
                    "user1_confirmed": fact.confirmed_me if first else fact.confirmed_other,
                    "user2_confirmed": fact.confirmed_other if first else fact.confirmed_me,
                    "missing": [str(user_id) for user_id in missing],
                    "short_notice_for": str(me) if fact.short_notice else None,
                    "start": fact.start.isoformat(),
                }
            )
    accounts = [each for group in people for each in group]
    look(url, "insert into auth.users (id) select unnest(%s::uuid[])", accounts)
    look(
        url,
        "insert into public.wingman_matches (id, user1_id, user2_id, initiator_id, status)"
        " select id, user1_id, user2_id, user1_id, 'declined'"
        " from jsonb_to_recordset(%s) as given (id uuid, user1_id uuid, user2_id uuid)",
        json.dumps(matches),
    )
    look(
        url,
        "insert into public.wingman_sessions (match_id, venue_name, scheduled_time, status,"
        " user1_completed_confirmed_by_user2, user2_completed_confirmed_by_user1,"
        " no_show_user_ids, short_notice_for)"
        " select match_id, 'Café', start, status, user1_confirmed, user2_confirmed, missing,"
        " short_notice_for"
        " from jsonb_to_recordset(%s) as given (match_id uuid, status text, start timestamptz,"
        " user1_confirmed bool, user2_confirmed bool, missing uuid[], short_notice_for uuid)",
        json.dumps(sessions),
    )
    return people


def _counted(url: str, people: list[UUID]) -> list[dict[str, int]]:
    with acting_as(url, new_person(url)) as connection:
        counted = connection.execute(
            "select public.get_reputation(id) as totals"
            " from unnest(%s::uuid[]) with ordinality as asked (id, place) order by place",
            [people],
        ).fetchall()
    return [row["totals"] for row in counted]


def test_reputation_equals_a_recount_of_a_thousand_random_histories(url: str) -> None:
    seed = uuid4().int
    dice = random.Random(seed)  # noqa: S311 - made up, not secret
    histories = [_history(dice) for _ in range(_HISTORIES)]
    people = _store(url, histories, dice)

    counted = _counted(url, [me for me, *_ in people])
    look(url, "delete from auth.users where id = any(%s)", [leaver for _, leaver, *_ in people])
    after_a_departure = _counted(url, [me for me, *_ in people])

    recounted = [_recount(history) for history in histories]
    assert counted == recounted, f"seed {seed}"
    assert after_a_departure == [_recount(history, 0) for history in histories], f"seed {seed}"
    # The histories are worth counting: scores reach beyond both bounds.
    scores = {totals["completed_sessions"] - totals["no_shows"] for totals in recounted}
    assert min(scores) <= -6
    assert max(scores) >= 11


def test_a_new_person_has_done_nothing_yet(url: str) -> None:
    person = new_person(url)

    totals = call(url, person, "get_reputation", p_user_id=person.user_id)

    assert totals == {"completed_sessions": 0, "no_shows": 0, "kept_from": []}


def test_any_user_reads_the_reputation_of_any_other(url: str) -> None:
    pair = new_pair(url)
    pair.store(pair.session(), status="no_show", no_show_user_ids=[pair.second.user_id])

    totals = call(url, new_person(url), "get_reputation", p_user_id=pair.second.user_id)

    assert totals == {"completed_sessions": 0, "no_shows": 1, "kept_from": []}


def test_an_unknown_user_is_not_found(url: str) -> None:
    refused = sqlstate(url, new_person(url), "get_reputation", p_user_id=uuid4())

    assert refused == ("WR001", "not_found")


def test_a_token_of_a_deleted_user_reads_nothing(url: str) -> None:
    person, gone = new_person(url), Person("authenticated", uuid4())

    refused = sqlstate(url, gone, "get_reputation", p_user_id=person.user_id)

    assert refused == ("WA001", "unauthenticated")


@pytest.fixture(scope="module")
def busy(url: str) -> Person:
    """A person with 10 000 sessions, in a table where others have twice as many."""
    busy, second, third, fourth = (new_person(url) for _ in range(4))
    for inviter, invitee, count, days_ago in (
        (busy, second, _MANY // 2, 0),
        (second, busy, _MANY // 2, _MANY // 2),
        (third, fourth, 2 * _MANY, 0),
    ):
        look(
            url,
            "with pair as (insert into public.wingman_matches"
            " (user1_id, user2_id, initiator_id, status) values (%s, %s, %s, 'declined')"
            " returning id)"
            " insert into public.wingman_sessions (match_id, venue_name, scheduled_time, status,"
            " user1_completed_confirmed_by_user2, created_at)"
            " select pair.id, 'Café', now() - n * interval '1 day', 'completed', true,"
            " now() - n * interval '1 day'"
            " from pair cross join generate_series(%s::int, %s::int) as n",
            *(inviter.user_id, invitee.user_id, inviter.user_id),
            *(days_ago + 1, days_ago + count),
        )
    _vacuum(url)
    return busy


def _vacuum(url: str) -> None:
    """Make an index-only scan possible: wait until every page is marked as all-visible."""
    deadline = time.monotonic() + 30
    pages = "select relallvisible < relpages as waiting from pg_class where relname = %s"
    while time.monotonic() < deadline:
        # An autovacuum ANALYZE at the same time keeps old rows visible.
        look(url, "vacuum (analyze, index_cleanup on) public.wingman_sessions")
        if look(url, pages, "wingman_sessions") == [{"waiting": False}]:
            return


def test_ten_thousand_sessions_are_counted_from_the_index_alone(url: str, busy: Person) -> None:
    found = plans(url, busy, "get_reputation", p_user_id=busy.user_id)

    assert full_scans(found, "wingman_sessions", "user_profiles") == []
    for index in ("wingman_sessions_counted_for_user1", "wingman_sessions_counted_for_user2"):
        assert f"Index Only Scan using {index}" in found
    totals = call(url, busy, "get_reputation", p_user_id=busy.user_id)
    assert totals == {"completed_sessions": _MANY, "no_shows": 0, "kept_from": []}


@pytest.mark.parametrize(
    ("function", "params", "index", "condition"),
    [
        ("list_sessions", {}, "wingman_sessions_of_user2", "(user2_id = $1) AND (ROW(created_at"),
        (
            "list_sessions",
            {"p_status": "completed"},
            "wingman_sessions_of_user1",
            "(user1_id = $1) AND (ROW(created_at",
        ),
        ("close_overdue_sessions", {}, "wingman_sessions_open_by_time", "scheduled_time <="),
        ("expire_matches", {}, "wingman_matches_pending_by_end", "expires_at <="),
    ],
)
def test_the_queries_around_it_read_by_index(
    url: str,
    busy: Person,
    function: str,
    params: dict[str, object],
    index: str,
    condition: str,
) -> None:
    look(
        url,
        "insert into public.wingman_matches (user1_id, user2_id, initiator_id, status)"
        " select %s, %s, %s, 'declined' from generate_series(1, 5000)",
        *(busy.user_id, new_person(url).user_id, busy.user_id),
    )
    look(url, "analyze public.wingman_matches")

    found = plans(url, busy, function, p_limit=20, **params)

    assert full_scans(found, "wingman_sessions", "wingman_matches") == []
    assert index in found
    assert f"Index Cond: ({condition}" in found


@pytest.mark.parametrize("step", ["confirm_session", "cancel_session", "report_no_show"])
def test_a_step_reads_its_session_by_index(url: str, busy: Person, step: str) -> None:
    pair = new_pair(url)
    session_id = pair.session()
    pair.store(session_id, scheduled_time="yesterday")
    actor = Actor("authenticated", pair.first.user_id)

    found = plans(url, actor, step, p_session_id=session_id)

    assert full_scans(found, "wingman_sessions", "wingman_matches") == []
    assert "wingman_sessions_id_hash" in found
