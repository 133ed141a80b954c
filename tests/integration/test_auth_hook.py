"""The Send Email hook of the stand-in for Supabase Auth."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from supabase_auth.errors import AuthApiError

from tests.support.receiver import Receiver
from tests.support.supabase_auth import PASSWORD, SupabaseAuth, new_email, refusal
from wingman.kit.signatures import verified_id


@pytest.fixture
def receiver(auth: SupabaseAuth) -> Iterator[Receiver]:
    with Receiver() as receiver, auth.settings(hook_url=receiver.url):
        yield receiver


@contextmanager
def refused(status: int, code: str) -> Iterator[None]:
    with pytest.raises(AuthApiError) as caught:
        yield
    assert refusal(caught) == (status, code)


def test_an_email_is_handed_over_signed(
    auth: SupabaseAuth, receiver: Receiver, stack: dict[str, str]
) -> None:
    email = new_email()
    auth.client().auth.sign_up(
        {
            "email": email,
            "password": PASSWORD,
            "options": {"email_redirect_to": "https://app.example.com/welcome"},
        }
    )

    ((headers, body),) = receiver.requests
    as_svix = {name.replace("webhook-", "svix-"): value for name, value in headers.items()}
    secret = stack["AUTH_EMAIL_HOOK_SECRET"].removeprefix("v1,")
    assert verified_id(secret, as_svix, body, datetime.now(tz=UTC)) == headers["webhook-id"]
    payload = json.loads(body)
    data = payload["email_data"]
    assert (payload["user"]["email"], data["email_action_type"]) == (email, "signup")
    assert data["token_hash"] == auth.link(email, "confirmation_token")
    assert (len(data["token"]), data["site_url"]) == (6, auth.url)
    assert data["redirect_to"] == "https://app.example.com/welcome"
    assert (data["token_new"], data["token_hash_new"]) == ("", "")


def test_a_foreign_redirect_address_is_replaced_by_the_apps(
    auth: SupabaseAuth, receiver: Receiver
) -> None:
    auth.client().auth.sign_up(
        {
            "email": new_email(),
            "password": PASSWORD,
            "options": {"email_redirect_to": "https://attacker.example/app.example.com/"},
        }
    )

    (payload,) = receiver.payloads()
    assert payload["email_data"]["redirect_to"] == "https://app.example.com"


def test_the_kinds_are_those_of_the_links(auth: SupabaseAuth, receiver: Receiver) -> None:
    account, client = auth.new(), auth.client()
    client.auth.reset_password_for_email(account.email)
    auth.age(account.id, 60)
    client.auth.sign_in_with_otp({"email": account.email})

    kinds = [payload["email_data"]["email_action_type"] for payload in receiver.payloads()]
    assert kinds == ["recovery", "magiclink"]


def test_the_hashes_of_a_changed_address_are_swapped(
    auth: SupabaseAuth, receiver: Receiver
) -> None:
    account, client, new = auth.new(), auth.client(), new_email()
    client.auth.sign_in_with_password(account.credentials)
    client.auth.update_user({"email": new})

    (payload,) = receiver.payloads()
    data = payload["email_data"]
    assert (payload["user"]["email"], payload["user"]["new_email"]) == (account.email, new)
    assert data["token_hash_new"] == auth.link(account.email, "email_change_token_current")
    assert data["token_hash"] == auth.link(new, "email_change_token_new")
    for email, digits in ((account.email, data["token"]), (new, data["token_new"])):
        auth.client().auth.verify_otp({"type": "email_change", "email": email, "token": digits})
    assert auth.admin().get_user_by_id(str(account.id)).user.email == new


def test_a_user_is_not_there_yet_when_the_hook_is_called(
    auth: SupabaseAuth, receiver: Receiver
) -> None:
    receiver.wait = 10
    thread = threading.Thread(
        target=auth.client().auth.sign_up, args=({"email": new_email(), "password": PASSWORD},)
    )
    thread.start()
    while not receiver.requests and thread.is_alive():
        thread.join(0.01)
    (payload,) = receiver.payloads()
    query = "select 1 from auth.users where id = %s"

    before = auth.database.execute(query, (payload["user"]["id"],)).fetchone()
    receiver.release.set()
    thread.join()
    after = auth.database.execute(query, (payload["user"]["id"],)).fetchone()

    assert (before, after) == (None, (1,))


def test_a_hook_that_refuses_undoes_the_registration(
    auth: SupabaseAuth, receiver: Receiver
) -> None:
    email = new_email()
    receiver.answers = [(401, {})]
    with refused(500, "unexpected_failure"):
        auth.client().auth.sign_up({"email": email, "password": PASSWORD})

    assert len(receiver.requests) == 1
    count = auth.database.execute("select count(*) from auth.users where email = %s", (email,))
    assert count.fetchone() == (0,)


def test_a_hook_that_asks_for_a_retry_is_called_three_times(
    auth: SupabaseAuth, receiver: Receiver
) -> None:
    busy = (503, {"retry-after": "1"})
    receiver.answers = [busy, busy]
    auth.client().auth.sign_up({"email": new_email(), "password": PASSWORD})
    assert len(receiver.requests) == 3
    assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 3
    assert len({body for _, body in receiver.requests}) == 1

    receiver.answers = [busy, busy, busy]
    with refused(500, "unexpected_failure"):
        auth.client().auth.sign_up({"email": new_email(), "password": PASSWORD})
    assert len(receiver.requests) == 6


def test_a_hook_that_answers_with_another_type_failed(
    auth: SupabaseAuth, receiver: Receiver
) -> None:
    receiver.answers = [(200, {"content-type": "text/html"})]
    with refused(400, "hook_payload_invalid_content_type"):
        auth.client().auth.sign_up({"email": new_email(), "password": PASSWORD})


def test_a_slow_hook_times_out(auth: SupabaseAuth, receiver: Receiver) -> None:
    assert auth.sandbox.get("/_sandbox/settings").json()["hook_seconds"] == 5
    receiver.wait = 30

    with auth.settings(hook_url=receiver.url, hook_seconds=0.1), refused(422, "hook_timeout"):
        auth.client().auth.sign_up({"email": new_email(), "password": PASSWORD})


def test_without_a_hook_nothing_is_sent(auth: SupabaseAuth, receiver: Receiver) -> None:
    with auth.settings(hook_url=None):
        auth.client().auth.sign_up({"email": new_email(), "password": PASSWORD})

    assert receiver.requests == []
