"""Messages in the list of notifications: one for a conversation, none once read."""

from collections.abc import Callable

import pytest

from tests.integration.connections import connected
from tests.integration.database import WORKER, Person, acting_as, call, look, overtaken
from tests.integration.feeds import notify, stored, unread
from tests.integration.meetings import Pair
from tests.integration.talking import Talk, listed, sending, wait, waiting


@pytest.fixture
def talk(pair: Pair) -> Talk:
    return Talk(pair)


def test_a_message_is_listed_for_its_reader_after_30_seconds(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.send(maya, "Secret words")
    (before,) = waiting(talk.url, leo)
    seconds = (before["due_at"] - before["recorded_at"]).total_seconds()
    assert (seconds, listed(talk.url, leo)) == (30, [])

    wait(talk.url)

    (one,) = listed(talk.url, leo)
    assert (one["match_id"], one["read_at"]) == (str(talk.pair.match_id), None)
    assert set(one["facts"]) == {"match_id", "partner_name"}
    assert stored(talk.url, maya) == []
    assert look(talk.url, "select 1 from public.email_logs where email_template = 'message'") == []


def test_messages_within_half_a_minute_are_one_notification(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.say((maya, "1"), (maya, "2"))
    (first,) = waiting(talk.url, leo)
    talk.send(maya, "3")
    (later,) = waiting(talk.url, leo)

    assert (first["id"], first["due_at"]) == (later["id"], later["due_at"])
    assert later["subject_revision"] == 3


def test_a_conversation_has_one_unread_notification(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    for _ in range(3):
        talk.send(maya)
        wait(talk.url)

    assert len(listed(talk.url, leo)) == 1
    assert unread(talk.url, leo) == 1


@pytest.mark.parametrize("step", ["read", "hidden"])
def test_a_message_that_is_seen_within_30_seconds_is_not_listed(talk: Talk, step: str) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.send(maya)
    if step == "read":
        talk.read(leo, 1)
    else:
        talk.hide(leo)

    wait(talk.url)

    assert stored(talk.url, leo) == []


@pytest.mark.parametrize("mark", [Talk.read, Talk.receive])
def test_a_message_after_one_that_was_seen_has_its_own_30_seconds(
    talk: Talk, mark: Callable[[Talk, Person, int], object]
) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.send(maya)
    look(talk.url, "update public.notifications set due_at = now() where seq is null")
    mark(talk, leo, 1)
    talk.send(maya)
    (again,) = waiting(talk.url, leo)

    call(talk.url, WORKER, "list_due_notifications", p_limit=1000)

    assert listed(talk.url, leo) == []
    assert again["subject_revision"] == 2
    assert len(waiting(talk.url, leo)) == 1


def test_reading_marks_notifications_up_to_that_message_as_read(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.say((maya, "1"), (maya, "2"))
    with connected(talk.url) as connection:
        notify(connection, leo, match_id=talk.pair.match_id)
    wait(talk.url)
    assert unread(talk.url, leo) == 2

    talk.read(leo, 1)
    assert unread(talk.url, leo) == 1
    assert listed(talk.url, leo)[0]["read_at"] is None

    talk.read(leo, 2)
    assert unread(talk.url, leo) == 0


def test_hiding_a_conversation_marks_its_notifications_as_read(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.send(maya)
    wait(talk.url)

    talk.hide(leo)

    assert unread(talk.url, leo) == 0


def test_a_notification_numbered_while_its_message_is_read_is_read(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    with connected(talk.url) as connection:
        notify(connection, leo)
    talk.send(maya)
    look(talk.url, "update public.notifications set due_at = now() where seq is null")
    with acting_as(talk.url, leo) as reading:
        reading.execute("select public.mark_read(%s, 1)", [talk.pair.match_id])
        overtaken(
            talk.url,
            reading,
            WORKER,
            lambda other: other.execute("select public.list_due_notifications(10)").fetchall(),
        )

    assert [each["read_at"] is None for each in listed(talk.url, leo)] in ([], [False])
    assert unread(talk.url, leo) == 1


def test_a_sender_does_not_wait_for_the_sweep(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.send(maya)
    look(talk.url, "update public.notifications set due_at = now() where seq is null")
    with connected(talk.url) as sweep:
        sweep.execute("select public.list_due_notifications(10)")
        with acting_as(talk.url, maya) as connection:
            connection.execute("set local lock_timeout = '2s'")
            sending(connection, talk.pair.match_id)

    assert len(listed(talk.url, leo)) == 1
    assert [each["subject_revision"] for each in waiting(talk.url, leo)] == [2]
