"""Conversations, through the function `conversations`."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.support.conversations import PATH, Conversations, messages, new, one
from tests.support.functions import Function
from tests.support.people import People
from tests.support.profiles import fields_of, match
from wingman.conversations.limits import MESSAGES
from wingman.kit.limits.limiter import limiter
from wingman.kit.limits.limits import EVERY_USER

Load = Callable[..., Function]


@pytest.fixture
def talks(function: Load, people: People) -> Conversations:
    return Conversations(function("conversations", ENABLE_RATE_LIMITING="false"), people)


@pytest.fixture
def limited(function: Load, people: People) -> Conversations:
    return Conversations(function("conversations"), people)


def test_a_message_is_sent_read_and_hidden(talks: Conversations) -> None:
    maya, leo, match_id = talks.matched()
    body = new(" Shall we? ")

    answer = talks.post(maya, match_id, body)

    sent = json.loads(answer["body"])
    assert answer["statusCode"] == 201
    assert (sent["text"], sent["seq"], sent["sender_id"]) == ("Shall we?", 1, str(maya.id))
    location = answer["headers"]["location"]
    assert talks.done(maya, "GET", location)["messages"] == [sent]
    assert talks.page(leo, match_id) == {"messages": [sent], "first_seq": 1, "has_more": False}
    (shown,) = talks.listed(leo)["conversations"]
    assert (shown["unread_count"], shown["last_message"]) == (1, sent)
    assert talks.done(leo, "PUT", f"{one(match_id)}/read", {"seq": 7}) == {"read_seq": 1}
    assert talks.call(leo, "DELETE", one(match_id)) == (204, None)
    assert talks.listed(leo)["conversations"] == []
    assert len(talks.listed(maya)["conversations"]) == 1


def test_a_repeated_message_is_a_200_with_the_first_one(talks: Conversations) -> None:
    maya, _, match_id = talks.matched()
    later, _ = talks.people.sign_in(maya)  # with another token
    body = new()

    first, again = (talks.post(person, match_id, body) for person in (maya, later))

    assert (first["statusCode"], again["statusCode"]) == (201, 200)
    assert again["body"] == first["body"]
    assert again["headers"]["idempotent-replayed"] == "true"
    other = json.loads(talks.post(maya, match_id, body | {"text": "Other"})["body"])
    assert (other["status"], other["code"]) == (409, "client_id_reused")
    assert len(talks.page(maya, match_id)["messages"]) == 1


def test_pages_of_conversations_have_no_gaps(talks: Conversations) -> None:
    maya = talks.people.new()
    expected: list[str] = []
    for _ in range(3):
        match_id = match(talks.people, talks.people.new("Leo"), maya)
        talks.say(maya, match_id)
        expected.insert(0, str(match_id))

    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = talks.listed(maya, limit=2, **cursor)
        found += [each["match_id"] for each in page["conversations"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == expected
    assert page["head"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        *(({"text": text}, "text") for text in ("", " ", "x" * 4001, "a\x00b", "\u200b", 5)),
        ({"text": None}, "text"),
        ({"playground_id": str(uuid4())}, "text"),
        ({"text": None, "playground_id": str(uuid4())}, "playground_id"),
        ({"text": None, "playground_id": "x"}, "playground_id"),
        *(({"client_id": each}, "client_id") for each in ("x", None, 5)),
        ({"seq": 5}, "seq"),
    ],
)
def test_an_invalid_message_is_a_422_that_names_the_field(
    talks: Conversations, body: dict[str, Any], field: str
) -> None:
    maya, _, match_id = talks.matched()
    status, problem = talks.call(maya, "POST", messages(match_id), new() | body)
    assert (status, fields_of(problem)) == (422, [field])
    assert talks.page(maya, match_id)["messages"] == []


@pytest.mark.parametrize("text", ["\\ud83d", "\\ude00", "a\\ud800b"])
def test_half_of_a_surrogate_pair_is_refused(talks: Conversations, text: str) -> None:
    maya, _, match_id = talks.matched()
    body = f'{{"client_id": "{uuid4()}", "text": "{text}"}}'
    assert talks.call(maya, "POST", messages(match_id), body)[0] in {400, 422}


@pytest.mark.parametrize("length", [1, 2, 4])
def test_the_length_is_counted_in_code_points(talks: Conversations, length: int) -> None:
    maya, _, match_id = talks.matched()
    letter = {1: "x", 2: "ü", 4: "🐶"}[length]
    assert talks.call(maya, "POST", messages(match_id), new(letter * 4000))[0] == 201
    assert talks.call(maya, "POST", messages(match_id), new(letter * 4001))[0] == 422
    assert talks.call(maya, "POST", messages(match_id), new(f" {letter * 4000}\n"))[0] == 201


@pytest.mark.parametrize(
    "query",
    [
        *("after_seq=-1", "after_seq=x", "after_seq=2147483648", "before_seq=-1"),
        *("limit=0", "limit=101", "before_seq=1.5"),
    ],
)
def test_an_invalid_range_is_a_422(talks: Conversations, query: str) -> None:
    maya, _, match_id = talks.matched()
    status, problem = talks.call(maya, "GET", f"{messages(match_id)}?{query}")
    assert (status, fields_of(problem)) == (422, [query.split("=", maxsplit=1)[0]])


@pytest.mark.parametrize("body", [{}, {"seq": -1}, {"seq": 2**31}, {"seq": "x"}, {"seq": None}])
def test_an_invalid_mark_is_a_422(talks: Conversations, body: object) -> None:
    maya, _, match_id = talks.matched()
    assert talks.call(maya, "PUT", f"{one(match_id)}/read", body)[0] == 422


def test_the_conversation_of_others_is_a_404(talks: Conversations) -> None:
    maya, _, match_id = talks.matched()
    talks.say(maya, match_id)
    stranger = talks.people.new()

    for method, path, body in (
        ("GET", messages(match_id), None),
        ("POST", messages(match_id), new()),
        ("PUT", f"{one(match_id)}/read", {"seq": 1}),
        ("DELETE", one(match_id), None),
    ):
        status, problem = talks.call(stranger, method, path, body)
        assert (status, problem["code"]) == (404, "not_found")
    assert talks.listed(stranger)["conversations"] == []


def test_a_pending_match_accepts_no_message(talks: Conversations) -> None:
    maya, leo = talks.people.pair()
    match_id = match(talks.people, maya, leo, "pending")
    for person in (maya, leo):
        status, problem = talks.call(person, "POST", messages(match_id), new())
        assert (status, problem["code"]) == (409, "match_not_active")


def test_the_partner_of_a_deleted_user_can_still_read(talks: Conversations) -> None:
    maya, leo, match_id = talks.matched()
    talks.say(maya, match_id, "Mine")
    talks.say(leo, match_id, "Theirs")

    talks.people.remove(leo)

    (shown,) = talks.listed(maya)["conversations"]
    assert shown["partner"] == {"user_id": None, "name": "Deleted user", "photo_url": None}
    assert [each["text"] for each in talks.page(maya, match_id)["messages"]] == ["Mine", None]


def test_an_empty_bucket_refuses_new_messages_and_finds_sent_ones(limited: Conversations) -> None:
    maya, _, match_id = limited.matched()
    body = new()
    first = limited.post(maya, match_id, body)
    limiter().take({MESSAGES.key(str(maya.id)): MESSAGES}, cost=MESSAGES.capacity - 1)

    again, other = limited.post(maya, match_id, body), limited.post(maya, match_id, new())

    assert (again["statusCode"], again["body"]) == (200, first["body"])
    assert (other["statusCode"], json.loads(other["body"])["code"]) == (429, "rate_limited")
    assert int(other["headers"]["retry-after"]) >= 1
    assert '"messages";r=0' in other["headers"]["ratelimit"]
    assert len(limited.page(maya, match_id)["messages"]) == 1


def test_a_lookup_with_an_empty_bucket_counts_towards_the_other_limits(
    limited: Conversations,
) -> None:
    maya, _, match_id = limited.matched()
    limiter().take({MESSAGES.key(str(maya.id)): MESSAGES}, cost=MESSAGES.capacity)
    others = EVERY_USER.key(str(maya.id))
    answers = [limited.post(maya, match_id, new())["statusCode"] for _ in range(10)]
    assert answers.count(429) > 5  # on a slow machine, the bucket regains a token
    assert limiter().peek({others: EVERY_USER})[0].remaining <= EVERY_USER.capacity - 5


def test_a_repeated_message_costs_no_token(limited: Conversations) -> None:
    maya, _, match_id = limited.matched()
    body = new()
    for _ in range(5):
        limited.post(maya, match_id, body)
    bucket = MESSAGES.key(str(maya.id))
    assert limiter().peek({bucket: MESSAGES})[0].remaining >= MESSAGES.capacity - 1


def test_a_warm_request_calls_redis_and_the_database_once_each_and_looks_for_connections(
    limited: Conversations, calls: list[str]
) -> None:
    maya, _, match_id = limited.matched()
    limited.say(maya, match_id)
    for method, path, body, looks in (
        ("GET", PATH, None, []),
        ("GET", messages(match_id), None, []),
        ("POST", messages(match_id), new(), [False]),
        ("PUT", f"{one(match_id)}/read", {"seq": 1}, [False]),
        ("DELETE", one(match_id), None, [False]),
    ):
        calls.clear()
        limited.call(maya, method, path, body)
        to_database = [call.startswith("POST /rest/") for call in calls]
        assert to_database == [False, True, *looks], (method, path)
