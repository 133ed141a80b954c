"""Emails about unread messages: for readers who want them, once a day, and none once read."""

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.integration.connections import Row, connected
from tests.integration.database import WORKER, Person, call, claim, look, new_email, sqlstate
from tests.integration.meetings import Pair
from tests.integration.talking import Talk

CHANGES = [
    *("read", "hidden", "blocked by the sender", "blocked by the reader", "unmatched"),
    *("banned", "deleted", "off"),
]


@pytest.fixture
def talk(pair: Pair) -> Talk:
    wants(pair.url, pair.second, messages=True, message_wait_minutes=60)
    return Talk(pair)


def wants(url: str, person: Person, **changes: object) -> None:
    call(url, person, "update_email_preferences", p_changes=Jsonb(changes))


def pass_time(talk: Talk, minutes: int) -> None:
    """Move the whole conversation into the past, and record the emails that are due."""
    for table, column in (
        ("public.messages", "sent_at"),
        ("private.conversation_members", "email_at"),
        ("public.email_logs", "group_started_at"),
    ):
        look(
            talk.url,
            f"update {table} set {column} = {column} - make_interval(mins => %s)"  # noqa: S608
            " where match_id = %s",
            *(minutes, talk.pair.match_id),
        )
    call(talk.url, WORKER, "record_message_emails", p_limit=100)


def emails(talk: Talk, person: Person) -> list[Row]:
    return look(
        talk.url,
        "select * from public.email_logs"
        " where user_id = %s and email_template = 'unread_messages' order by created_at",
        person.user_id,
    )


def send_email(talk: Talk, email: Row) -> None:
    look(
        talk.url,
        "update public.email_logs set delivery_status = 'sent', sent_at = now(),"
        " send_group = gen_random_uuid(), group_position = 0, group_started_at = now()"
        " where id = %s",
        email["id"],
    )


def change(talk: Talk, how: str) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    if how == "read":
        talk.read(leo, 1)
    elif how == "hidden":
        talk.hide(leo)
    elif how == "blocked by the sender":
        call(talk.url, maya, "put_block", p_user_id=leo.user_id)
    elif how == "blocked by the reader":
        call(talk.url, leo, "put_block", p_user_id=maya.user_id)
    elif how == "unmatched":
        talk.unmatch(maya)
    elif how == "banned":
        call(talk.url, WORKER, "ban_user", p_user_id=maya.user_id)
    elif how == "deleted":
        look(talk.url, "delete from auth.users where id = %s", maya.user_id)
    else:
        wants(talk.url, leo, messages=False)


def test_emails_about_messages_are_off_by_default(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.send(leo)

    pass_time(talk, 3 * 24 * 60)

    assert emails(talk, maya) == []
    (idle,) = look(
        talk.url,
        "select email_at from private.conversation_members where user_id = %s",
        maya.user_id,
    )
    assert idle["email_at"] is None


def test_a_message_that_stays_unread_causes_an_email_without_its_words(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.send(maya, "Secret words")
    pass_time(talk, 59)
    assert emails(talk, leo) == []

    pass_time(talk, 1)

    (email,) = emails(talk, leo)
    assert set(email["template_data"]) == {"match_id", "partner_name"}
    (claimed,) = claim(talk.url, email["id"])
    assert (claimed["category"], claimed["wanted"], claimed["holds"]) == ("messages", True, True)
    assert claimed["can_wait"]  # for quiet hours and the daily cap
    assert emails(talk, maya) == []


@pytest.mark.parametrize("how", CHANGES)
def test_no_email_is_recorded_once_it_would_say_nothing_new(talk: Talk, how: str) -> None:
    talk.send(talk.pair.first)
    change(talk, how)

    pass_time(talk, 60)

    assert emails(talk, talk.pair.second) == []


@pytest.mark.parametrize("how", CHANGES)
def test_a_waiting_email_is_not_sent_once_it_says_nothing_new(talk: Talk, how: str) -> None:
    talk.send(talk.pair.first)
    pass_time(talk, 60)
    (email,) = emails(talk, talk.pair.second)

    change(talk, how)

    found = [(each["holds"], each["wanted"]) for each in claim(talk.url, email["id"])]
    # The end of a match cancels the emails that wait for its users.
    stale = {"off": [(True, False)], "read": [(False, True)], "hidden": [(False, True)]}
    assert found == stale.get(how, [])


# The emails of a deleted account are deleted with it.
@pytest.mark.parametrize("how", [each for each in CHANGES if each != "deleted"])
def test_an_email_recorded_before_a_change_is_checked_when_claimed(talk: Talk, how: str) -> None:
    talk.send(talk.pair.first)
    change(talk, how)
    about = {"match_id": talk.pair.match_id, "subject_revision": 1}
    kept = new_email(talk.url, talk.pair.second, email_template="unread_messages", **about)

    (claimed,) = claim(talk.url, kept)

    assert claimed["holds"] is (how == "off")


def test_an_app_that_has_received_a_message_has_not_read_it(talk: Talk) -> None:
    talk.send(talk.pair.first)
    talk.receive(talk.pair.second, 1)

    pass_time(talk, 60)

    assert len(emails(talk, talk.pair.second)) == 1


def test_the_time_counts_from_the_oldest_unread_message(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.send(maya)
    pass_time(talk, 45)
    talk.read(leo, 1)
    talk.say((leo, "An answer"), (maya, "2"))
    pass_time(talk, 59)
    assert emails(talk, leo) == []

    pass_time(talk, 1)

    assert len(emails(talk, leo)) == 1


def test_a_conversation_causes_one_email_a_day(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.send(maya)
    pass_time(talk, 60)
    send_email(talk, emails(talk, leo)[0])
    talk.send(maya)
    for _ in range(2):
        pass_time(talk, 11 * 60)
    assert len(emails(talk, leo)) == 1

    pass_time(talk, 2 * 60)

    assert len(emails(talk, leo)) == 2


def test_messages_cause_no_second_email_while_one_waits(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.send(maya)
    pass_time(talk, 60)
    talk.read(leo, 1)
    talk.send(maya)

    pass_time(talk, 60)

    (email,) = emails(talk, leo)
    (claimed,) = claim(talk.url, email["id"])
    assert (email["subject_revision"], claimed["holds"]) == (2, True)


def test_no_second_email_is_recorded_without_a_new_message(talk: Talk) -> None:
    talk.send(talk.pair.first)
    pass_time(talk, 60)
    send_email(talk, emails(talk, talk.pair.second)[0])

    pass_time(talk, 3 * 24 * 60)

    assert len(emails(talk, talk.pair.second)) == 1


def test_two_workers_record_one_email(talk: Talk) -> None:
    talk.send(talk.pair.first)
    look(talk.url, "update public.messages set sent_at = sent_at - interval '1 hour'")
    look(talk.url, "update private.conversation_members set email_at = now()")
    with connected(talk.url) as other:
        other.execute("select public.record_message_emails(100)")
        assert call(talk.url, WORKER, "record_message_emails", p_limit=100) == 0

    assert len(emails(talk, talk.pair.second)) == 1


@pytest.mark.parametrize("minutes", [14, 2881, -1])
def test_the_wait_has_bounds(talk: Talk, minutes: int) -> None:
    changes: Any = Jsonb({"message_wait_minutes": minutes})
    refused = sqlstate(talk.url, talk.pair.second, "update_email_preferences", p_changes=changes)
    assert refused == ("WN005", "invalid_message_wait")
