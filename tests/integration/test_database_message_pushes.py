"""Pushes of messages: none once received or read, and words only for readers who want them."""

from typing import Any

import pytest

from tests.integration.database import Person, call, look
from tests.integration.feeds import unread
from tests.integration.meetings import Pair
from tests.integration.pushes import Phones, Post, new_post
from tests.integration.talking import Talk, listed, message, new_playground, wait, waiting


@pytest.fixture
def talk(pair: Pair) -> Talk:
    return Talk(pair)


@pytest.fixture
def phones(url: str) -> Phones:
    return Phones(url)


@pytest.fixture
def post(url: str) -> Post:
    return new_post(url)


def due(talk: Talk, person: Person) -> list[Any]:
    sent = message(talk.pair.match_id)
    return list(call(talk.url, person, "send_message", **sent)["due"])


def test_a_push_waits_in_the_queue_once_for_half_a_minute(talk: Talk, phones: Phones) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    assert due(talk, maya) == []  # Leo has no device yet
    wait(talk.url)
    phones.give(leo)

    (hint,) = due(talk, maya)
    (one,) = waiting(talk.url, leo)
    assert (hint["channel"], hint["id"], hint["in_seconds"]) == ("push", str(one["id"]), 30)
    assert due(talk, maya) == []

    talk.receive(leo, 3)
    assert due(talk, maya) == [hint]


def test_a_repeated_message_is_not_handed_to_the_queue_again(talk: Talk, phones: Phones) -> None:
    phones.give(talk.pair.second)
    sent = message(talk.pair.match_id)
    first, again = (call(talk.url, talk.pair.first, "send_message", **sent) for _ in range(2))

    assert len(first["due"]) == 1
    assert "due" not in again


def test_a_sender_lists_what_has_become_due_and_sends_it(
    talk: Talk, phones: Phones, post: Post
) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    phones.give(leo)
    talk.send(maya)
    post.send()
    assert post.provider.sent == []

    look(talk.url, "update public.notifications set due_at = now() where seq is null")
    post.send()

    assert len(post.provider.sent) == 1
    assert len(listed(talk.url, leo)) == 1


def pushes(talk: Talk, person: Person) -> list[str]:
    """Return the states of the person's pushes, the oldest first."""
    found = look(
        talk.url,
        "select push.status from private.pushes as push"
        " inner join public.notifications as listed on push.notification_id = listed.id"
        " where listed.user_id = %s order by listed.entry",
        person.user_id,
    )
    return [each["status"] for each in found]


def test_a_message_that_an_app_has_received_is_listed_without_a_push(
    talk: Talk, phones: Phones
) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    phones.give(leo)
    talk.say((maya, "1"), (maya, "2"))
    talk.receive(leo, 2)

    wait(talk.url)

    assert (len(listed(talk.url, leo)), unread(talk.url, leo)) == (1, 1)
    assert pushes(talk, leo) == []


@pytest.mark.parametrize("seq", [1, -1])
def test_a_message_after_the_received_one_is_pushed(talk: Talk, phones: Phones, seq: int) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    phones.give(leo)
    talk.send(maya)
    talk.receive(leo, 2**31 - 1)
    talk.send(maya)
    talk.receive(leo, seq)

    wait(talk.url)

    assert pushes(talk, leo) == ["pending"]


def test_a_received_mark_never_goes_back(talk: Talk, phones: Phones) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    phones.give(leo)
    talk.say((maya, "1"), (maya, "2"))
    talk.receive(leo, 2)
    talk.receive(leo, 1)

    wait(talk.url)

    assert pushes(talk, leo) == []


@pytest.mark.parametrize("previews", [False, True])
def test_a_push_has_words_only_for_readers_who_want_them(
    talk: Talk, phones: Phones, post: Post, previews: bool
) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    phones.give(leo)
    call(
        talk.url, leo, "update_push_preferences",
        p_changes=f'{{"message_previews": {str(previews).lower()}}}',
    )  # fmt: skip
    talk.say((maya, "First"), (maya, "Newest words"))
    wait(talk.url)

    post.send()

    (sent,) = post.provider.sent
    assert ("Newest words" in str(sent)) is previews
    assert "First" not in str(sent)
    tag = sent["android"]["notification"]["tag"]
    assert tag == f"conversation:{talk.pair.match_id}"
    assert sent["webpush"]["fcm_options"]["link"].endswith(f"/conversations/{talk.pair.match_id}")


def test_a_shared_playground_is_previewed_by_its_name(
    talk: Talk, phones: Phones, post: Post
) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    phones.give(leo)
    call(talk.url, leo, "update_push_preferences", p_changes='{"message_previews": true}')
    talk.send(maya, None, p_playground_id=new_playground(talk.url, maya, "The run"))
    wait(talk.url)

    post.send()

    assert "The run" in str(post.provider.sent)


@pytest.mark.parametrize("change", ["received", "read", "hidden", "unmatched", "blocked", "off"])
def test_a_push_that_says_nothing_new_is_not_sent(
    talk: Talk, phones: Phones, post: Post, change: str
) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    phones.give(leo)
    talk.send(maya)
    wait(talk.url)
    if change == "received":
        talk.receive(leo, 1)
    elif change == "read":
        talk.read(leo, 1)
    elif change == "hidden":
        talk.hide(leo)
    elif change == "unmatched":
        talk.unmatch(leo)
    elif change == "blocked":
        call(talk.url, maya, "put_block", p_user_id=leo.user_id)
    else:
        call(talk.url, leo, "update_push_preferences", p_changes='{"messages": false}')

    post.send()

    assert post.provider.sent == []
    assert post.row(leo)["status"] == "skipped"
