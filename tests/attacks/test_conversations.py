"""Conversations under attack: direct calls, others' ids, floods and odd texts."""

from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import httpx
import pytest

from tests.support.people import People
from tests.support.profiles import match

Rpc = Callable[..., httpx.Response]


@pytest.fixture
def rpc(stack: dict[str, str]) -> Iterator[Rpc]:
    """Call a database function directly, with the backend key."""
    url = f"{stack['SUPABASE_URL']}/rest/v1/rpc"
    keys = {"apikey": stack["SUPABASE_PUBLISHABLE_KEY"], "x-backend-key": stack["BACKEND_KEY"]}
    with httpx.Client(base_url=url, headers=keys, timeout=30) as session:
        yield lambda person, function, **arguments: session.post(
            f"/{function}", json=arguments, headers=person.authorization
        )


def new(match_id: UUID, text: str = "Hello", **more: object) -> dict[str, object]:
    return {"p_match_id": str(match_id), "p_client_id": str(uuid4()), "p_text": text} | more


@pytest.mark.parametrize("path", ["messages", "conversations", "conversation_members"])
def test_tables_of_conversations_are_closed(
    stack: dict[str, str], people: People, path: str
) -> None:
    maya, leo = people.pair()
    match(people, maya, leo)
    headers = {
        "apikey": stack["SUPABASE_PUBLISHABLE_KEY"],
        "x-backend-key": stack["BACKEND_KEY"],
        **maya.authorization,
    }
    answer = httpx.get(f"{stack['SUPABASE_URL']}/rest/v1/{path}", headers=headers, timeout=30)
    assert answer.status_code >= 400


def test_a_client_id_of_another_user_finds_nothing(people: People, rpc: Rpc) -> None:
    maya, leo = people.pair()
    match_id = match(people, maya, leo)
    sent = new(match_id, "Private")
    rpc(maya, "send_message", **sent)

    for known_only in (True, False):
        answer = rpc(people.new(), "send_message", **sent, p_known_only=known_only)
        assert "Private" not in answer.text
        assert known_only or answer.json()["code"] == "WT001"
    assert rpc(leo, "send_message", **sent, p_known_only=True).json() is None


@pytest.mark.parametrize("text", ["", " \n", "\u200b\u200d", "\u2800", "x" * 4001, "\u3164"])
def test_a_text_that_the_api_refuses_is_never_stored(people: People, rpc: Rpc, text: str) -> None:
    maya, leo = people.pair()
    match_id = match(people, maya, leo)
    assert rpc(maya, "send_message", **new(match_id, text)).status_code == 400
    assert rpc(leo, "list_messages", p_match_id=str(match_id)).json()["messages"] == []


@pytest.mark.parametrize("limit", [-1, 0, 10**9])
def test_a_direct_call_gets_no_larger_page(people: People, rpc: Rpc, limit: int) -> None:
    maya, leo = people.pair()
    match_id = match(people, maya, leo)
    rpc(maya, "send_message", **new(match_id))
    found = rpc(leo, "list_messages", p_match_id=str(match_id), p_limit=limit).json()
    assert len(found["messages"]) == 1


def test_a_mark_beyond_the_end_does_not_mute_later_messages(people: People, rpc: Rpc) -> None:
    maya, leo = people.pair()
    match_id = match(people, maya, leo)
    rpc(maya, "send_message", **new(match_id))
    far = {"p_match_id": str(match_id), "p_seq": 2**31 - 1}
    rpc(leo, "mark_received", **far)
    marked = rpc(leo, "mark_read", **far).json()
    rpc(maya, "send_message", **new(match_id))

    (shown,) = rpc(leo, "list_conversations").json()["conversations"]
    assert (marked["read_seq"], shown["unread_count"]) == (1, 1)


def test_a_block_is_not_visible(people: People, rpc: Rpc) -> None:
    maya, leo = people.pair()
    match_id = match(people, maya, leo)
    rpc(maya, "send_message", **new(match_id))
    rpc(leo, "put_block", p_user_id=str(maya.id))

    for function, arguments in (
        ("send_message", new(match_id)),
        ("list_messages", {"p_match_id": str(match_id)}),
        ("mark_read", {"p_match_id": str(match_id), "p_seq": 1}),
        ("mark_received", {"p_match_id": str(match_id), "p_seq": 1}),
        ("hide_conversation", {"p_match_id": str(match_id)}),
    ):
        unknown = arguments | {"p_match_id": str(uuid4())}
        blocked, nowhere = (rpc(maya, function, **each) for each in (arguments, unknown))
        assert (blocked.status_code, blocked.json()) == (nowhere.status_code, nowhere.json())
