"""Pages of messages: each message once, in order, within a frame, at the cost of a page."""

import json
from collections.abc import Iterator

import pytest

from tests.integration.costs import buffers, session
from tests.integration.database import look, new_person
from tests.integration.meetings import Pair, new_match
from tests.integration.own_database import own_database
from tests.integration.plans import full_scans, plans
from tests.integration.talking import Talk, message, numbers

FRAME = 32_768


@pytest.fixture
def talk(pair: Pair) -> Talk:
    return Talk(pair)


@pytest.fixture
def long_talk(talk: Talk) -> Talk:
    """A conversation of 25 messages."""
    talk.send(talk.pair.first)
    talk.fill(24)
    return talk


@pytest.mark.parametrize("limit", [1, 7, 25, 100])
def test_pages_forwards_have_each_message_once(long_talk: Talk, limit: int) -> None:
    found, after, more = list[int](), 0, True
    while more:
        page = long_talk.page(long_talk.pair.first, p_after_seq=after, p_limit=limit)
        found += numbers(page["messages"])
        after, more = found[-1], page["has_more"]
    assert found == list(range(1, 26))


@pytest.mark.parametrize("limit", [1, 7, 25, 100])
def test_pages_backwards_have_each_message_once(long_talk: Talk, limit: int) -> None:
    found, before, more = list[int](), None, True
    while more:
        page = long_talk.page(long_talk.pair.first, p_before_seq=before, p_limit=limit)
        found = numbers(page["messages"]) + found
        before, more = found[0], page["has_more"]
    assert found == list(range(1, 26))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, (list(range(6, 26)), True)),
        ({"p_after_seq": 3, "p_before_seq": 6}, ([4, 5], False)),
        ({"p_after_seq": 3, "p_before_seq": 20, "p_limit": 2}, ([4, 5], True)),
        ({"p_after_seq": 25}, ([], False)),
        ({"p_after_seq": 2**31 - 1}, ([], False)),
        ({"p_after_seq": -5, "p_limit": 2}, ([1, 2], True)),
        ({"p_before_seq": 1}, ([], False)),
        ({"p_before_seq": -(2**31)}, ([], False)),
        ({"p_before_seq": 2**31 - 1, "p_limit": 1}, ([25], True)),
        ({"p_after_seq": 9, "p_before_seq": 3}, ([], False)),
    ],
)
def test_a_page_has_the_messages_between_its_ends(
    long_talk: Talk, wanted: dict[str, object], expected: tuple[list[int], bool]
) -> None:
    page = long_talk.page(long_talk.pair.second, **wanted)
    assert (numbers(page["messages"]), page["has_more"]) == expected


def test_a_limit_past_the_api_is_kept_in_bounds(long_talk: Talk) -> None:
    long_talk.fill(100)
    for limit, most in ((10**6, 100), (0, 1), (-1, 1)):
        page = long_talk.page(long_talk.pair.first, p_limit=limit)
        assert len(page["messages"]) == most


@pytest.mark.parametrize("text", ["x" * 4000, "🐶" * 4000, '"\\\n' * 1333 + "x"])
def test_a_page_fits_into_a_frame_and_has_at_least_one_message(talk: Talk, text: str) -> None:
    for _ in range(12):
        talk.send(talk.pair.first, text)

    for wanted, near in (({"p_after_seq": 0}, 1), ({}, 12)):
        page = talk.page(talk.pair.second, p_limit=100, **wanted)
        assert near in numbers(page["messages"])
        assert page["has_more"]
        frame = json.dumps(page, ensure_ascii=False, separators=(",", ":")).encode()
        assert len(frame) < FRAME


@pytest.fixture(scope="module")
def sizes(database_url: str) -> Iterator[tuple[Talk, Talk]]:
    """Conversations of 100 and of 100 000 messages."""
    with own_database(database_url) as url:
        talks = []
        for count in (100, 100_000):
            both = new_person(url), new_person(url)
            talk = Talk(Pair(url, *both, new_match(url, *both)))
            talk.send(both[0])
            talk.fill(count - 1)
            talks.append(talk)
        look(url, "vacuum analyze public.messages")
        yield talks[0], talks[1]


@pytest.mark.parametrize(
    ("step", "asked"),
    [
        ("list_messages", {}),
        ("list_messages", {"p_after_seq": 40}),
        ("list_messages", {"p_before_seq": 60}),
        ("list_conversations", None),
        ("send_message", {}),
        ("mark_read", {"p_seq": 20}),
        ("mark_received", {"p_seq": 20}),
    ],
)
def test_a_step_costs_the_same_in_a_conversation_of_any_length(
    sizes: tuple[Talk, Talk], step: str, asked: dict[str, object] | None
) -> None:
    spent = []
    for talk in sizes:
        with session(talk.url, talk.pair.second) as reader:
            for _ in range(3):
                given = {} if asked is None else {"p_match_id": talk.pair.match_id} | asked
                if step == "send_message":
                    given = message(talk.pair.match_id)
                cost = buffers(reader, f"public.{step}", **given)
        spent.append(cost)
    small, large = spent
    # An index of 100 000 rows has one more level.
    assert large <= small + 12, spent


def test_no_step_reads_all_messages(sizes: tuple[Talk, Talk]) -> None:
    _, talk = sizes
    for step, asked in (
        ("list_messages", {"p_match_id": talk.pair.match_id}),
        ("list_conversations", {}),
        ("mark_read", {"p_match_id": talk.pair.match_id, "p_seq": 30}),
    ):
        found = plans(talk.url, talk.pair.second, step, **asked)
        assert full_scans(found, "messages") == []
