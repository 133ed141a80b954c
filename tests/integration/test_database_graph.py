"""Fields of all objects of a page: `get_matches`, `get_cards` and their like."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.database import Person, call, look, new_person, sqlstate
from tests.integration.liking import published
from tests.integration.meetings import Pair, new_pair
from tests.integration.talking import Talk

OF_MATCHES = ("get_matches", "get_open_sessions", "get_conversations", "get_newest_messages")


@pytest.fixture
def pairs(url: str) -> list[Pair]:
    """Three pairs of one person, each with a session and messages."""
    first = published(url, "Rex")
    made = [with_(url, first, published(url, f"Bella {n}")) for n in range(3)]
    for pair in made:
        pair.plan()
        Talk(pair).say((pair.second, "Hello"), (pair.first, "Hi"))
    return made


def with_(url: str, first: Person, second: Person) -> Pair:
    (row,) = look(
        url,
        "insert into public.wingman_matches (user1_id, user2_id, initiator_id, status)"
        " values (%s, %s, %s, 'accepted') returning id",
        *(first.user_id, second.user_id, first.user_id),
    )
    return Pair(url, first, second, row["id"])


def of_matches(url: str, person: Person, function: str, pairs: list[Pair], **more: object) -> Any:
    ids = [pair.match_id for pair in pairs]
    return call(url, person, function, p_match_ids=ids, **more)


def test_rows_equal_those_read_one_by_one(url: str, pairs: list[Pair]) -> None:
    first = pairs[0].first
    one_by_one = {
        str(pair.match_id): {
            "match": call(url, first, "get_match", p_match_id=pair.match_id),
            "page": call(url, first, "list_messages", p_match_id=pair.match_id),
            "card": call(url, first, "get_card", p_user_id=pair.second.user_id),
        }
        for pair in pairs
    }

    matches = of_matches(url, first, "get_matches", pairs)
    pages = of_matches(url, first, "get_newest_messages", pairs)
    cards = call(url, first, "get_cards", p_user_ids=[pair.second.user_id for pair in pairs])

    found = {each["id"]: {"match": each, "page": pages[each["id"]]} for each in matches}
    for each in cards:
        (match_id,) = [one["id"] for one in matches if one["partner"]["user_id"] == each["user_id"]]
        found[match_id]["card"] = each
    assert found == one_by_one
    listed = call(url, first, "list_conversations")["conversations"]
    assert by_match(of_matches(url, first, "get_conversations", pairs)) == by_match(listed)
    planned = call(url, first, "list_sessions")
    assert by_match(of_matches(url, first, "get_open_sessions", pairs)) == by_match(planned)


def by_match(rows: list[Any]) -> dict[str, Any]:
    return {each["match_id"]: each for each in rows}


def block(url: str, pair: Pair) -> None:
    call(url, pair.second, "put_block", p_user_id=pair.first.user_id)


def delete(url: str, pair: Pair) -> None:
    look(url, "delete from auth.users where id = %s", pair.second.user_id)


def ban(url: str, pair: Pair) -> None:
    look(url, "select public.ban_user(%s)", pair.second.user_id)


@pytest.mark.parametrize("vanish", [block, delete, ban])
def test_only_visible_fields_of_others_are_shown(
    url: str, pairs: list[Pair], vanish: Callable[[str, Pair], None]
) -> None:
    stranger, gone = new_person(url), pairs[1]
    ids = [pair.second.user_id for pair in pairs]

    for function in OF_MATCHES:
        assert not of_matches(url, stranger, function, pairs), function
    look(url, "update public.dog_profiles set visible = false where user_id = any(%s)", ids)
    assert call(url, stranger, "get_cards", p_user_ids=ids) == []
    assert len(call(url, gone.first, "get_cards", p_user_ids=ids)) == 3
    vanish(url, gone)
    for function in OF_MATCHES:
        found = json.dumps(of_matches(url, gone.first, function, pairs))
        seen = [str(pair.match_id) in found for pair in pairs]
        # The history of a deleted user stays, without the user's words.
        stays = vanish is delete and function in {"get_conversations", "get_newest_messages"}
        assert seen == [True, stays, True], function
    cards = call(url, gone.first, "get_cards", p_user_ids=ids)
    assert {each["user_id"] for each in cards} == {str(ids[0]), str(ids[2])}


def test_a_hidden_conversation_is_not_shown(url: str, pairs: list[Pair]) -> None:
    Talk(pairs[0]).hide(pairs[0].first)

    found = of_matches(url, pairs[0].first, "get_conversations", pairs)

    assert set(by_match(found)) == {str(pair.match_id) for pair in pairs[1:]}


def test_a_page_has_the_newest_messages(url: str, pairs: list[Pair]) -> None:
    pages = of_matches(url, pairs[0].first, "get_newest_messages", pairs, p_limit=1)

    assert {each["text"] for page in pages.values() for each in page["messages"]} == {"Hi"}
    assert all(page["has_more"] for page in pages.values())


@pytest.mark.parametrize("function", [*OF_MATCHES, "get_cards"])
def test_a_level_has_at_most_a_hundred_objects(url: str, function: str) -> None:
    pair = new_pair(url)
    name = "p_user_ids" if function == "get_cards" else "p_match_ids"

    assert not call(url, pair.first, function, **{name: [uuid4()] * 100})
    refused = sqlstate(url, pair.first, function, **{name: [uuid4()] * 101})
    assert refused == ("WA004", "argument_too_long")
