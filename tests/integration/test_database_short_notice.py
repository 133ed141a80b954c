"""A plan at short notice binds only the user who made it."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.database import WORKER, Person, acting_as, call, invoke, rows
from tests.integration.meetings import Pair, move_start

_MOMENT = timedelta(microseconds=1)
_NOTICE = timedelta(hours=2)


@pytest.mark.parametrize(
    ("who", "moved_by", "age", "start", "counts"),
    [
        ("second", None, _NOTICE, timedelta(hours=1), True),
        ("second", None, _NOTICE - _MOMENT, timedelta(hours=1), False),
        ("second", None, _NOTICE - _MOMENT, timedelta(), False),
        ("first", None, _NOTICE - _MOMENT, _MOMENT, False),
        ("first", None, _NOTICE - _MOMENT, timedelta(), True),
        ("second", "first", timedelta(), timedelta(hours=1), False),
        ("second", "first", _NOTICE, timedelta(hours=1), True),
        ("second", "second", timedelta(), timedelta(hours=1), True),
        ("first", "second", timedelta(), timedelta(hours=1), False),
        ("first", "second", timedelta(), timedelta(), False),
    ],
)
def test_a_late_cancellation_counts_after_notice_or_against_the_planner(
    pair: Pair, who: str, moved_by: str | None, age: timedelta, start: timedelta, counts: bool
) -> None:
    canceller = getattr(pair, who)
    session_id = pair.session(start)
    with acting_as(pair.url, canceller) as connection:
        connection.execute("reset role")
        connection.execute(
            "update public.wingman_sessions set created_at = now() - %s,"
            " moved_at = now() - %s::interval, planned_by = coalesce(%s, planned_by),"
            " scheduled_time = now() + %s where id = %s",
            [
                timedelta(days=1) if moved_by else age,
                age if moved_by else None,
                getattr(pair, moved_by).user_id if moved_by else None,
                start,
                session_id,
            ],
        )
        (row,) = invoke(connection, "cancel_session", p_session_id=session_id)

    missing = row["cancel_session"]["session"]["no_show_user_ids"]
    assert missing == ([str(canceller.user_id)] if counts else [])


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize(("notice", "counts"), [(timedelta(hours=1), 0), (timedelta(hours=3), 1)])
def test_a_report_counts_after_notice_or_against_the_planner(
    pair: Pair, moved: bool, notice: timedelta, counts: int
) -> None:
    if moved:
        session_id = pair.plan()["session"]["id"]
        pair.move(session_id, scheduled_time=datetime.now(UTC) + notice)
    else:
        session_id = pair.plan(notice)["session"]["id"]
    move_start(pair.url, session_id, timedelta(hours=-30))
    rows(pair.url, WORKER, "close_overdue_sessions", p_limit=10)

    assert pair.do(pair.first, "report_no_show", session_id)["session"]["status"] == "no_show"
    assert _no_shows(pair, pair.second) == counts

    pair.store(session_id, status="no_show", no_show_user_ids=[pair.first.user_id])
    assert _no_shows(pair, pair.first) == 1


def _no_shows(pair: Pair, person: Person) -> object:
    return call(pair.url, person, "get_reputation", p_user_id=person.user_id)["no_shows"]
