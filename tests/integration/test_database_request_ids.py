"""Rows have the id of the request that wrote them, if our functions sent one."""

import json
from typing import Any

import pytest

from tests.integration import feeds
from tests.integration.connections import connected
from tests.integration.database import WORKER, Person, invoke, look, rows
from tests.integration.pushes import Phones, new_post
from wingman.notifications.email.models import ClaimedEmail

FORGED = ["a b", "x\nfake", "x' or 1=1", "ü", "x" * 129, "", "<b>"]


def notify(url: str, person: Person, headers: str) -> None:
    """Notify a person in a request with these headers, as PostgREST passes them."""
    with connected(url) as connection:
        connection.execute("select set_config('request.headers', %s, true)", (headers,))
        feeds.notify(connection, person)


def recorded(url: str, person: Person) -> list[tuple[Any, Any]]:
    """Return the ids of the email and of the notification."""
    found = look(
        url,
        "select email.request_id as email, listed.request_id as listed"
        " from public.email_logs as email"
        " inner join public.notifications as listed on email.dedupe_key = listed.dedupe_key"
        " where email.user_id = %s order by email.created_at",
        person.user_id,
    )
    return [(row["email"], row["listed"]) for row in found]


def test_an_email_and_a_notification_carry_the_id(url: str, maya: Person) -> None:
    notify(url, maya, json.dumps({"x-caller-request-id": "a-B_c1="}))
    assert recorded(url, maya) == [("a-B_c1=", "a-B_c1=")]


@pytest.mark.parametrize("forged", FORGED)
def test_a_malformed_id_is_not_stored(url: str, maya: Person, forged: str) -> None:
    notify(url, maya, json.dumps({"x-caller-request-id": forged}))
    assert recorded(url, maya) == [(None, None)]


@pytest.mark.parametrize("headers", ["", "{}", '{"x-request-id": "theirs"}'])
def test_another_call_leaves_the_id_out(url: str, maya: Person, headers: str) -> None:
    notify(url, maya, headers)
    assert recorded(url, maya) == [(None, None)]


def test_a_worker_gets_the_id_with_what_it_claims(url: str, maya: Person) -> None:
    Phones(url).give(maya)
    new_post(url)
    notify(url, maya, json.dumps({"x-caller-request-id": "r-1"}))
    [email] = look(url, "select id from public.email_logs where request_id = 'r-1'")
    claimed = rows(url, WORKER, "claim_emails", p_ids=[email["id"]], p_lease_seconds=60)
    assert [ClaimedEmail.model_validate(row).request_id for row in claimed] == ["r-1"]
    with connected(url) as connection:
        [found] = invoke(connection, "claim_pushes", p_limit=10, p_lease_seconds=60)
    assert [push["request_id"] for push in found["claim_pushes"]["pushes"]] == ["r-1"]
