"""A user's messages in ten minutes are limited, over all conversations, also without the API."""

from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from tests.integration.costs import buffers, session
from tests.integration.database import (
    Action,
    Actor,
    Person,
    call,
    look,
    new_person,
    race,
    rows,
    sqlstate,
)
from tests.integration.meetings import Pair, new_match
from tests.integration.talking import Talk, message, sending

REFUSED = ("WT004", "message_limit")
_SETTING = "update private.app_settings set max_messages_in_ten_minutes = %s"


@pytest.fixture(autouse=True)
def _three(url: str) -> Iterator[None]:
    look(url, _SETTING, 3)
    yield
    look(url, _SETTING, 1200)


@pytest.fixture
def talk(pair: Pair) -> Talk:
    return Talk(pair)


def another(talk: Talk) -> Talk:
    """Return a conversation of the first person with someone else."""
    url, maya, other = talk.url, talk.pair.first, new_person(talk.url)
    return Talk(Pair(url, maya, other, new_match(url, maya, other)))


def refusal(talk: Talk, person: Person) -> tuple[str | None, str]:
    return sqlstate(talk.url, person, "send_message", **message(talk.pair.match_id))


def spend(talk: Talk) -> None:
    for _ in range(3):
        talk.send(talk.pair.first)


def let_pass(talk: Talk, time: str) -> None:
    look(
        talk.url,
        "update private.message_windows set began_at = began_at - %s::interval where user_id = %s",
        *(time, talk.pair.first.user_id),
    )


def sends(talk: Talk) -> Action:
    return lambda connection: sending(connection, talk.pair.match_id)


def test_a_message_beyond_the_limit_is_refused_and_not_stored(talk: Talk) -> None:
    spend(talk)

    assert [refusal(talk, talk.pair.first) for _ in range(2)] == [REFUSED] * 2
    assert len(talk.stored()) == 3


def test_conversations_of_a_user_count_together(talk: Talk) -> None:
    other = another(talk)
    talk.send(talk.pair.first)
    other.send(talk.pair.first)
    talk.send(talk.pair.first)

    assert refusal(other, talk.pair.first) == REFUSED


def test_the_partner_still_answers(talk: Talk) -> None:
    spend(talk)

    assert talk.send(talk.pair.second)["seq"] == 4


def test_a_sent_message_is_found_again_past_the_limit(talk: Talk) -> None:
    maya, known = talk.pair.first, message(talk.pair.match_id)
    first = call(talk.url, maya, "send_message", **known)
    talk.say((maya, "2"), (maya, "3"))

    again = call(talk.url, maya, "send_message", **known)

    assert again["replayed"]
    assert again["message"] == first["message"]


def test_a_repeated_or_refused_message_counts_nothing(talk: Talk) -> None:
    maya, known = talk.pair.first, message(talk.pair.match_id)
    for _ in range(4):
        call(talk.url, maya, "send_message", **known)
    assert talk.refusal(maya, p_playground_id=uuid4()) == "refused_words"

    talk.say((maya, "2"), (maya, "3"))


def test_the_refusal_states_the_seconds_until_the_ten_minutes_are_over(talk: Talk) -> None:
    spend(talk)
    let_pass(talk, "8 minutes")

    with pytest.raises(psycopg.Error) as refused:
        rows(talk.url, talk.pair.first, "send_message", **message(talk.pair.match_id))

    [left] = look(
        talk.url,
        "select extract(epoch from began_at + interval '10 minutes' - now()) as seconds"
        " from private.message_windows where user_id = %s",
        talk.pair.first.user_id,
    )
    assert 0 <= int(refused.value.diag.message_detail or "") - float(left["seconds"]) < 60


def test_ten_minutes_later_the_user_has_as_many_messages_again(talk: Talk) -> None:
    spend(talk)
    let_pass(talk, "10 minutes")

    spend(talk)

    assert refusal(talk, talk.pair.first) == REFUSED


def test_simultaneous_messages_are_sent_up_to_the_limit(talk: Talk) -> None:
    look(talk.url, _SETTING, 10)
    talks = [talk, another(talk), another(talk)]

    answers = race(talk.url, [(talk.pair.first, sends(talks[n % 3])) for n in range(24)])

    refused = [each for each in answers if isinstance(each, psycopg.Error)]
    assert Counter((each.sqlstate, each.diag.message_primary) for each in refused) == {REFUSED: 14}
    assert sum(len(each.stored()) for each in talks) == 10


def test_the_limit_costs_the_same_at_the_first_message_and_at_the_thousandth(talk: Talk) -> None:
    look(talk.url, _SETTING, 5000)
    with session(talk.url, Actor("postgres")) as connection:
        spent = [
            buffers(connection, "private.count_message", p_sender_id=talk.pair.first.user_id)
            for _ in range(1000)
        ]

    assert max(spent[-20:]) <= max(spent[10:30]) + 3, spent
    assert max(spent[-20:]) <= 12, spent
