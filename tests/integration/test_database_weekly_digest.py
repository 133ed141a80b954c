"""The weekly digest: its readers, the week on their own clock, its contents, and no repeats."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from tests.integration.connections import Row
from tests.integration.database import (
    WORKER,
    Action,
    DirectDatabase,
    Person,
    call,
    invoke,
    look,
    new_person,
    race,
)
from tests.integration.own_database import own_database
from wingman.kit.clock import within
from wingman.notifications.email.letters import contents, kinds
from wingman.notifications.email.models import Category, ClaimedEmail
from wingman.notifications.email.operating import digests
from wingman.reputation.rules import score_of

SUNDAY = datetime(2026, 11, 22, 20, tzinfo=UTC)
MONDAY = SUNDAY + timedelta(hours=4, minutes=10)


@pytest.fixture
def url(database_url: str) -> Iterator[str]:
    with own_database(database_url) as own:
        yield own


def reader(url: str, zone: str = "UTC", *, wants: bool = True) -> Person:
    person = new_person(url, "Maya")
    look(
        url,
        "insert into public.email_preferences (user_id, choices, timezone) values (%s, %s, %s)",
        *(person.user_id, Jsonb({"marketing_emails": wants}), zone),
    )
    return person


def met(url: str, person: Person, at: datetime, **columns: object) -> None:
    """Let the person have met a new Leo; both confirmed an hour later."""
    leo = new_person(url, "Leo")
    [match] = look(
        url,
        "insert into public.wingman_matches (user1_id, user2_id, initiator_id, status)"
        " values (%s, %s, %s, 'accepted') returning id",
        *(leo.user_id, person.user_id, leo.user_id),
    )
    values = {
        "match_id": match["id"],
        "venue_name": "Café Central",
        "scheduled_time": at,
        "status": "completed",
        "completed_at": at + timedelta(hours=1),
        "user1_completed_confirmed_by_user2": True,
    } | columns
    marks = ", ".join(["%s"] * len(values))
    look(
        url,
        f"insert into public.wingman_sessions ({', '.join(values)}) values ({marks})",  # noqa: S608
        *values.values(),
    )


def invited(url: str, person: Person, at: datetime, status: str = "pending") -> None:
    ada = new_person(url, "Ada")
    look(
        url,
        "insert into public.wingman_matches"
        " (user1_id, user2_id, initiator_id, status, created_at, expires_at)"
        " values (%s, %s, %s, %s, %s, %s)",
        *(ada.user_id, person.user_id, ada.user_id, status, at, at + timedelta(hours=48)),
    )


def record(url: str, now: datetime) -> int:
    return digests.record(DirectDatabase(url), now=lambda: now)


def weeks() -> Jsonb:
    week = {
        "name": "2026-W47",
        "first_day": "2026-11-16",
        "starts_at": "2026-11-16T00:00Z",
        "ends_at": "2026-11-23T00:00Z",
        "timezones": ["UTC"],
    }
    return Jsonb([week])


def stored(url: str, person: Person) -> list[Row]:
    return look(
        url,
        "select * from public.email_logs where user_id = %s order by dedupe_key",
        person.user_id,
    )


def digest_of(url: str, person: Person) -> contents.WeeklyDigest:
    [row] = stored(url, person)
    names = ("id", "user_id", "email_template", "recipient_email", "created_at")
    facts: Any = {name: row[name] for name in names} | {
        "category": Category.MARKETING_EMAILS,
        "wanted": True,
        "can_wait": True,
        "holds": True,
    }
    email = ClaimedEmail(**facts, lease_token=UUID(int=0), template_data=row["template_data"])
    content = kinds.content_of(email)
    assert isinstance(content, contents.WeeklyDigest)
    return content


def test_a_digest_covers_the_readers_own_week_and_no_other(url: str) -> None:
    maya, other = reader(url), reader(url)
    met(url, maya, SUNDAY - timedelta(days=10))
    met(url, maya, SUNDAY - timedelta(days=3))
    met(url, maya, SUNDAY)
    met(url, other, SUNDAY)
    invited(url, maya, SUNDAY)
    invited(url, maya, SUNDAY, "declined")
    invited(url, maya, SUNDAY - timedelta(days=5))

    assert record(url, MONDAY) == 2

    digest = digest_of(url, maya)
    assert (str(digest.first_day), str(digest.last_day)) == ("2026-11-16", "2026-11-22")
    assert digest.week_ends_at == MONDAY.replace(minute=0)
    assert (digest.met_count, digest.invitation_count) == (2, 1)
    assert [one.scheduled_time for one in digest.met] == [SUNDAY - timedelta(days=3), SUNDAY]
    assert {one.partner_name for one in digest.met} == {"Leo"}
    assert [one.inviter_name for one in digest.invitations] == ["Ada"]
    assert (digest.score, digest.score_before) == (3, 1)
    [row] = stored(url, maya)
    assert (row["priority"], row["delivery_status"]) == ("bulk", "pending")
    assert row["dedupe_key"] == f"weekly_digest:{maya.user_id}:2026-W47"


def test_a_reader_without_consent_or_news_gets_no_digest(url: str) -> None:
    never_asked, said_no, quiet = new_person(url), reader(url, wants=False), reader(url)
    for person in (never_asked, said_no):
        met(url, person, SUNDAY)
    met(url, quiet, SUNDAY - timedelta(days=9))
    invited(url, quiet, MONDAY)

    assert record(url, MONDAY) == 0


@pytest.mark.parametrize("runs_at", ["2026-11-23T00:10Z", "2026-11-24T23:50Z"])
def test_a_schedule_that_runs_twice_records_once(url: str, runs_at: str) -> None:
    maya = reader(url)
    met(url, maya, SUNDAY)
    now = datetime.fromisoformat(runs_at)

    assert [record(url, now), record(url, now)] == [1, 0]
    met(url, maya, SUNDAY)
    assert record(url, MONDAY + timedelta(hours=30)) == 0


def test_two_schedules_at_once_record_once(url: str) -> None:
    maya = reader(url)
    met(url, maya, SUNDAY)

    def run(connection: Any) -> Any:
        params = {"p_after": None, "p_limit": 10, "p_weeks": weeks(), "p_now": MONDAY}
        return invoke(connection, "record_weekly_digests", **params)

    actions: list[tuple[Any, Action]] = [(WORKER, run)] * 4
    answers = [row["record_weekly_digests"]["recorded"] for [row] in race(url, actions)]

    assert sorted(answers) == [0, 0, 0, 1]
    assert len(stored(url, maya)) == 1


@pytest.mark.parametrize(
    ("zone", "begins"),
    [
        ("Pacific/Kiritimati", "2026-11-22T10:00Z"),
        ("Asia/Kolkata", "2026-11-22T18:30Z"),
        ("Europe/Berlin", "2026-11-22T23:00Z"),
        ("America/Los_Angeles", "2026-11-23T08:00Z"),
        ("America/Vancouver", "2026-11-23T07:00Z"),  # without winter time since 2026
        ("Pacific/Pago_Pago", "2026-11-23T11:00Z"),
    ],
)
def test_a_week_ends_by_the_readers_clock(url: str, zone: str, begins: str) -> None:
    maya = reader(url, zone)
    begin = datetime.fromisoformat(begins)
    met(url, maya, begin - timedelta(hours=2))
    met(url, maya, begin - timedelta(minutes=30))

    assert record(url, begin - timedelta(seconds=1)) == 0
    assert record(url, begin) == 1
    digest = digest_of(url, maya)
    assert digest.met_count == 1, "meetings confirmed after midnight belong to the next week"
    assert digest.week_ends_at == begin


def test_a_reader_in_an_unknown_timezone_has_the_week_of_utc(url: str) -> None:
    maya = reader(url, "Mars/Olympus")
    met(url, maya, SUNDAY)

    assert record(url, MONDAY) == 1
    assert digest_of(url, maya).week_ends_at == MONDAY.replace(minute=0)


def test_a_reader_who_opts_in_midweek_gets_the_first_digest_on_monday(url: str) -> None:
    maya = reader(url)
    met(url, maya, SUNDAY)
    wednesday = MONDAY + timedelta(days=2)
    met(url, maya, wednesday - timedelta(hours=3))

    assert record(url, wednesday) == 0, "the previous week is too old to report"
    assert record(url, wednesday + timedelta(days=4)) == 0, "the week is not over"
    assert record(url, MONDAY + timedelta(days=7)) == 1
    assert digest_of(url, maya).met_count == 1


def test_an_outage_over_monday_is_made_up_for(url: str) -> None:
    maya = reader(url)
    met(url, maya, SUNDAY)

    assert record(url, MONDAY + timedelta(hours=47)) == 1


@pytest.mark.parametrize(("completed", "missed"), [(22, 0), (0, 4), (1, 1)])
def test_a_score_moves_by_the_rules_of_reputation(url: str, completed: int, missed: int) -> None:
    maya = reader(url)
    missing = {"status": "no_show", "completed_at": None, "no_show_user_ids": [maya.user_id]}
    before = SUNDAY - timedelta(days=20)
    look(url, "alter table public.wingman_sessions disable trigger stamp_update")
    for _ in range(completed):
        met(url, maya, before)
    for at in [before] * missed + [SUNDAY] * 3:
        met(url, maya, at, **missing, updated_at=at)

    assert record(url, MONDAY) == 1

    digest = digest_of(url, maya)
    assert digest.score_before == score_of(completed, missed)
    assert digest.score == score_of(completed, missed + 3)
    assert digest.met_count == 0


def test_five_are_named_and_all_are_counted(url: str) -> None:
    maya = reader(url)
    for hours in range(7):
        met(url, maya, SUNDAY - timedelta(hours=hours))
        invited(url, maya, SUNDAY - timedelta(hours=hours))

    record(url, MONDAY)

    digest = digest_of(url, maya)
    assert (digest.met_count, len(digest.met)) == (7, 5)
    assert (digest.invitation_count, len(digest.invitations)) == (7, 5)


def test_many_readers_are_processed_page_by_page(url: str) -> None:
    look(
        url,
        "with account as (insert into auth.users (id, email, email_confirmed_at)"
        " select gen_random_uuid(), n || '@example.com', now() from generate_series(1, 1500) as n"
        " returning id)"
        " insert into public.email_preferences (user_id, choices, timezone)"
        " select id, '{\"marketing_emails\": true}', 'UTC' from account",
    )
    ada = new_person(url, "Ada")
    look(
        url,
        "insert into public.wingman_matches"
        " (user1_id, user2_id, initiator_id, created_at, expires_at)"
        " select %s, user_id, %s, %s, %s from public.email_preferences",
        *(ada.user_id, ada.user_id, SUNDAY, SUNDAY + timedelta(hours=48)),
    )

    with within(3.0):
        assert record(url, MONDAY) == digests.RECORDED_AT_ONCE, "out of time after a page"
    assert record(url, MONDAY) == 1500 - digests.RECORDED_AT_ONCE
    assert record(url, MONDAY) == 0


def test_a_page_says_where_the_next_begins(url: str) -> None:
    people = sorted((reader(url) for _ in range(3)), key=lambda person: str(person.user_id))
    params = {"p_limit": 2, "p_weeks": weeks(), "p_now": MONDAY}

    first = call(url, WORKER, "record_weekly_digests", p_after=None, **params)
    second = call(url, WORKER, "record_weekly_digests", p_after=first["last"], **params)

    assert first["last"] == str(people[1].user_id)
    assert second["last"] is None
