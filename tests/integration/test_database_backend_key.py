"""PostgREST asks check_backend_key about every request: two keys are accepted at once."""

import hashlib
import json
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from tests.integration.database import ANONYMOUS, WORKER, Actor, acting_as, call, invoke, look
from tests.integration.database import sqlstate as refusal
from wingman.kit.clients.database import TIMEOUT_SECONDS

USER = Actor("authenticated", uuid4())
REFUSED = "PT403"


@pytest.fixture(autouse=True)
def _no_key(url: str) -> Iterator[None]:
    look(url, "delete from private.backend_keys")
    yield
    look(url, "delete from private.backend_keys")


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def accept(url: str, key: str, *, alone: bool = False) -> int:
    params = {"p_key_hash": digest(key), "p_alone": alone}
    return int(call(url, WORKER, "accept_backend_key", **params))


def answer(url: str, actor: Actor, headers: dict[str, str] | None) -> str:
    """Ask as PostgREST does before a request with these headers; return the SQLSTATE, or ok."""
    with acting_as(url, actor) as connection:
        if headers is not None:
            text = json.dumps(headers)
            connection.execute("select set_config('request.headers', %s, true)", [text])
        try:
            invoke(connection, "check_backend_key")
        except psycopg.Error as error:
            return str(error.sqlstate)
    return "ok"


@pytest.mark.parametrize("actor", [ANONYMOUS, USER])
def test_a_request_needs_an_accepted_key(url: str, actor: Actor) -> None:
    accept(url, "the key")

    assert answer(url, actor, {"x-backend-key": "the key"}) == "ok"
    for headers in (
        None,
        {},
        {"x-backend-key": ""},
        {"x-backend-key": "another"},
        {"x-backend-key": digest("the key")},
        {"apikey": "the key"},
    ):
        assert answer(url, actor, headers) == REFUSED, headers


@pytest.mark.parametrize("actor", [ANONYMOUS, USER])
def test_no_request_is_answered_before_a_key_is_set(url: str, actor: Actor) -> None:
    assert answer(url, actor, {"x-backend-key": ""}) == REFUSED


def test_the_secret_key_needs_no_backend_key(url: str) -> None:
    assert answer(url, WORKER, {}) == "ok"


def test_a_rotation_accepts_the_new_key_and_the_one_before(url: str) -> None:
    counts = [accept(url, key) for key in ("first", "second", "second", "third")]

    assert counts == [1, 2, 2, 2]
    accepted = {
        key: answer(url, USER, {"x-backend-key": key}) for key in ("first", "second", "third")
    }
    assert accepted == {"first": REFUSED, "second": "ok", "third": "ok"}


def test_a_leaked_key_can_be_revoked_at_once(url: str) -> None:
    accept(url, "leaked")

    assert accept(url, "new", alone=True) == 1
    assert answer(url, USER, {"x-backend-key": "leaked"}) == REFUSED
    assert answer(url, USER, {"x-backend-key": "new"}) == "ok"


def test_only_a_hash_is_stored(url: str) -> None:
    assert refusal(url, WORKER, "accept_backend_key", p_key_hash="a key")[0] == "23514"
    assert refusal(url, USER, "accept_backend_key", p_key_hash=digest("a key"))[0] == "42501"


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_statements_of_users_end_before_the_api_stops_waiting(url: str, role: str) -> None:
    [found] = look(url, "select rolconfig from pg_roles where rolname = %s", role)
    seconds = {
        name: float(value.removesuffix("s"))
        for name, _, value in (setting.partition("=") for setting in found["rolconfig"])
    }

    assert 0 < seconds["lock_timeout"] < seconds["statement_timeout"] < TIMEOUT_SECONDS
