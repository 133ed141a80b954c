"""The end of messages: deleted accounts, age, the end of a match, exports and reports."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.database import WORKER, Person, call, look, new_person, sqlstate
from tests.integration.meetings import Pair, new_pair
from tests.integration.talking import Talk, new_playground, numbers, unread_by_definition


@pytest.fixture
def talk(pair: Pair) -> Talk:
    return Talk(pair)


def delete(url: str, person: Person) -> None:
    look(url, "delete from auth.users where id = %s", person.user_id)


def conversations(talk: Talk) -> int:
    found = look(
        talk.url, "select 1 from private.conversations where match_id = %s", talk.pair.match_id
    )
    return len(found)


# --- deleted accounts


def test_the_partner_of_a_deleted_user_keeps_the_history_without_their_words(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    ground = new_playground(talk.url, maya)
    talk.say((maya, "Mine"), (leo, "Theirs"))
    talk.send(leo, None, p_playground_id=ground)

    delete(talk.url, leo)

    page = talk.page(maya)["messages"]
    said = [(each["sender_id"], each["text"], each["playground"]) for each in page]
    assert said == [(str(maya.user_id), "Mine", None), (None, None, None), (None, None, None)]
    assert numbers(page) == [1, 2, 3]
    found = talk.shown(maya)
    assert found["partner"] == {"user_id": None, "name": "Deleted user", "photo_url": None}
    assert found["unread_count"] == 2
    assert str(leo.user_id) not in json.dumps([page, found])


def test_the_history_can_be_read_and_hidden_but_not_continued(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.say((maya, "Mine"), (leo, "Theirs"))
    delete(talk.url, leo)

    assert talk.refusal(maya) == "match_not_active"
    assert talk.read(maya, 2) == 2
    assert talk.shown(maya)["unread_count"] == 0
    talk.hide(maya)

    assert talk.shown(maya) is None
    assert (conversations(talk), talk.stored()) == (0, [])


@pytest.mark.parametrize("reason", ["unmatched", "blocked", "hidden by the partner", "both left"])
def test_a_conversation_that_no_user_sees_goes_with_the_account(talk: Talk, reason: str) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.say((maya, "Mine"), (leo, "Theirs"))
    if reason == "unmatched":
        talk.unmatch(maya)
    elif reason == "blocked":
        call(talk.url, maya, "put_block", p_user_id=leo.user_id)
    elif reason == "hidden by the partner":
        talk.hide(maya)
    else:
        delete(talk.url, maya)

    delete(talk.url, leo)

    assert (conversations(talk), talk.stored()) == (0, [])


def test_a_deletion_erases_messages_in_all_conversations_and_no_others(url: str) -> None:
    one, other = Talk(new_pair(url)), Talk(new_pair(url))
    leaver = one.pair.second
    look(
        url,
        "update public.wingman_matches set user2_id = %s where id = %s",
        *(leaver.user_id, other.pair.match_id),
    )
    for talk in (one, other):
        talk.say((leaver, "gone"), (talk.pair.first, "kept"))

    delete(url, leaver)

    for talk in (one, other):
        assert [each["text"] for each in talk.stored()] == [None, "kept"]
    assert unread_by_definition(url) == []


# --- age


def days(url: str, column: str, value: int | None) -> None:
    look(url, f"update private.app_settings set {column} = %s", value)  # noqa: S608


def age(talk: Talk, upto: int, days: int) -> None:
    look(
        talk.url,
        "update public.messages set sent_at = now() - make_interval(days => %s)"
        " where match_id = %s and seq <= %s",
        *(days, talk.pair.match_id, upto),
    )


@pytest.fixture
def kept_30_days(url: str) -> Iterator[None]:
    """Keep messages for 30 days; delete those of other tests."""
    look(url, "delete from private.conversations")
    days(url, "message_days", 30)
    yield
    days(url, "message_days", None)


def test_messages_are_kept_unless_a_setting_says_for_how_long(talk: Talk) -> None:
    talk.send(talk.pair.first)
    age(talk, 1, 10_000)
    assert call(talk.url, WORKER, "prune_messages", p_limit=1000) == 0


@pytest.mark.usefixtures("kept_30_days")
def test_messages_that_are_too_old_are_the_first_to_go(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.say((maya, "1"), (leo, "2"), (maya, "3"), (maya, "4"))
    age(talk, 3, 31)

    assert call(talk.url, WORKER, "prune_messages", p_limit=1000) == 3
    assert call(talk.url, WORKER, "prune_messages", p_limit=1000) == 0

    for person, unread in ((maya, 0), (leo, 1)):
        page = talk.page(person, p_after_seq=0)
        assert (numbers(page["messages"]), page["first_seq"]) == ([4], 4)
        assert talk.shown(person)["unread_count"] == unread
    assert talk.send(leo)["seq"] == 5
    assert unread_by_definition(talk.url) == []


@pytest.mark.usefixtures("kept_30_days")
def test_a_conversation_without_messages_is_not_listed_until_the_next_one(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.say((maya, "1"), (leo, "2"))
    age(talk, 2, 31)

    call(talk.url, WORKER, "prune_messages", p_limit=1000)

    assert talk.shown(maya) is None
    talk.send(leo, "3")
    assert (talk.texts(maya), talk.shown(maya)["unread_count"]) == (["3"], 1)


def test_an_ended_conversation_is_kept_for_reports_and_then_deleted(talk: Talk) -> None:
    talk.send(talk.pair.first)
    talk.unmatch(talk.pair.second)
    prune = "prune_conversations"
    for passed, pruned in ((179, 0), (181, 1)):
        look(
            talk.url,
            "update private.conversations set ended_at = now() - make_interval(days => %s)"
            " where match_id = %s",
            *(passed, talk.pair.match_id),
        )
        assert call(talk.url, WORKER, prune, p_limit=1000) == pruned
    assert talk.stored() == []


def test_a_conversation_that_goes_on_is_never_pruned(talk: Talk) -> None:
    talk.send(talk.pair.first)
    assert call(talk.url, WORKER, "prune_conversations", p_limit=1000) == 0
    assert len(talk.stored()) == 1


# --- exports


def test_an_export_has_the_messages_of_the_user_and_not_of_the_partner(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.say((maya, "Mine"), (leo, "Theirs"))
    talk.read(maya, 2)

    export = call(talk.url, maya, "export_account")

    assert [each["text"] for each in export["messages"]] == ["Mine"]
    (kept,) = export["conversations"]
    assert (kept["match_id"], kept["read_seq"]) == (str(talk.pair.match_id), 2)
    assert "Theirs" not in json.dumps(export)
    talk.unmatch(leo)
    assert [each["text"] for each in call(talk.url, maya, "export_account")["messages"]] == ["Mine"]


# --- reports


def report(talk: Talk, person: Person, other: Person, message_id: object) -> Any:
    made = call(
        talk.url,
        person,
        "create_report",
        p_user_id=other.user_id,
        p_reason="harassment",
        p_message_id=message_id,
    )
    assert set(made) == {"id", "created_at"}
    return call(talk.url, WORKER, "get_report", p_report_id=made["id"])


@pytest.mark.parametrize("change", ["nothing", "unmatched", "blocked", "hidden"])
def test_a_reported_message_is_evidence_as_it_was_sent(talk: Talk, change: str) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.say((maya, "Hello"))
    sent = talk.send(leo, "Something bad")
    if change == "unmatched":
        talk.unmatch(maya)
    elif change == "blocked":
        call(talk.url, maya, "put_block", p_user_id=leo.user_id)
    elif change == "hidden":
        talk.hide(maya)

    found = report(talk, maya, leo, sent["id"])

    del sent["client_id"]
    assert found["evidence"] == {"message": sent}
    assert [each["text"] for each in found["messages"]] == ["Hello", "Something bad"]


@pytest.mark.parametrize("message", ["of oneself", "of another match", "to others", "unknown"])
def test_a_message_that_the_reporter_did_not_get_is_refused(
    url: str, talk: Talk, message: str
) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    message_id: Any = uuid4()
    if message == "of oneself":
        message_id = talk.send(maya)["id"]
    elif message == "of another match":
        elsewhere = Talk(new_pair(url))
        message_id = elsewhere.send(elsewhere.pair.first)["id"]
    elif message == "to others":
        message_id = talk.send(leo)["id"]
        maya = new_person(url)

    # The same for all of them, so that the answer does not show whether there is such a message.
    about = {"p_user_id": leo.user_id, "p_reason": "harassment", "p_message_id": message_id}
    refused = sqlstate(url, maya, "create_report", **about)
    assert refused == ("WA003", "refused_words")
    assert look(url, "select 1 from private.reports where reporter_id = %s", maya.user_id) == []


def test_a_report_shows_only_the_last_messages_of_the_two(url: str, talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.say(*[(maya, f"Message {n}") for n in range(1, 31)])
    elsewhere = Talk(new_pair(url))
    elsewhere.send(elsewhere.pair.first, "Elsewhere")

    found = report(talk, maya, leo, None)

    assert [each["seq"] for each in found["messages"]] == list(range(11, 31))


def test_evidence_of_a_deleted_account_goes_with_it(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    sent = talk.send(leo, "Something bad")
    made = report(talk, maya, leo, sent["id"])

    delete(talk.url, leo)

    assert look(talk.url, "select 1 from private.reports where id = %s", made["id"]) == []
