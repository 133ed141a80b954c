"""The list of notifications: its order, its replacements, and what it leaves out."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import LiteralString
from uuid import UUID, uuid4

import pytest

from tests.integration.connections import connected
from tests.integration.database import (
    WORKER,
    Person,
    call,
    invitation,
    look,
    new_person,
    sqlstate,
)
from tests.integration.feeds import feed, notified, notify, stored, unread
from tests.integration.meetings import Pair, move_start, new_match


def test_a_step_lists_for_its_reader_and_not_for_others(
    url: str, maya: Person, leo: Person
) -> None:
    call(url, maya, "request_match", **invitation(leo))

    (listed,) = feed(url, leo)
    assert (listed["kind"], listed["read_at"], unread(url, leo)) == ("match_invitation", None, 1)
    assert listed["facts"]["inviter_name"] == "Maya"
    assert feed(url, maya) == []


def test_a_user_without_an_address_has_a_list_and_gets_no_email(url: str, maya: Person) -> None:
    look(url, "update public.user_profiles set email = null where id = %s", maya.user_id)

    assert notified(url, maya) == []

    assert len(feed(url, maya)) == 1


def test_a_users_own_step_is_listed_as_read(pair: Pair) -> None:
    session_id = pair.session()
    pair.move(session_id, venue_name="Elsewhere")

    kinds = {"session_scheduled", "session_rescheduled"}
    mine, theirs = feed(pair.url, pair.first), feed(pair.url, pair.second)

    assert {one["kind"] for one in mine} == {one["kind"] for one in theirs} == kinds
    assert all(one["read_at"] for one in mine)
    assert not any(one["read_at"] for one in theirs)
    assert {UUID(one["session_id"]) for one in theirs} == {session_id}


def test_the_list_is_in_the_order_of_commits(url: str, maya: Person) -> None:
    with connected(url) as first:
        notify(first, maya, occasion="begun first, committed last")
        notified(url, maya)
        (seen,) = feed(url, maya)
        call(url, maya, "read_notifications", p_until=seen["id"])

    newest, older = feed(url, maya)
    assert older["id"] == seen["id"]
    assert newest["read_at"] is None
    assert newest["created_at"] > older["created_at"]


def test_no_notification_is_added_below_one_that_was_seen(url: str, maya: Person) -> None:
    writers, each = 4, 10
    left = threading.Semaphore(0)
    known: list[str] = []

    def write() -> None:
        with connected(url) as connection:
            for _ in range(each):
                notify(connection, maya)
                notify(connection, maya)
                connection.commit()
        left.release()

    def grown() -> list[str]:
        return [one["id"] for one in feed(url, maya)][::-1]

    with ThreadPoolExecutor(writers) as pool:
        running = [pool.submit(write) for _ in range(writers)]
        while not all(one.done() for one in running):
            now = grown()
            assert now[: len(known)] == known
            known = now
        for one in running:
            one.result()

    assert len(grown()) == writers * each * 2
    numbers = [one["seq"] for one in feed(url, maya)]
    assert numbers == list(range(len(numbers), 0, -1))


def test_transactions_that_notify_the_same_users_in_any_order_do_not_deadlock(
    url: str,
) -> None:
    people = [new_person(url) for _ in range(3)]
    barrier = threading.Barrier(6)

    def write(order: tuple[Person, ...]) -> None:
        with connected(url) as connection:
            for _ in range(10):
                barrier.wait(timeout=30)
                for person in order:
                    notify(connection, person)
                connection.commit()

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(write, order) for order in itertools.permutations(people)]:
            done.result()

    assert [len(feed(url, person)) for person in people] == [60, 60, 60]


def test_a_rolled_back_step_leaves_no_gap(url: str, maya: Person) -> None:
    with connected(url) as connection:
        notify(connection, maya)
        connection.rollback()
    notified(url, maya)

    assert [one["seq"] for one in feed(url, maya)] == [1]


def test_a_newer_notification_replaces_an_older_one_about_the_same_thing(pair: Pair) -> None:
    url, reader = pair.url, pair.second
    session_id = pair.session()
    pair.move(session_id, venue_name="First")
    (first, *_) = feed(url, reader)
    pair.move(session_id, venue_name="Second")
    (second, planned) = feed(url, reader)

    assert (first["facts"]["venue_name"], second["facts"]["venue_name"]) == ("First", "Second")
    assert planned["kind"] == "session_scheduled"
    assert unread(url, reader) == 2
    call(url, reader, "read_notifications", p_until=first["id"])
    assert [one["read_at"] is None for one in feed(url, reader)] == [True, False]
    assert unread(url, reader) == 1


def test_reading_marks_seen_notifications_and_is_repeatable(url: str, maya: Person) -> None:
    for _ in range(3):
        notified(url, maya)
    _, middle, _ = feed(url, maya)

    for _ in range(2):
        call(url, maya, "read_notifications", p_until=middle["id"])
        assert [one["read_at"] is None for one in feed(url, maya)] == [True, False, False]
    read = [one["read_at"] for one in feed(url, maya)]
    call(url, maya, "read_notifications", p_until=middle["id"])
    assert [one["read_at"] for one in feed(url, maya)] == read
    assert unread(url, maya) == 1


def test_pages_have_no_gaps(url: str, maya: Person) -> None:
    for _ in range(5):
        notified(url, maya)

    first = feed(url, maya, limit=2)
    notified(url, maya)
    rest = feed(url, maya, before=first[-1]["seq"])

    assert [one["seq"] for one in (*first, *rest)] == [5, 4, 3, 2, 1]


def test_a_reminder_is_listed_once_it_is_due(pair: Pair) -> None:
    url = pair.url
    session_id = pair.session()
    before = [one["kind"] for one in feed(url, pair.first)]
    _let_come(url, session_id, "session_reminder_24h")

    assert call(url, WORKER, "list_due_notifications", p_limit=1000) >= 2
    assert call(url, WORKER, "list_due_notifications", p_limit=1000) == 0

    assert "session_reminder_24h" not in before
    newest, *others = feed(url, pair.first)
    assert (newest["kind"], newest["read_at"]) == ("session_reminder_24h", None)
    assert [one["kind"] for one in others] == before


def test_reminders_of_a_plan_that_no_longer_holds_are_not_listed(pair: Pair) -> None:
    url = pair.url
    moved, cancelled = pair.session(), None
    pair.move(moved, venue_name="Elsewhere")
    assert {one["subject_revision"] for one in _waiting(url, moved)} == {1}
    cancelled = moved
    pair.do(pair.first, "cancel_session", cancelled, p_reason=None)
    assert _waiting(url, cancelled) == []


@pytest.mark.parametrize(("status", "moves"), [("cancelled", 0), ("scheduled", 1)])
def test_an_outdated_reminder_is_dropped_when_it_is_due(
    pair: Pair, status: str, moves: int
) -> None:
    url = pair.url
    session_id = pair.session()
    _let_come(url, session_id, "session_reminder_24h")
    look(
        url,
        "update public.wingman_sessions set status = %s, sequence = sequence + %s where id = %s",
        *(status, moves, session_id),
    )

    call(url, WORKER, "list_due_notifications", p_limit=1000)

    assert {one["kind"] for one in _waiting(url, session_id)} == {"session_reminder_2h"}
    assert "session_reminder_24h" not in {one["kind"] for one in feed(url, pair.first)}


@pytest.mark.parametrize(
    "leaving",
    [
        "delete from auth.users where id = %s",
        "update auth.users set banned_until = now() + interval '1 day' where id = %s",
    ],
    ids=["deleted", "banned"],
)
def test_notifications_about_a_user_who_left_are_gone_and_the_meeting_is_called_off(
    pair: Pair, leaving: LiteralString
) -> None:
    pair.session()
    assert (len(feed(pair.url, pair.second)), unread(pair.url, pair.second)) == (1, 1)

    look(pair.url, leaving, pair.first.user_id)

    (left,) = feed(pair.url, pair.second)
    assert (left["kind"], left["match_id"]) == ("session_called_off", None)
    assert set(left["facts"]) == {"scheduled_time"}
    assert unread(pair.url, pair.second) == 1


def test_old_notifications_are_deleted(url: str, maya: Person) -> None:
    notified(url, maya)
    notified(url, maya)
    look(
        url,
        "update public.notifications set recorded_at = now() - interval '91 days'"
        " where user_id = %s and seq = 1",
        maya.user_id,
    )

    assert call(url, WORKER, "prune_notifications", p_limit=1000) == 1

    assert [one["seq"] for one in feed(url, maya)] == [2]


def test_an_export_has_the_list_without_the_words_of_partners(
    url: str, maya: Person, leo: Person
) -> None:
    call(url, maya, "request_match", **invitation(leo, p_note="written by Maya"))

    exported = call(url, leo, "export_account")["notifications"]

    (listed,) = feed(url, leo)
    assert exported == [{name: listed[name] for name in listed if name not in {"facts", "seq"}}]


def test_a_notification_of_another_user_cannot_be_named(
    url: str, maya: Person, leo: Person
) -> None:
    notified(url, maya)
    (hers,) = feed(url, maya)

    for one in (hers["id"], uuid4()):
        assert sqlstate(url, leo, "read_notifications", p_until=one)[0] == "WN020"
    assert unread(url, maya) == 1


def test_a_repeated_occasion_adds_nothing(url: str, maya: Person, leo: Person) -> None:
    match_id = new_match(url, maya, leo)
    for _ in range(2):
        notified(url, maya, match_id=match_id, occasion="once")

    assert len(stored(url, maya)) == 1


def _waiting(url: str, session_id: UUID) -> list[dict[str, object]]:
    return look(
        url,
        "select * from public.notifications where subject_id = %s and seq is null",
        session_id,
    )


def _let_come(url: str, session_id: UUID, kind: str) -> None:
    move_start(url, session_id, timedelta(hours=23))
    look(
        url,
        "update public.notifications set due_at = now() where subject_id = %s and kind = %s",
        *(session_id, kind),
    )
