"""A user who calls PostgREST directly, and even has the backend key."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.api import Api
from tests.support.people import People, Person


@pytest.fixture
def supabase(stack: dict[str, str]) -> Iterator[httpx.Client]:
    url, key = f"{stack['SUPABASE_URL']}/rest/v1", stack["SUPABASE_PUBLISHABLE_KEY"]
    headers = {"apikey": key, "x-backend-key": stack["BACKEND_KEY"]}
    with httpx.Client(base_url=url, headers=headers) as client:
        yield client


def rows(client: httpx.Client, person: Person, query: str) -> tuple[int, Any]:
    response = client.get(query, headers=person.authorization)
    return response.status_code, response.json()


def test_a_user_cannot_set_a_status(api: Api, people: People, supabase: httpx.Client) -> None:
    maya, leo = people.pair()
    match_id = api.invited(maya, leo)
    for person in (maya, leo):
        response = supabase.patch(
            f"/wingman_matches?id=eq.{match_id}",
            json={"status": "accepted"},
            headers=person.authorization,
        )
        assert response.status_code == 403
    assert api.call("GET", f"/api/matches/{match_id}", maya).json()["status"] == "pending"


def test_a_user_cannot_insert_a_match(people: People, supabase: httpx.Client) -> None:
    maya, leo = people.pair()
    row = {"user1_id": str(maya.id), "user2_id": str(leo.id), "initiator_id": str(leo.id)}
    response = supabase.post("/wingman_matches", json=row, headers=maya.authorization)
    assert response.status_code == 403


def test_a_user_sees_no_rows_of_others(api: Api, people: People, supabase: httpx.Client) -> None:
    maya, leo = people.pair()
    api.invited(maya, leo)
    stranger = people.new()
    for query in (
        "/wingman_matches?select=id",
        f"/user_profiles?select=id&id=eq.{maya.id}",
        "/email_preferences?select=user_id",
        "/email_logs?select=id",
    ):
        status, body = rows(supabase, stranger, query)
        assert status == 403 or body == [], (query, body)


def test_a_user_reads_no_address(people: People, supabase: httpx.Client) -> None:
    maya = people.new()
    for query in (
        "/user_profiles?select=email",
        "/user_profiles?select=*",
        "/email_logs?select=recipient_email",
        "/email_logs?select=template_data",
        "/email_suppressions?select=*",
    ):
        status, body = rows(supabase, maya, query)
        assert status == 403, (query, body)
        assert maya.email not in str(body)


def test_a_user_cannot_call_functions_of_workers(people: People, supabase: httpx.Client) -> None:
    maya = people.new()
    for function, arguments in {
        "claim_emails": {"p_ids": [], "p_lease_seconds": 60},
        "form_send_group": {"p_lease_token": str(maya.id), "p_ids": []},
        "complete_emails": {"p_lease_token": str(maya.id), "p_results": []},
        "sweep_emails": {"p_limit": 10},
    }.items():
        for headers in (maya.authorization, {}):
            response = supabase.post(f"/rpc/{function}", json=arguments, headers=headers)
            assert response.status_code in (401, 403, 404), (function, response.text)


def test_an_anonymous_client_can_do_nothing(supabase: httpx.Client) -> None:
    for query in ("/wingman_matches", "/user_profiles", "/email_logs", "/email_preferences"):
        assert supabase.get(query).status_code == 401
    response = supabase.post("/rpc/list_matches", json={"p_limit": 1})
    assert response.status_code in (401, 403, 404)
