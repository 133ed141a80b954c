"""The deletion of an account: the rows that it deletes, and those that others keep."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.integration.connections import Row, connected
from tests.integration.database import (
    WORKER,
    Person,
    bind,
    call,
    email_row,
    invitation,
    invoke,
    look,
    new_email,
    overtaken,
    rows,
)
from tests.integration.meetings import Pair, move_start, planned

_WEEK = timedelta(days=7)
_SECOND = timedelta(seconds=1)


def delete(url: str, person: Person) -> None:
    look(url, "delete from auth.users where id = %s", person.user_id)


def emails_to(pair: Pair, person: Person, template: str) -> list[Row]:
    return look(
        pair.url,
        "select * from public.email_logs where user_id = %s and email_template = %s",
        *(person.user_id, template),
    )


def totals(pair: Pair, person: Person) -> tuple[int, int]:
    found = call(pair.url, person, "get_reputation", p_user_id=person.user_id)
    return found["completed_sessions"], found["no_shows"]


# --- reputation; test_database_reputation.py compares random histories


@pytest.mark.parametrize(("since", "counts"), [(_WEEK - _SECOND, 0), (_WEEK + _SECOND, 1)])
def test_a_report_counts_only_if_it_could_be_contradicted_in_time(
    pair: Pair, since: timedelta, counts: int
) -> None:
    session_id = pair.session()
    pair.store(session_id, status="no_show", no_show_user_ids=[pair.first.user_id])
    move_start(pair.url, session_id, -since)
    assert totals(pair, pair.first) == (0, 1)

    delete(pair.url, pair.second)

    assert totals(pair, pair.first) == (0, counts)


def test_a_late_cancellation_still_counts(pair: Pair) -> None:
    pair.do(pair.first, "cancel_session", pair.session(timedelta(hours=1)))

    delete(pair.url, pair.second)

    assert totals(pair, pair.first) == (0, 1)


@pytest.mark.parametrize(
    ("step", "counts"), [("confirm_session", (1, 0)), ("report_no_show", (0, 0))]
)
def test_an_open_session_counts_by_what_the_leaver_said(
    pair: Pair, step: str, counts: tuple[int, int]
) -> None:
    pair.do(pair.second, step, pair.session(timedelta(hours=-2)))

    delete(pair.url, pair.second)

    assert totals(pair, pair.first) == counts


def test_two_accounts_that_leave_together_leave_nothing(pair: Pair) -> None:
    pair.store(pair.session(), status="completed", user1_completed_confirmed_by_user2=True)

    ids = [pair.first.user_id, pair.second.user_id]
    look(pair.url, "delete from auth.users where id = any(%s)", ids)

    assert look(pair.url, "select * from private.past_outcomes where user_id = any(%s)", ids) == []


# --- the meeting is off


@pytest.mark.parametrize(
    ("start", "notified"),
    [
        (timedelta(hours=3), True),
        (timedelta(minutes=-59), True),
        (timedelta(minutes=-61), False),
    ],
)
def test_a_meeting_that_is_not_over_is_called_off(
    pair: Pair, start: timedelta, notified: bool
) -> None:
    session_id = pair.session(start)
    (row,) = look(
        pair.url, "select private.iso_utc(scheduled_time) as start from public.wingman_sessions"
        " where id = %s", session_id,
    )  # fmt: skip

    delete(pair.url, pair.second)

    found = emails_to(pair, pair.first, "session_called_off")
    assert [email["template_data"] for email in found] == [{"scheduled_time": row["start"]}] * (
        notified
    )
    assert {email["delivery_status"] for email in found} <= {"pending"}
    for template in ("session_reminder_24h", "session_reminder_2h"):
        statuses = {each["delivery_status"] for each in emails_to(pair, pair.first, template)}
        assert statuses == {"cancelled"}


def test_a_meeting_that_was_cancelled_is_not_called_off(pair: Pair) -> None:
    pair.do(pair.first, "cancel_session", pair.session())

    delete(pair.url, pair.second)

    assert emails_to(pair, pair.first, "session_called_off") == []


# --- traces


def digest(pair: Pair, person: Person, **columns: object) -> UUID:
    """Store a weekly digest that names a person."""
    facts = {
        "met": [{"partner_name": "Leo", "venue_name": "Leo's place"}],
        "partner_ids": [str(person.user_id)],
        "inviter_ids": [],
    }
    values = {"priority": "bulk", "template_data": Jsonb(facts), "subject": "Leo and you"}
    return new_email(pair.url, pair.first, email_template="weekly_digest", **(values | columns))


def test_a_digest_that_was_not_sent_is_recorded_again_later(pair: Pair) -> None:
    invited = Jsonb({"partner_ids": [], "inviter_ids": [str(pair.second.user_id)]})
    digest(pair, pair.second)
    digest(pair, pair.second, template_data=invited)
    other = digest(pair, pair.first)

    delete(pair.url, pair.second)

    assert [row["id"] for row in emails_to(pair, pair.first, "weekly_digest")] == [other]


def test_a_digest_that_was_sent_loses_its_words(pair: Pair) -> None:
    sent = digest(pair, pair.second, delivery_status="delivered")
    under_way = digest(pair, pair.second)
    bind(pair.url, under_way)

    delete(pair.url, pair.second)

    for email, status in ((sent, "delivered"), (under_way, "unknown")):
        row = email_row(pair.url, email)
        assert (row["delivery_status"], row["subject"]) == (status, None)
        assert row["template_data"] == {}


def test_a_digest_recorded_during_the_deletion_loses_its_words_soon(pair: Pair) -> None:
    delete(pair.url, pair.second)
    digest(pair, pair.second)
    departures = rows(pair.url, WORKER, "list_departures", p_limit=1000)
    mine = [each for each in departures if each["user_id"] == pair.second.user_id]
    assert [each["partner_ids"] for each in mine] == [[pair.first.user_id]]

    call(pair.url, WORKER, "finish_departures", p_user_ids=[pair.second.user_id])

    assert emails_to(pair, pair.first, "weekly_digest") == []
    left = rows(pair.url, WORKER, "list_departures", p_limit=1000)
    assert pair.second.user_id not in {each["user_id"] for each in left}


def test_no_table_names_a_deleted_user(pair: Pair) -> None:
    key = {"p_idempotency_key": "k", "p_request_hash": "h"}
    session_id = pair.plan(**key)["session"]["id"]
    move_start(pair.url, session_id, timedelta(hours=-1))
    for person in (pair.first, pair.second):
        pair.do(person, "confirm_session", session_id)
    digest(pair, pair.second, delivery_status="sent")
    look(pair.url, "update public.wingman_matches set status = 'declined', responded_at = now() -"
         " interval '8 days' where id = %s", pair.match_id)  # fmt: skip
    again = invitation(pair.second, p_idempotency_key="again", p_request_hash="h")
    call(pair.url, pair.first, "request_match", **again)

    delete(pair.url, pair.second)
    call(pair.url, WORKER, "finish_departures", p_user_ids=[pair.second.user_id])

    tables = look(
        pair.url,
        "select concat_ws('.', schemaname, tablename) as name from pg_tables"
        " where schemaname in ('public', 'private', 'auth')",
    )
    for gone in (str(pair.second.user_id), "Leo", session_id, str(pair.match_id)):
        for table in tables:
            query = f"select 1 from {table['name']} as t where t::text like %s"  # noqa: S608
            if table["name"] != "public.email_logs" or gone == str(pair.second.user_id):
                assert look(pair.url, query, f"%{gone}%") == [], (gone, table["name"])


# --- at the same moment


def test_planning_waits_for_a_deletion_and_finds_no_match(pair: Pair) -> None:
    with connected(pair.url) as deleting:
        deleting.execute("delete from auth.users where id = %s", [pair.second.user_id])
        refused = overtaken(
            pair.url,
            deleting,
            pair.first,
            lambda connection: invoke(connection, "create_session", **planned(pair.match_id)),
        )

    assert (refused.sqlstate, refused.diag.message_primary) == ("WM002", "not_found")


@pytest.mark.parametrize("function", ["create_session", "request_match", "submit_challenge"])
def test_a_request_that_waited_for_the_deletion_of_its_account_is_refused(
    pair: Pair, function: str
) -> None:
    params = {
        "create_session": planned(pair.match_id),
        "request_match": invitation(pair.second),
        "submit_challenge": {
            "p_challenge_id": uuid4(),
            "p_session_id": None,
            "p_outcome": "done",
            "p_reflection": None,
            "p_window_days": 7,
        },
    }[function]
    with connected(pair.url) as deleting:
        deleting.execute("delete from auth.users where id = %s", [pair.first.user_id])
        refused = overtaken(
            pair.url,
            deleting,
            pair.first,
            lambda connection: invoke(connection, function, **params),
        )

    assert (refused.sqlstate, refused.diag.message_primary) == ("WA001", "unauthenticated")


def test_a_step_and_a_deletion_do_not_block_each_other(pair: Pair) -> None:
    """The step has locked its session, and notifies the leaver while the deletion waits."""
    session_id = pair.session()
    with psycopg.connect(pair.url) as step, ThreadPoolExecutor(1) as pool:
        step.execute("select private.lock_session(%s, %s)", [session_id, pair.first.user_id])
        deleting = pool.submit(delete, pair.url, pair.second)
        blocked = "select 1 from pg_stat_activity where %s = any(pg_blocking_pids(pid))"
        while not look(pair.url, blocked, step.info.backend_pid):
            assert not deleting.done()
        step.execute(
            "select private.notify(%s, 'session_cancelled', '{}', 'test', %s)",
            [pair.second.user_id, pair.match_id],
        )
        step.commit()
        deleting.result()

    assert look(pair.url, "select 1 from auth.users where id = %s", pair.second.user_id) == []
