"""Reminders are rows that come due 24 and 2 hours before the start, whatever clocks do."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from psycopg.conninfo import make_conninfo

from tests.integration.database import WORKER, acting_as, claim, invoke, look, rows
from tests.integration.meetings import BEGINNER, Pair, emails, new_pair, planned

_REMINDERS = ("session_reminder_24h", "session_reminder_2h")
_MOMENT = timedelta(microseconds=1)
_BEFORE = [
    ("session_reminder_24h", timedelta(hours=24)),
    ("session_reminder_2h", timedelta(hours=2)),
]


def _planned(pair: Pair, session_id: object, status: str = "pending") -> list[tuple[str, datetime]]:
    """Return template and due time of the first person's reminders in that status."""
    return [
        (email["email_template"], email["due_at"])
        for email in emails(pair.url, session_id, *_REMINDERS)
        if (email["user_id"], email["delivery_status"]) == (pair.first.user_id, status)
    ]


def _clock_changes(zone: str) -> list[datetime]:
    """Return the local noons of the next year whose day before does not have 24 hours."""
    place = ZoneInfo(zone)
    today = datetime.now(place).replace(hour=12, minute=0, second=0, microsecond=0)
    noons = [today + timedelta(days=day) for day in range(3, 360)]
    return [
        noon
        for noon in noons
        if noon.astimezone(UTC) - (noon - timedelta(days=1)).astimezone(UTC) != timedelta(hours=24)
    ]


def test_both_are_reminded_twice(pair: Pair) -> None:
    session = pair.plan(p_user1_challenge_id=BEGINNER)["session"]

    written = emails(pair.url, session["id"], *_REMINDERS)

    people = [pair.first.user_id, pair.second.user_id]
    assert sorted((email["email_template"], email["user_id"]) for email in written) == sorted(
        (template, user_id) for template in _REMINDERS for user_id in people
    )
    assert {(email["priority"], email["delivery_status"]) for email in written} == {
        ("urgent", "pending")
    }
    (first,) = [
        email["template_data"]
        for email in written
        if (email["email_template"], email["user_id"]) == (_REMINDERS[0], pair.first.user_id)
    ]
    assert first == {
        "partner_name": "Leo",
        "venue_name": "Café Central",
        "scheduled_time": session["scheduled_time"],
        "session_id": session["id"],
        "challenge_title": "Learn a name and use it",
    }


def test_reminders_are_not_handed_out_before_their_time(pair: Pair) -> None:
    answer = pair.plan()
    handed_out = {row["id"] for row in rows(pair.url, WORKER, "sweep_emails", p_limit=1000)}

    reminders = {email["id"] for email in emails(pair.url, answer["session"]["id"], *_REMINDERS)}
    assert not reminders & handed_out
    assert not reminders & {UUID(each["id"]) for each in answer["due"]}


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",  # whose clock changes by half an hour
        "Australia/Adelaide",  # UTC+9:30 and +10:30
        "Pacific/Chatham",  # UTC+12:45 and +13:45
    ],
)
def test_a_reminder_keeps_its_distance_when_clocks_change(url: str, zone: str) -> None:
    changes = _clock_changes(zone)
    assert len(changes) == 2, "forward and back"

    for noon in changes:
        # The client sends local time, and the server has the same timezone.
        there = make_conninfo(url, options=f"-c timezone={zone}")
        pair = new_pair(there)
        session = pair.plan(p_scheduled_time=noon.isoformat())["session"]

        start = noon.astimezone(UTC)
        assert session["scheduled_time"] == start.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
        due = dict(_planned(pair, session["id"]))
        assert due == {template: start - before for template, before in _BEFORE}
        assert due[_REMINDERS[0]].astimezone(ZoneInfo(zone)).time() != noon.time()


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Asia/Kolkata", "Pacific/Marquesas"])
def test_reminders_are_right_at_an_odd_utc_offset(pair: Pair, zone: str) -> None:
    start = (datetime.now(ZoneInfo(zone)) + timedelta(days=5)).replace(microsecond=0)

    session = pair.plan(p_scheduled_time=start.isoformat())["session"]

    assert _planned(pair, session["id"]) == [
        (template, start.astimezone(UTC) - before) for template, before in _BEFORE
    ]


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (timedelta(hours=24) + _MOMENT, _REMINDERS),
        (timedelta(hours=24), _REMINDERS[1:]),
        (timedelta(hours=3), _REMINDERS[1:]),
        (timedelta(hours=2) + _MOMENT, _REMINDERS[1:]),
        (timedelta(hours=2), ()),
        (timedelta(minutes=15), ()),
    ],
)
def test_only_reminders_in_the_future_are_planned(
    pair: Pair, ahead: timedelta, expected: tuple[str, ...]
) -> None:
    # now() is constant within a transaction.
    with acting_as(pair.url, pair.first) as connection:
        (clock,) = connection.execute("select now()").fetchall()
        exactly = planned(pair.match_id, changes={"p_scheduled_time": clock["now"] + ahead})
        (row,) = invoke(connection, "create_session", **exactly)
        session_id = row["create_session"]["session"]["id"]

    assert tuple(template for template, _ in _planned(pair, session_id)) == expected


