"""Playgrounds under attack: other users' playgrounds, spam, odd searches, forged cursors."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.functions import Function
from tests.support.people import People, Person
from tests.support.playgrounds import PATH, Playgrounds, favourite, one
from tests.support.profiles import ALEXANDERPLATZ

Rpc = Callable[..., httpx.Response]


@pytest.fixture
def grounds(function: Callable[..., Function], people: People) -> Playgrounds:
    return Playgrounds(function("playgrounds", ENABLE_RATE_LIMITING="false"), people)


@pytest.fixture
def rpc(stack: dict[str, str]) -> Iterator[Rpc]:
    """Call a database function directly, with the backend key."""
    url = f"{stack['SUPABASE_URL']}/rest/v1/rpc"
    keys = {"apikey": stack["SUPABASE_PUBLISHABLE_KEY"], "x-backend-key": stack["BACKEND_KEY"]}
    with httpx.Client(base_url=url, headers=keys, timeout=30) as session:
        yield lambda person, function, **arguments: session.post(
            f"/{function}", json=arguments, headers=person.authorization
        )


def new(name: str) -> dict[str, object]:
    return {f"p_{field}": value for field, value in ALEXANDERPLATZ.items()} | {"p_name": name}


def test_only_the_owner_changes_and_deletes_a_playground(
    grounds: Playgrounds, people: People
) -> None:
    maya, leo = people.pair()
    theirs = grounds.add(leo)

    for method, body in (("PATCH", {"name": "Mine now"}), ("DELETE", None)):
        status, problem = grounds.call(maya, method, one(theirs), body)
        assert (status, problem["code"]) == (403, "not_owner")
    assert grounds.done(leo, "GET", one(theirs)) == theirs


def test_a_direct_change_reaches_only_the_named_columns(
    grounds: Playgrounds, people: People, rpc: Rpc
) -> None:
    maya, leo = people.pair()
    mine = grounds.add(maya)
    change = {"owner_id": str(leo.id), "id": str(uuid4()), "created_at": "2020-01-01", "name": "X"}

    rpc(maya, "change_playground", p_playground_id=mine["id"], p_changes=change)

    assert grounds.done(maya, "GET", one(mine)) == mine | {"name": "X"}


def test_no_answer_says_who_has_added_a_playground(grounds: Playgrounds, people: People) -> None:
    maya, leo = people.pair()
    name = uuid4().hex
    mine = grounds.add(maya, name)
    grounds.done(maya, "PUT", favourite(mine))

    answers = [grounds.page(leo, q=name), grounds.done(leo, "GET", one(mine))]

    assert str(maya.id) not in json.dumps(answers)


def test_a_user_adds_at_most_twenty_playgrounds_a_day_even_after_deletions(
    grounds: Playgrounds, people: People, rpc: Rpc
) -> None:
    maya = people.new()
    for number in range(20):
        added = rpc(maya, "create_playground", **new(f"Spam {number}")).json()
        assert grounds.call(maya, "DELETE", one(added["playground"]))[0] == 204

    refused = rpc(maya, "create_playground", **new("Spam 20"))
    status, problem = grounds.call(maya, "POST", PATH, {**ALEXANDERPLATZ, "name": "Spam 21"})

    assert refused.json()["code"] == "WY003"
    assert (status, problem["code"]) == (429, "daily_playground_limit")


def test_favourites_end_at_five_hundred(grounds: Playgrounds, people: People) -> None:
    maya = people.new()
    people.connection.execute(
        "with added as (insert into public.playgrounds (name, latitude, longitude)"
        " select 'Place', -70, n / 10.0 from generate_series(1, 500) as n returning id)"
        " insert into public.playground_favourites (user_id, playground_id)"
        " select %s, id from added",
        (maya.id,),
    )
    more = grounds.add(maya)

    status, problem = grounds.call(maya, "PUT", favourite(more))

    assert (status, problem["code"]) == (409, "too_many_favourites")
    assert grounds.done(maya, "GET", one(more))["favourite"] is False


@pytest.mark.parametrize(
    "q",
    [
        *("%" * 200, "_" * 200, "(a+)+$" * 33, "\\" * 200, ".*" * 100, "[[:alpha:]]*"),
        *("' or 1=1 --", "a" * 200, "🐶" * 200, "\u0301" * 200, "ﷺ" * 200, "{}", "NULL"),
        "".join(map(chr, range(0x4E00, 0x4E00 + 200))),
    ],
)
def test_an_odd_search_is_treated_as_words(
    grounds: Playgrounds, people: People, calls: list[str], q: str
) -> None:
    maya = people.new()
    nowhere = {"latitude": -75.5, "longitude": 20}
    calls.clear()

    assert "playgrounds" in grounds.page(maya, q=q)
    assert grounds.page(maya, q=q, **nowhere)["playgrounds"] == []

    assert [call for call in calls if "rpc" in call] == ["POST /rest/v1/rpc/list_playgrounds"] * 2


def packed(position: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    "cursor",
    [
        *("x", "", "😀", "=" * 100, "AAAA", packed({}), packed([]), packed([1, "", "x"])),
        *(packed([rank, "", UNKNOWN]) for rank in ("x", None, float("nan"), 10**400)),
        packed([1, "\x00", UNKNOWN]),
        packed([1, "x" * 201, UNKNOWN]),
        packed([1, "\ud800", UNKNOWN]),
        packed([1, "", UNKNOWN, 1]),
    ],
)
def test_a_forged_cursor_is_a_422(grounds: Playgrounds, people: People, cursor: str) -> None:
    maya = people.new()
    for search in ({"q": "dog"}, ALEXANDERPLATZ, {"favourite": "true"}):
        status, problem = grounds.refused(maya, cursor=cursor, **search)
        assert (status, problem["code"]) == (422, "invalid_request")
        assert problem["errors"][0]["field"] == "cursor"


def test_a_cursor_of_another_search_shows_nothing_but_public_rows(
    grounds: Playgrounds, people: People
) -> None:
    maya, leo = people.pair()
    secret = grounds.add(leo)
    grounds.done(leo, "PUT", favourite(secret))
    for rank in (-1e308, -1, 0, 0.5, 1e308):
        cursor = packed([rank, "zzz", str(uuid4())])
        assert grounds.page(maya, favourite="true", cursor=cursor)["playgrounds"] == []
        for search in ({"q": "dog"}, ALEXANDERPLATZ):
            for row in grounds.page(maya, cursor=cursor, **search)["playgrounds"]:
                assert (row["mine"], row["favourite"]) == (False, False)


def test_a_playground_outlives_its_owner_only_for_others_who_go_there(
    grounds: Playgrounds, people: People
) -> None:
    maya, leo = people.pair()
    shared, lonely = grounds.add(maya, "Shared", description="Call me"), grounds.add(maya)
    for person, place in ((leo, shared), (maya, shared), (maya, lonely)):
        grounds.done(person, "PUT", favourite(place))

    people.remove(maya)

    left = grounds.done(leo, "GET", one(shared))
    assert left == shared | {"description": "", "mine": False, "favourite": True}
    assert grounds.call(leo, "GET", one(lonely))[0] == 404
    assert grounds.call(leo, "PATCH", one(shared), {"name": "Mine"})[0] == 403
    assert rows_about(people, maya) == 0


def rows_about(people: People, person: Person) -> Any:
    row = people.connection.execute(
        "select (select count(*) from public.playgrounds where owner_id = %(id)s)"
        " + (select count(*) from public.playground_favourites where user_id = %(id)s)"
        " + (select count(*) from private.user_days where user_id = %(id)s)",
        {"id": person.id},
    ).fetchone()
    assert row
    return row[0]
