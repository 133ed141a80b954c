"""Direct calls to Supabase with an app's credentials: the publishable key and a user's token."""

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from tests.support.api import Api, assert_problem
from tests.support.meetings import BEGINNER
from tests.support.people import People, Person

# The schema that PostgREST serves: tables and views with their columns, functions with arguments.
_OBJECTS = """
select
    'table' as kind,
    relation.relname as name,
    (
        select array_agg(attribute.attname::text)
        from pg_attribute as attribute
        where attribute.attrelid = relation.oid and attribute.attnum > 0
    ) as names
from pg_class as relation
where relation.relnamespace = 'public'::regnamespace and relation.relkind in ('r', 'v', 'm', 'p')
union all
select 'rpc', function.proname, coalesce(function.proargnames[1:function.pronargs], '{}')
from pg_proc as function
where function.pronamespace = 'public'::regnamespace
"""


@pytest.fixture
def objects(people: People) -> list[tuple[str, str, list[str]]]:
    return people.connection.execute(_OBJECTS).fetchall()


@pytest.fixture
def supabase(stack: dict[str, str]) -> Iterator[httpx.Client]:
    url, key = f"{stack['SUPABASE_URL']}/rest/v1", stack["SUPABASE_PUBLISHABLE_KEY"]
    with httpx.Client(base_url=url, headers={"apikey": key}, timeout=30) as client:
        yield client


def requests(kind: str, name: str, names: list[str]) -> Iterator[tuple[str, str, Any]]:
    """Yield the method, path and body of each way to use a function or a table."""
    if kind == "rpc":
        yield "POST", f"/rpc/{name}", dict.fromkeys(names)
        return
    row, one = dict.fromkeys(names[:1]), f"{names[0]}=is.null"
    yield "GET", f"/{name}?limit=1", None
    yield "POST", f"/{name}", row
    yield "PATCH", f"/{name}?{one}", row
    yield "DELETE", f"/{name}?{one}", None


def answers(
    client: httpx.Client, objects: list[tuple[str, str, list[str]]], headers: dict[str, str]
) -> dict[str, tuple[int, str]]:
    """Use every object in every way; return the status and code of each answer."""
    found = {}
    for each in objects:
        for method, path, body in requests(*each):
            answer = client.request(method, path, json=body, headers=headers)
            found[f"{method} {path}"] = (answer.status_code, answer.json()["code"])
    return found


@pytest.mark.parametrize("role", ["anon", "authenticated"])
@pytest.mark.parametrize("key", [None, "", "a guess"])
def test_no_object_answers_without_the_backend_key(
    supabase: httpx.Client,
    objects: list[tuple[str, str, list[str]]],
    people: People,
    role: str,
    key: str | None,
) -> None:
    headers = people.new().authorization if role == "authenticated" else {}
    headers |= {"x-backend-key": key} if key is not None else {}

    # The check of the key comes before the object is looked up.
    found = answers(supabase, objects if key is None else objects[::10], headers)

    assert len(found) > (60 if key is None else 6)
    assert {path: answer for path, answer in found.items() if answer != (403, "PT403")} == {}


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_no_table_answers_even_with_the_backend_key(
    supabase: httpx.Client,
    objects: list[tuple[str, str, list[str]]],
    people: People,
    stack: dict[str, str],
    role: str,
) -> None:
    headers = people.new().authorization if role == "authenticated" else {}
    headers |= {"x-backend-key": stack["BACKEND_KEY"]}

    found = answers(supabase, [each for each in objects if each[0] == "table"], headers)

    assert len(found) >= 4 * 7
    assert {path: code for path, (_, code) in found.items() if code != "42501"} == {}


def test_a_call_that_waits_for_a_lock_ends_before_its_caller_gives_up(
    supabase: httpx.Client, people: People, stack: dict[str, str], api: Api
) -> None:
    maya, leo = people.pair()
    headers = maya.authorization | {"x-backend-key": stack["BACKEND_KEY"]}
    body = {"p_invitee_id": str(leo.id), "p_venue_suggestion": None, "p_note": None}
    with psycopg.connect(stack["DATABASE_URL"]) as other:
        other.execute("select from public.user_profiles where id = %s for update", [maya.id])
        answer = supabase.post(
            "/rpc/request_match", json=body | {"p_max_daily": 10}, headers=headers
        )
        assert answer.json()["code"] == "55P03"
        refused = api.invite(maya, leo)
        assert_problem(refused, 503, "dependency_unavailable")

    # A lock timeout does not mean that the database is down, so the circuit stays closed.
    health = api.call("GET", "/health").json()
    assert health["services"]["circuit_breakers"]["supabase"]["state"] == "closed"
    api.invited(maya, leo)


def test_a_filter_with_a_back_reference_is_never_evaluated(
    supabase: httpx.Client, people: People
) -> None:
    slow = {"description": r"match.(.*)(.*)(.*)(.*)\1\2\3\4x", "limit": "1"}
    for person in (None, people.new()):
        headers = person.authorization if person else {}
        answer = supabase.get("/challenges", params=slow, headers=headers)
        assert answer.json()["code"] == "PT403"


def test_the_list_of_functions_is_closed_too(supabase: httpx.Client, people: People) -> None:
    person: Person = people.new()
    for headers in ({}, person.authorization):
        assert supabase.get("/", headers=headers).status_code == 403


def test_thirty_megabytes_in_an_unused_field_are_not_stored(
    supabase: httpx.Client, people: People, stack: dict[str, str]
) -> None:
    maya = people.new()
    headers = maya.authorization | {"x-backend-key": stack["BACKEND_KEY"]}
    body = {
        "p_challenge_id": str(BEGINNER),
        "p_session_id": None,
        "p_outcome": "done",
        "p_reflection": None,
        "p_window_days": 7,
        "p_idempotency_key": "a key",
        "p_request_hash": "x" * 30_000_000,
    }

    refusal = supabase.post("/rpc/submit_challenge", json=body, headers=headers).json()
    # On a busy machine, reading them alone exceeds the time of a statement.
    assert refusal["code"] in {"WA004", "57014"}
    small = body | {"p_request_hash": "x" * 64}
    assert supabase.post("/rpc/submit_challenge", json=small, headers=headers).status_code == 200