def test_moving_leaves_the_reminders_of_the_new_time_only(pair: Pair) -> None:
    session_id = pair.plan()["session"]["id"]
    later = datetime.now(UTC) + timedelta(days=30)

    pair.move(session_id, scheduled_time=later)

    assert _planned(pair, session_id) == [
        (template, later - before) for template, before in _BEFORE
    ]
    assert len(_planned(pair, session_id, "cancelled")) == 2


def test_moving_back_plans_the_first_reminders_again(pair: Pair) -> None:
    session = pair.plan()["session"]
    before = _planned(pair, session["id"])

    pair.move(session["id"], scheduled_time=datetime.now(UTC) + timedelta(days=30))
    pair.move(session["id"], scheduled_time=session["scheduled_time"])

    assert _planned(pair, session["id"]) == before
    assert len(_planned(pair, session["id"], "cancelled")) == 4


def test_moving_close_drops_reminders_that_would_come_too_late(pair: Pair) -> None:
    session_id = pair.plan()["session"]["id"]

    pair.move(session_id, scheduled_time=datetime.now(UTC) + timedelta(hours=3))

    assert [template for template, _ in _planned(pair, session_id)] == ["session_reminder_2h"]


def test_a_new_place_is_in_the_reminders(pair: Pair) -> None:
    session_id = pair.plan()["session"]["id"]

    pair.move(session_id, venue_name="Park")

    venues = {
        email["template_data"]["venue_name"]
        for email in emails(pair.url, session_id, *_REMINDERS)
        if email["delivery_status"] == "pending"
    }
    assert venues == {"Park"}


def test_notes_do_not_change_the_reminders(pair: Pair) -> None:
    session_id = pair.plan()["session"]["id"]
    before = emails(pair.url, session_id)

    pair.move(session_id, notes="Bring a pen")

    assert emails(pair.url, session_id) == before


def test_cancelling_leaves_no_reminder(pair: Pair) -> None:
    session_id = pair.plan()["session"]["id"]

    pair.do(pair.second, "cancel_session", session_id)

    assert _planned(pair, session_id) == []
    assert len(_planned(pair, session_id, "cancelled")) == 2


def _claimed(pair: Pair, session_id: object) -> list[dict[str, Any]]:
    """Let a worker lease the session's reminders, as if their time had come."""
    ids = [email["id"] for email in emails(pair.url, session_id, *_REMINDERS)]
    look(pair.url, "update public.email_logs set due_at = now() where id = any(%s)", ids)
    return claim(pair.url, *ids)


def test_a_reminder_is_taken_back_from_a_worker_that_has_not_begun(pair: Pair) -> None:
    session_id = pair.plan()["session"]["id"]
    claimed = _claimed(pair, session_id)

    pair.do(pair.second, "cancel_session", session_id)

    grouped = rows(
        pair.url,
        WORKER,
        "form_send_group",
        p_lease_token=claimed[0]["lease_token"],
        p_ids=[email["id"] for email in claimed],
    )
    assert (len(claimed), grouped) == (4, [])
    assert {email["delivery_status"] for email in emails(pair.url, session_id, *_REMINDERS)} == {
        "cancelled"
    }


def test_a_reminder_that_may_be_at_the_provider_can_only_be_settled(pair: Pair) -> None:
    session_id = pair.plan()["session"]["id"]
    claimed = _claimed(pair, session_id)
    params = {
        "p_lease_token": claimed[0]["lease_token"],
        "p_ids": [email["id"] for email in claimed],
    }
    assert rows(pair.url, WORKER, "form_send_group", **params)

    pair.do(pair.second, "cancel_session", session_id)

    assert {email["delivery_status"] for email in emails(pair.url, session_id, *_REMINDERS)} == {
        "sending"
    }


def test_other_emails_of_a_session_are_not_taken_back(pair: Pair) -> None:
    session_id = pair.plan()["session"]["id"]

    pair.move(session_id, venue_name="Park")
    pair.do(pair.second, "cancel_session", session_id)

    kept = emails(
        pair.url, session_id, "session_scheduled", "session_rescheduled", "session_cancelled"
    )
    assert [email["delivery_status"] for email in kept] == ["pending"] * 5


@pytest.mark.parametrize("leaves", ["first", "second"])
def test_a_deleted_account_stops_the_emails_to_the_other(pair: Pair, leaves: str) -> None:
    session_id = pair.plan()["session"]["id"]
    pair.move(session_id, venue_name="Park")

    look(pair.url, "delete from auth.users where id = %s", getattr(pair, leaves).user_id)

    left = look(
        pair.url,
        "select distinct delivery_status, template_data, subject_id from public.email_logs"
        " where user_id = any(%s) and email_template <> 'session_called_off'",
        [pair.first.user_id, pair.second.user_id],
    )
    assert left == [{"delivery_status": "cancelled", "template_data": {}, "subject_id": None}]
