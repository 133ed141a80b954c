"""The worker that calls Supabase Auth for requests that have already been answered."""

import json

import pytest

from tests.support.accounts import Load, attempts, carry_out
from tests.support.people import People
from tests.support.supabase_auth import SupabaseAuth, new_email
from wingman.accounts import requests
from wingman.accounts.attempts import Kind
from wingman.kit.sealing import seal

pytestmark = pytest.mark.usefixtures("no_hook")


@pytest.fixture
def secret(stack: dict[str, str]) -> str:
    return stack["SUPABASE_SECRET_KEY"]


def forgotten(secret: str, email: str) -> str:
    request = requests.Request(kind=Kind.FORGOT, ip="203.0.113.7", user_agent="App/1", email=email)
    return json.dumps({"sealed": requests.sealed(secret, request)})


def test_a_request_is_carried_out_for_the_client_that_made_it(
    function: Load, auth: SupabaseAuth, people: People, secret: str
) -> None:
    maya = auth.new()

    assert carry_out(function, [forgotten(secret, maya.email)]) == []

    assert auth.link(maya.email, "recovery_token")
    assert attempts(people, maya.id) == [("forgot", "accepted", "App/1")]


def test_an_unknown_address_is_recorded_and_gets_no_link(
    function: Load, auth: SupabaseAuth, secret: str
) -> None:
    email = new_email()

    assert carry_out(function, [forgotten(secret, email)]) == []

    with pytest.raises(AssertionError, match="no recovery_token"):
        auth.link(email, "recovery_token")


@pytest.mark.parametrize("body", ["", "{}", '{"sealed": "nothing"}', "not JSON"])
def test_a_message_of_another_origin_goes_back_alone(
    function: Load, auth: SupabaseAuth, secret: str, body: str
) -> None:
    maya = auth.new()

    assert carry_out(function, [body, forgotten(secret, maya.email)]) == ["0"]

    assert auth.link(maya.email, "recovery_token")


def test_a_message_that_is_sealed_with_another_key_goes_back(function: Load) -> None:
    request = requests.Request(kind=Kind.FORGOT, ip="", user_agent="", email="m@example.com")
    sealed = seal("another key", "auth-requests", request.model_dump_json())

    assert carry_out(function, [json.dumps({"sealed": sealed})]) == ["0"]


def test_a_request_sealed_with_the_previous_key_is_carried_out(
    function: Load, auth: SupabaseAuth, stack: dict[str, str]
) -> None:
    maya = auth.new()

    assert carry_out(function, [forgotten(stack["SUPABASE_SECRET_KEY_PREVIOUS"], maya.email)]) == []

    assert auth.link(maya.email, "recovery_token")


@pytest.mark.parametrize("mode", ["down", "error_500", "rate_limited"])
def test_a_request_waits_for_supabase_auth(
    function: Load, auth: SupabaseAuth, secret: str, mode: str
) -> None:
    maya = auth.new()
    message = forgotten(secret, maya.email)
    with auth.fault(mode):
        assert carry_out(function, [message]) == ["0"]

    assert carry_out(function, [message]) == []
    assert auth.link(maya.email, "recovery_token")
