"""The list of conversations: its order, marks, hiding, and the head that shows changes."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.integration.database import Person, acting_as, call, look, new_person
from tests.integration.meetings import Pair, new_match
from tests.integration.talking import (
    Talk,
    conversations,
    head,
    sending,
    unread_by_definition,
)

MEMBERS = {
    *("match_id", "partner", "last_message", "unread_count", "last_seq", "read_seq"),
    *("first_seq", "updated_at"),
}


@pytest.fixture
def talk(pair: Pair) -> Talk:
    return Talk(pair)


def with_new(url: str, person: Person) -> Talk:
    """Match the person with a new one."""
    other = new_person(url, "Ada")
    return Talk(Pair(url, person, other, new_match(url, person, other)))


def marks(talk: Talk, person: Person) -> tuple[int, int, int, int]:
    found = talk.shown(person)
    return found["last_seq"], found["read_seq"], found["first_seq"], found["unread_count"]


def test_a_conversation_begins_with_the_first_message(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    assert (talk.shown(maya), talk.shown(leo)) == (None, None)
    assert talk.page(maya) == {"messages": [], "first_seq": 1, "has_more": False}
    assert talk.read(maya, 5) == 0
    talk.hide(maya)

    sent = talk.send(maya)

    found = talk.shown(leo)
    assert set(found) == MEMBERS
    assert found["last_message"] == sent
    assert found["updated_at"] == sent["sent_at"]
    assert found["partner"]["user_id"] == str(maya.user_id)
    assert (marks(talk, leo), marks(talk, maya)) == ((1, 0, 1, 1), (1, 0, 1, 0))


def test_the_list_is_in_the_order_of_the_newest_messages_on_pages_of_any_size(
    url: str, maya: Person
) -> None:
    talks = [with_new(url, maya) for _ in range(5)]
    for talk in (*talks, talks[1]):
        talk.send(talk.pair.second)
    expected = [str(talks[n].pair.match_id) for n in (1, 4, 3, 2, 0)]

    for size in (1, 2, 5):
        found, before = [], dict[str, object]()
        while rows := conversations(url, maya, p_limit=size, **before):
            found += [each["match_id"] for each in rows]
            last = rows[-1]
            before = {"p_before_created_at": last["updated_at"], "p_before_id": last["match_id"]}
        assert found == expected


def test_a_read_mark_only_grows_and_ends_at_the_last_message(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.say((maya, "1"), (leo, "2"), (maya, "3"), (maya, "4"))
    assert marks(talk, leo) == (4, 0, 1, 3)

    assert [talk.read(leo, seq) for seq in (2, 1, 3, -1)] == [2, 2, 3, 3]
    assert marks(talk, leo) == (4, 3, 1, 1)
    assert talk.read(leo, 2**31 - 1) == 4
    talk.send(maya, "5")

    assert marks(talk, leo) == (5, 4, 1, 1)
    assert marks(talk, maya) == (5, 0, 1, 1)
    assert unread_by_definition(talk.url) == []


def test_hiding_affects_only_oneself(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.say((maya, "1"), (leo, "2"))

    talk.hide(leo)

    assert talk.shown(leo) is None
    assert talk.page(leo) == {"messages": [], "first_seq": 3, "has_more": False}
    assert talk.texts(maya) == ["1", "2"]
    assert marks(talk, maya) == (2, 0, 1, 1)


def test_a_new_message_brings_back_what_is_new(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.say((maya, "1"), (maya, "2"))
    talk.hide(leo)
    talk.hide(leo)

    talk.say((maya, "3"), (leo, "4"))

    assert marks(talk, leo) == (4, 0, 3, 1)
    for wanted in ({}, {"p_after_seq": 0}, {"p_before_seq": 5}):
        page = talk.page(leo, **wanted)
        assert [each["text"] for each in page["messages"]] == ["3", "4"]
        assert (page["first_seq"], page["has_more"]) == (3, False)
    assert unread_by_definition(talk.url) == []


def test_a_message_to_a_hidden_profile_of_a_match_arrives(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    look(
        talk.url,
        "insert into private.hidden_profiles (user_id, hidden_by) values (%s, 'operator')",
        leo.user_id,
    )
    talk.send(maya)
    assert talk.shown(leo)["unread_count"] == 1


def test_a_block_hides_from_both_and_lifting_it_brings_nothing_back(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.send(maya)
    call(talk.url, leo, "put_block", p_user_id=maya.user_id)

    for lifted in (False, True):
        if lifted:
            call(talk.url, leo, "delete_block", p_user_id=maya.user_id)
        for person in (maya, leo):
            assert talk.shown(person) is None
            assert talk.refusal(person, "list_messages") == "not_found"
            code = "match_not_active" if lifted else "not_found"
            assert talk.refusal(person) == code
    assert len(talk.stored()) == 1


CHANGES: dict[str, Callable[[Talk], object]] = {
    "a message of mine": lambda talk: talk.send(talk.pair.first),
    "a message of the partner": lambda talk: talk.send(talk.pair.second),
    "a read mark": lambda talk: talk.read(talk.pair.first, 1),
    "hiding": lambda talk: talk.hide(talk.pair.first),
    "an unmatch": lambda talk: talk.unmatch(talk.pair.second),
    "a block": lambda talk: call(
        talk.url, talk.pair.second, "put_block", p_user_id=talk.pair.first.user_id
    ),
    "a deleted account": lambda talk: look(
        talk.url, "delete from auth.users where id = %s", talk.pair.second.user_id
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_head_changes_with_any_change(talk: Talk, change: str) -> None:
    maya = talk.pair.first
    talk.send(talk.pair.second)
    before = head(talk.url, maya)
    assert head(talk.url, maya) == before

    CHANGES[change](talk)

    assert head(talk.url, maya) != before


def test_the_head_changes_even_if_a_later_change_was_committed_first(
    url: str, maya: Person
) -> None:

    slow, quick = with_new(url, maya), with_new(url, maya)
    with acting_as(url, slow.pair.second) as connection:
        sending(connection, slow.pair.match_id)
        quick.send(quick.pair.second)
        seen = head(url, maya)
    assert head(url, maya) != seen


def test_the_list_of_a_stranger_is_empty(url: str, talk: Talk) -> None:
    talk.send(talk.pair.first)
    stranger = new_person(url)
    assert conversations(url, stranger) == []
    assert conversations(url, stranger, p_before_id=uuid4()) == []


def test_a_page_has_at_most_a_hundred_and_one(url: str, maya: Person) -> None:
    for _ in range(3):
        with_new(url, maya).send(maya)
    assert len(conversations(url, maya, p_limit=-5)) == 1
    assert len(conversations(url, maya, p_limit=10**6)) == 3
