from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tests.support.functions import Function
from tests.support.meetings import Meeting, completed, match, meeting
from tests.support.people import People, Person
from wingman.kit import idempotency
from wingman.kit.clients.database import Database
from wingman.kit.errors import DependencyUnavailable
from wingman.notifications.email.operating import digests
from wingman.notifications.email.readers import history
from wingman.sessions import service

Load = Callable[..., Function]


def score(function: Load, person: Person) -> int:
    values = {"access_token": person.token, "user_id": str(person.id)}
    return int(function("reputation").call("get", **values)[1]["score"])


def overdue(people: People, **columns: object) -> Meeting:
    return meeting(people, timedelta(hours=-24, minutes=-1), **columns)


def run(function: Load) -> dict[str, int]:
    app = function("housekeeping")
    counts: dict[str, int] = app.invoke(app.event("every_hour"), milliseconds=60_000)
    return counts


def test_overdue_sessions_are_closed_by_their_confirmations(function: Load, people: People) -> None:
    silent = overdue(people)
    confirmed = overdue(people, user2_completed_confirmed_by_user1=True)
    reported = overdue(people)
    people.connection.execute(
        "update public.wingman_sessions set no_show_user_ids = array[%s]::uuid[] where id = %s",
        (reported.leo.id, reported.session_id),
    )
    young = meeting(people, timedelta(hours=-23))
    assert run(function)["sessions_closed"] >= 3
    ended = [one.stored("status") for one in (silent, confirmed, reported, young)]
    assert ended == ["expired", "completed", "no_show", "scheduled"]
    assert run(function)["sessions_closed"] == 0


def test_a_closed_session_shows_in_the_next_read(function: Load, people: People) -> None:
    planned = overdue(people, user1_completed_confirmed_by_user2=True)
    assert [score(function, person) for person in planned.both] == [0, 0]
    run(function)
    assert [score(function, person) for person in planned.both] == [1, 1]


def test_an_unanswered_invitation_expires(function: Load, people: People) -> None:
    maya, leo = people.pair()
    match_id = match(people, maya, leo, "pending")
    people.connection.execute(
        "update public.wingman_matches set created_at = now() - interval '49 h',"
        " expires_at = now() - interval '1 h' where id = %s",
        (match_id,),
    )
    assert run(function)["matches_expired"] >= 1
    row = people.connection.execute(
        "select status from public.wingman_matches where id = %s", (match_id,)
    ).fetchone()
    assert row == ("expired",)


def test_more_than_a_page_is_closed_in_one_run(
    function: Load, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "PAGE", 2)
    planned = [overdue(people) for _ in range(5)]
    assert run(function)["sessions_closed"] >= 5
    assert {one.stored("status") for one in planned} == {"expired"}


def test_a_failing_step_fails_the_run_after_all_others_ran(
    function: Load, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(database: Database) -> int:
        raise DependencyUnavailable("supabase")

    planned, app = overdue(people), function("housekeeping")
    for name in ("matches_expired", "digests_recorded"):
        monkeypatch.setitem(app.module._STEPS, name, broken)
    reported: list[Database] = []
    monkeypatch.setitem(app.module._STEPS, "emails_reported", reported.append)

    with pytest.raises(ExceptionGroup) as caught:
        app.invoke(app.event("every_hour"), milliseconds=60_000)

    assert len(caught.value.exceptions) == 2
    assert planned.stored("status") == "expired"
    assert len(reported) == 1


def test_old_emails_are_pruned_page_by_page(
    function: Load, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PRUNED_AT_ONCE", 2)
    maya = people.new()
    people.connection.execute(
        "insert into public.email_logs (user_id, email_template, recipient_email, dedupe_key,"
        " priority, delivery_status, created_at)"
        " select %s, 'match_declined', %s, gen_random_uuid(), 'bulk', 'sent', '2020-01-01'"
        " from generate_series(1, 5)",
        (maya.id, maya.email),
    )
    assert run(function)["emails_pruned"] >= 5
    left = people.connection.execute(
        "select 1 from public.email_logs where user_id = %s", (maya.id,)
    ).fetchall()
    assert left == []


def test_answers_under_an_idempotency_key_are_pruned_after_24_hours(
    function: Load, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "PRUNED_AT_ONCE", 2)
    maya = people.new()
    people.connection.execute(
        "insert into private.idempotency_keys (user_id, key, request_hash, response, created_at)"
        " select %s, minutes, '', '{}', now() - make_interval(hours => 24, mins => minutes)"
        " from generate_series(-1, 3) as minutes",
        (maya.id,),
    )
    assert run(function)["keys_pruned"] >= 4
    left = people.connection.execute(
        "select key from private.idempotency_keys where user_id = %s", (maya.id,)
    ).fetchall()
    assert left == [("-1",)]


@pytest.mark.parametrize(("weekday", "recorded"), [("Monday", 1), ("Thursday", 0)])
def test_digests_are_recorded_after_a_week_has_ended(
    function: Load,
    people: People,
    monkeypatch: pytest.MonkeyPatch,
    weekday: str,
    recorded: int,
) -> None:
    """tests/integration/test_database_weekly_digest.py tests the exact hours."""
    today = datetime.now(UTC)
    monday = (today - timedelta(days=today.weekday())).replace(hour=0, minute=10)
    now = monday + timedelta(days=3 * (weekday == "Thursday"))
    maya = people.new(rests=True)
    people.connection.execute(
        "insert into public.email_preferences (user_id, choices, timezone)"
        " values (%s, '{\"marketing_emails\": true}', 'UTC')",
        (maya.id,),
    )
    completed(people, maya)
    people.connection.execute(
        "update public.wingman_sessions set completed_at = %s where user1_id = %s",
        (monday - timedelta(hours=1), maya.id),
    )
    app = function("housekeeping")
    step = partial(digests.record, now=lambda: now)
    monkeypatch.setitem(app.module._STEPS, "digests_recorded", step)

    done = app.invoke(app.event("every_hour"), milliseconds=60_000)

    assert (done["digests_recorded"] > 0) == bool(recorded)
    rows = people.connection.execute(
        "select 1 from public.email_logs where user_id = %s", (maya.id,)
    ).fetchall()
    assert len(rows) == recorded
