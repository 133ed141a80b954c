"""Notifications and devices under attack: direct calls, odd tokens and deceptive names."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx
import pytest

from tests.support.functions import Function
from tests.support.notifications import Notifications, notify
from tests.support.people import People

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


@pytest.mark.parametrize("token", ["", " ", "a b", "a\nb", "ü", "x" * 1025])
def test_an_odd_token_is_never_stored(people: People, rpc: Rpc, token: str) -> None:
    maya, _ = people.sign_in(people.new())

    answer = rpc(maya, "put_device", p_device_id=str(uuid4()), p_platform="ios", p_token=token)

    assert answer.status_code == 400
    assert rpc(maya, "list_devices").json() == []


def test_a_token_without_a_live_session_registers_nothing(people: People, rpc: Rpc) -> None:
    maya = people.new()

    answer = rpc(maya, "put_device", p_device_id=str(uuid4()), p_platform="ios", p_token="t")

    assert answer.json()["code"] == "WN022"


def test_a_direct_call_gets_no_larger_page(people: People, rpc: Rpc) -> None:
    maya = people.new()
    people.connection.execute(
        "select private.notify(%s, 'match_declined', '{}', number::text)"
        " from generate_series(1, 150) as number",
        (maya.id,),
    )

    for limit in (10**6, -5):
        page = rpc(maya, "list_notifications", p_limit=limit).json()
        assert len(page["notifications"]) <= 101
    assert page["unread"] == 150


def test_a_name_that_looks_like_a_link_is_not_a_link_in_a_notification(
    function: Callable[..., Function], people: People
) -> None:
    maya = people.new()
    lists = Notifications(function("notifications", ENABLE_RATE_LIMITING="false"), people)
    notify(people, maya, facts={"partner_name": "evil.com\u202e\nhttps://evil.com/x"})

    (text,) = lists.texts(maya)

    assert "evil.com" not in text
    assert not {"\n", "\u202e"} & set(text)
