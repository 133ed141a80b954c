"""A WingmanMatch database is taken over with its ids."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from local.wingmanmatch import __main__ as wingmanmatch
from tests.integration.database import call, look
from tests.integration.old_wingmanmatch import DAY, NOW, Old
from tests.integration.own_database import SCHEMAS, empty_database, run_scripts

HOUR = timedelta(hours=1)


@pytest.fixture
def old(database_url: str) -> Iterator[Old]:
    with empty_database(database_url) as url:
        yield Old(url)


def test_ids_and_meetings_are_kept_and_reputation_is_counted(old: Old) -> None:
    maya, leo = old.user("Maya"), old.user("Leo")
    match_id = old.match(maya, leo)
    challenge = old.challenge("Ask a stranger for the time")
    met = old.session(
        match_id, -30 * DAY, status="completed", user1_challenge_id=challenge,
        user1_completed_confirmed_by_user2=True, notes="Red scarf",
    )  # fmt: skip
    ahead = old.session(match_id, 3 * DAY)

    report = old.take_over()

    assert report == {
        ("profile", "taken over"): 2,
        ("challenge", "taken over"): 1,
        ("match", "taken over"): 1,
        ("session", "taken over"): 2,
    }
    profile = old.profile(maya)
    assert (profile["first_name"], profile["email"]) == ("Maya", maya.email)
    assert profile["created_at"] == NOW - 400 * DAY
    totals = call(old.url, leo, "get_reputation", p_user_id=maya.user_id)
    assert totals == {"completed_sessions": 1, "no_shows": 0, "kept_from": []}
    session = call(old.url, maya, "get_session", p_session_id=met)
    assert (session["status"], session["notes"]) == ("completed", "Red scarf")
    assert session["user1_challenge_id"] == str(challenge)
    assert call(old.url, leo, "get_session", p_session_id=ahead)["status"] == "scheduled"
    emails = look(old.url, "select email_template, user_id from public.email_logs")
    assert {(each["email_template"], each["user_id"]) for each in emails} == {
        (f"session_reminder_{hours}h", person.user_id)
        for hours in (2, 24)
        for person in (maya, leo)
    }


def test_a_repetition_changes_nothing(old: Old) -> None:
    maya, leo = old.user("Maya"), old.user("Leo")
    session_id = old.session(old.match(maya, leo), 3 * DAY)
    old.challenge("Smile")
    old.take_over()
    look(old.url, "update public.user_profiles set first_name = 'May' where id = %s", maya.user_id)
    call(old.url, leo, "cancel_session", p_session_id=session_id)

    report = old.take_over()

    assert {outcome for _, outcome in report} == {"already there"}
    assert old.profile(maya)["first_name"] == "May"
    assert old.row("wingman_sessions", session_id)["status"] == "cancelled"


def test_rows_without_an_account_or_meaning_are_skipped(old: Old) -> None:
    maya, leo, gone = old.user(), old.user(), old.user(account=False)
    old.session(old.match(maya, gone), -DAY)
    match_id = old.match(maya, leo)
    old.match(leo, maya, status="paused")
    old.session(match_id, -DAY, scheduled_time=None)

    report = old.take_over()

    skipped = {key: rows for key, rows in report.items() if key[1].startswith("skipped")}
    assert skipped == {
        ("profile", "skipped: no account in auth.users"): 1,
        ("match", "skipped: a user has no account"): 1,
        ("match", "skipped: unknown status"): 1,
        ("session", "skipped: its match was skipped"): 1,
        ("session", "skipped: no time"): 1,
    }


def test_a_skipped_row_is_taken_over_once_it_is_repaired(old: Old) -> None:
    maya, gone = old.user(), old.user("Leo", account=False)
    match_id = old.match(maya, gone)
    old.take_over()

    look(old.url, "insert into auth.users (id, email) values (%s, %s)", gone.user_id, gone.email)

    assert old.take_over()["match", "taken over"] == 1
    assert old.row("wingman_matches", match_id)["user2_id"] == gone.user_id
    assert old.profile(gone)["first_name"] == "Leo"


def test_matches_keep_their_status(old: Old) -> None:
    expected = {
        old.match(old.user(), old.user(), status=status, created_at=NOW - age): after
        for status, age, after in (
            ("pending", HOUR, "pending"),
            (None, HOUR, "pending"),
            ("pending", 3 * DAY, "expired"),
            ("accepted", 3 * DAY, "accepted"),
            ("Declined", 3 * DAY, "declined"),
            ("cancelled", 3 * DAY, "withdrawn"),
        )
    }

    old.take_over()

    assert {row: old.row("wingman_matches", row)["status"] for row in expected} == expected


def test_sessions_keep_their_status_or_are_closed(old: Old) -> None:
    expected = {}
    for status, start, confirmed, after in (
        ("scheduled", HOUR, False, "scheduled"),
        ("in_progress", -HOUR, True, "scheduled"),
        ("in_progress", -2 * DAY, True, "completed"),
        ("scheduled", -2 * DAY, False, "expired"),
        ("cancelled", -2 * DAY, False, "cancelled"),
        ("no_show", -2 * DAY, False, "no_show"),
    ):
        leo, said = old.user(), {"user2_completed_confirmed_by_user1": confirmed}
        meeting = old.session(old.match(old.user(), leo), start, status=status, **said)
        expected[meeting] = after, (int(after == "completed"), 0), leo

    old.take_over()

    for meeting, (after, totals, leo) in expected.items():
        assert old.row("wingman_sessions", meeting)["status"] == after
        counted = call(old.url, leo, "get_reputation", p_user_id=leo.user_id)
        assert (counted["completed_sessions"], counted["no_shows"]) == totals


def test_a_pair_and_a_match_keep_one_open_row(old: Old) -> None:
    maya, leo = old.user(), old.user()
    waiting = old.match(leo, maya, status="pending", created_at=NOW - HOUR)
    accepted = old.match(maya, leo)
    early, late = (old.session(accepted, start) for start in (DAY, 2 * DAY))

    report = old.take_over()

    assert old.row("wingman_matches", waiting)["status"] == "expired"
    assert old.row("wingman_matches", accepted)["status"] == "accepted"
    assert old.row("wingman_sessions", early)["status"] == "expired"
    assert old.row("wingman_sessions", late)["status"] == "scheduled"
    adjusted = [key for key in report if key[1].startswith("adjusted: expired")]
    assert {kind for kind, _ in adjusted} == {"match", "session"}


def test_values_that_the_product_refuses_are_adjusted(old: Old) -> None:
    maya, leo = old.user("www.example.com"), old.user("Leo")
    challenge = old.challenge("x" * 200, description=None, points=5000)
    session_id = old.session(old.match(maya, leo), DAY, venue_name=None, notes="y" * 3000)

    report = old.take_over()

    assert {kind for kind, outcome in report if outcome.startswith("adjusted")} == {
        "profile",
        "challenge",
        "session",
    }
    assert old.profile(maya)["first_name"] is None
    stored = old.row("challenges", challenge)
    assert (len(stored["title"]), stored["points"]) == (100, 100)
    session = old.row("wingman_sessions", session_id)
    assert (session["venue_name"], len(session["notes"])) == ("To be agreed", 2000)


def test_a_challenge_that_is_offered_already_is_not_offered_twice(old: Old) -> None:
    same, other = old.challenge("learn a name and use it"), old.challenge("Whistle")

    old.take_over()

    assert [old.row("challenges", each)["active"] for each in (same, other)] == [False, True]


def test_nothing_old_is_served_and_a_deleted_account_leaves_no_old_row(old: Old) -> None:
    maya, leo = old.user("Maya"), old.user("Leo")
    old.match(maya, leo)
    old.take_over()

    look(old.url, "delete from auth.users where id = %s", maya.user_id)

    names = look(old.url, "select first_name from wingmanmatch.user_profiles")
    assert [row["first_name"] for row in names] == ["Leo"]
    assert look(old.url, "select * from wingmanmatch.wingman_matches") == []
    moved = "select pronamespace::regnamespace::text as home from pg_proc where proname = %s"
    assert look(old.url, moved, "haversine_miles") == [{"home": "wingmanmatch"}]
    usage = "select has_schema_privilege('authenticated', 'wingmanmatch', 'usage') as may"
    assert look(old.url, usage) == [{"may": False}]


def test_a_database_of_another_kind_is_left_alone(database_url: str) -> None:
    with empty_database(database_url) as url, pytest.raises(psycopg.Error, match="no WingmanMatch"):
        wingmanmatch.prepare(url)


def test_the_command_reports_every_row(
    old: Old, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = old.user(account=False)
    monkeypatch.setenv("DATABASE_URL", old.as_postgres)

    wingmanmatch.main(["prepare"])
    with pytest.raises(SystemExit, match="ARGS=prepare"):
        wingmanmatch.main(["take-over"])
    run_scripts(old.url, SCHEMAS, role="postgres")
    wingmanmatch.main(["take-over"])

    output = capsys.readouterr().out
    assert "1  profile   skipped: no account in auth.users" in output
    assert str(gone.user_id) in output
