"""Messages at the same moment as others, and as steps that end the match."""

import json
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.integration.connections import connected
from tests.integration.database import (
    Action,
    Person,
    acting_as,
    call,
    invoke,
    look,
    overtaken,
    race,
)
from tests.integration.meetings import Pair, new_pair
from tests.integration.talking import Talk, numbers, sending, unread_by_definition

# Refusals by the rules; any other error is a deadlock, a broken constraint or a bug.
REFUSALS = {"match_not_active", "not_found"}


@pytest.fixture
def talk(pair: Pair) -> Talk:
    return Talk(pair)


def send(talk: Talk, **more: object) -> Action:
    return lambda connection: sending(connection, talk.pair.match_id, **more)


def refusal(answer: object) -> str | None:
    if isinstance(answer, psycopg.Error):
        return answer.diag.message_primary
    return None


def test_two_senders_at_once_make_one_order_without_gaps(talk: Talk) -> None:
    both = (talk.pair.first, talk.pair.second)
    for _ in range(5):
        answers = race(talk.url, [(both[n % 2], send(talk)) for n in range(8)])
        assert [each for each in answers if refusal(each)] == []

    stored = talk.stored()
    assert numbers(stored) == list(range(1, 41))
    times = [each["sent_at"] for each in stored]
    assert times == sorted(times)
    assert unread_by_definition(talk.url) == []


def test_the_second_message_waits_for_the_first_and_follows_it(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    with acting_as(talk.url, maya) as first:
        sending(first, talk.pair.match_id, p_text="First")
        answer = overtaken(talk.url, first, leo, send(talk, p_text="Second"))

    assert answer["message"]["seq"] == 2
    assert talk.texts(leo) == ["First", "Second"]


def test_a_message_that_is_rolled_back_leaves_no_gap(talk: Talk) -> None:
    maya = talk.pair.first
    with acting_as(talk.url, maya) as connection:
        sending(connection, talk.pair.match_id)
        connection.rollback()

    assert talk.send(maya)["seq"] == 1


def test_the_same_request_at_once_sends_one_message(talk: Talk) -> None:
    maya, client_id = talk.pair.first, uuid4()

    answers = race(talk.url, [(maya, send(talk, p_client_id=client_id))] * 6)

    assert sorted(each["replayed"] for each in answers) == [False] + [True] * 5
    assert len({json.dumps(each["message"]) for each in answers}) == 1
    assert len(talk.stored()) == 1


def test_a_client_id_used_in_two_conversations_at_once_sends_one_message(
    url: str, talk: Talk
) -> None:
    maya, client_id = talk.pair.first, uuid4()
    other = new_pair(url)
    look(
        url,
        "update public.wingman_matches set user1_id = %s, initiator_id = %s where id = %s",
        *(maya.user_id, maya.user_id, other.match_id),
    )
    elsewhere = Talk(Pair(url, maya, other.second, other.match_id))

    answers = race(
        url,
        [(maya, send(each, p_client_id=client_id)) for each in (talk, elsewhere)],
    )

    assert sorted(filter(None, map(refusal, answers))) == ["client_id_reused"]
    assert len(talk.stored()) + len(elsewhere.stored()) == 1


def ends(talk: Talk) -> dict[str, Action]:
    maya = {"p_user_id": talk.pair.first.user_id}
    return {
        "unmatch": lambda connection: invoke(connection, "unmatch", p_match_id=talk.pair.match_id),
        "block": lambda connection: invoke(connection, "put_block", **maya),
    }


@pytest.mark.parametrize("end", ["unmatch", "block"])
def test_no_message_is_stored_after_the_match_has_ended(talk: Talk, end: str) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.send(maya)
    with acting_as(talk.url, leo) as ending:
        ends(talk)[end](ending)
        answer = overtaken(talk.url, ending, maya, send(talk))

    assert refusal(answer) in REFUSALS
    assert len(talk.stored()) == 1


@pytest.mark.parametrize("end", ["unmatch", "block"])
def test_the_end_waits_for_a_message_that_came_first(talk: Talk, end: str) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    with acting_as(talk.url, maya) as first:
        sending(first, talk.pair.match_id)
        answer = overtaken(talk.url, first, leo, ends(talk)[end])

    assert refusal(answer) is None
    assert len(talk.stored()) == 1
    assert (talk.shown(maya), talk.shown(leo)) == (None, None)


@pytest.mark.parametrize("end", ["unmatch", "block"])
def test_simultaneous_messages_marks_and_an_end_do_not_deadlock(url: str, end: str) -> None:
    for _ in range(6):
        talk = Talk(new_pair(url))
        maya, leo = talk.pair.first, talk.pair.second
        talk.say((maya, "1"), (leo, "2"))
        read, hide = steps(talk)

        answers = race(
            url,
            [
                *((person, send(talk)) for person in (maya, leo)),
                *((person, read) for person in (maya, leo)),
                (maya, hide),
                (leo, ends(talk)[end]),
            ],
        )

        assert {refusal(each) for each in answers} <= REFUSALS | {None}
        assert refusal(answers[-1]) is None
        assert numbers(talk.stored()) == list(range(1, len(talk.stored()) + 1))
    assert unread_by_definition(url) == []


def steps(talk: Talk) -> tuple[Action, Action]:
    about = {"p_match_id": talk.pair.match_id}
    return (
        lambda connection: invoke(connection, "mark_read", **about, p_seq=3),
        lambda connection: invoke(connection, "hide_conversation", **about),
    )


def test_a_message_at_the_moment_of_a_deletion_is_sent_before_or_refused(url: str) -> None:
    for _ in range(6):
        talk = Talk(new_pair(url))
        maya, leo = talk.pair.first, talk.pair.second
        talk.say((maya, "1"), (leo, "2"))
        read, hide = steps(talk)

        def leave(connection: Any, person: Person = leo) -> None:
            connection.execute("reset role")
            connection.execute("delete from auth.users where id = %s", [person.user_id])

        answers = race(
            url, [(maya, send(talk)), (leo, send(talk)), (maya, read), (leo, hide), (leo, leave)]
        )

        allowed = REFUSALS | {None, "unauthenticated"}
        assert {refusal(each) for each in answers} <= allowed
        assert refusal(answers[-1]) is None
        assert {each["sender_id"] for each in talk.stored()} <= {maya.user_id, None}
        assert [each["text"] for each in talk.stored() if each["sender_id"] is None] in (
            [None],
            [None, None],
        )
    assert unread_by_definition(url) == []


def test_hiding_at_the_moment_of_ones_deletion_leaves_the_partner_the_history(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.say((maya, "1"), (leo, "2"))
    with connected(talk.url) as leaving:
        leaving.execute("delete from auth.users where id = %s", [leo.user_id])
        _, hide = steps(talk)
        answer = overtaken(talk.url, leaving, leo, hide)

    assert refusal(answer) == "not_found"
    assert talk.texts(maya) == ["1", None]


def test_a_read_mark_set_while_a_message_arrives_includes_it(talk: Talk) -> None:
    maya, leo = talk.pair.first, talk.pair.second
    talk.send(maya)
    with acting_as(talk.url, maya) as first:
        sending(first, talk.pair.match_id)
        read, _ = steps(talk)
        overtaken(talk.url, first, leo, read)

    assert unread_by_definition(talk.url) == []
    assert call(talk.url, leo, "mark_read", **message_marks(talk))["read_seq"] == 2


def message_marks(talk: Talk) -> dict[str, object]:
    return {"p_match_id": talk.pair.match_id, "p_seq": 2}
