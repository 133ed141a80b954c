"""Devices: each ends with its session, and a token belongs to the user who registered it last."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.connections import Connection, connected
from tests.integration.database import (
    Person,
    acting_as,
    call,
    invoke,
    look,
    new_person,
    overtaken,
    race,
    sqlstate,
)

ENDED = "WN022"


def signed_in(url: str, person: Person) -> Person:
    session_id = uuid4()
    look(
        url,
        "insert into auth.sessions (id, user_id, created_at) values (%s, %s, now())",
        *(session_id, person.user_id),
    )
    return replace(person, session_id=session_id)


@pytest.fixture
def maya(url: str) -> Person:
    return signed_in(url, new_person(url, "Maya"))


@pytest.fixture
def leo(url: str) -> Person:
    return signed_in(url, new_person(url, "Leo"))


def put(url: str, person: Person, token: str, device_id: UUID | None = None) -> UUID:
    chosen = device_id or uuid4()
    call(url, person, "put_device", p_device_id=chosen, p_platform="ios", p_token=token)
    return chosen


def putting(token: str, device_id: UUID | None = None) -> Callable[[Connection], Any]:
    def step(connection: Connection) -> Any:
        return invoke(
            connection,
            "put_device",
            p_device_id=device_id or uuid4(),
            p_platform="ios",
            p_token=token,
        )

    return step


def owners(url: str, token: str) -> list[UUID]:
    found = look(url, "select user_id from private.devices where token = %s", token)
    return [row["user_id"] for row in found]


def devices(url: str, person: Person) -> list[Any]:
    return list(call(url, person, "list_devices"))


def test_a_token_moves_to_whoever_registers_it_last(url: str, maya: Person, leo: Person) -> None:
    token, theirs = uuid4().hex, uuid4()
    put(url, maya, token, theirs)
    put(url, leo, token, theirs)

    assert owners(url, token) == [leo.user_id]
    assert devices(url, maya) == []
    call(url, maya, "delete_device", p_device_id=theirs)
    assert owners(url, token) == [leo.user_id]


def test_a_token_registered_by_many_at_once_has_one_owner(url: str) -> None:
    people = [signed_in(url, new_person(url)) for _ in range(6)]
    for _ in range(5):
        token = uuid4().hex

        answers = race(url, [(person, putting(token)) for person in people])

        assert not [one for one in answers if isinstance(one, Exception)]
        assert len(owners(url, token)) == 1


def test_two_users_who_swap_tokens_at_once_do_not_deadlock(
    url: str, maya: Person, leo: Person
) -> None:
    for _ in range(10):
        first, second = uuid4().hex, uuid4().hex
        hers, his = put(url, maya, first), put(url, leo, second)

        answers = race(url, [(maya, putting(second, hers)), (leo, putting(first, his))])

        assert not [one for one in answers if isinstance(one, Exception)]
        assert {*owners(url, first), *owners(url, second)} <= {maya.user_id, leo.user_id}


def test_a_new_token_replaces_the_old_one_of_a_device(url: str, maya: Person) -> None:
    first, second = uuid4().hex, uuid4().hex
    device = put(url, maya, first)
    put(url, maya, second, device)

    assert (owners(url, first), owners(url, second)) == ([], [maya.user_id])
    assert len(devices(url, maya)) == 1


def test_a_device_ends_with_its_session_and_others_stay(url: str, maya: Person) -> None:
    elsewhere = signed_in(url, maya)
    gone, kept = put(url, maya, uuid4().hex), put(url, elsewhere, uuid4().hex)
    assert {one["id"]: one["current"] for one in devices(url, maya)} == {
        str(gone): True,
        str(kept): False,
    }

    look(url, "delete from auth.sessions where id = %s", maya.session_id)

    assert [one["id"] for one in devices(url, elsewhere)] == [str(kept)]


def test_a_device_ends_with_a_session_whose_tokens_are_revoked(url: str, maya: Person) -> None:
    add = (
        "insert into auth.refresh_tokens (token, user_id, session_id, revoked)"
        " values (%s, %s, %s, false)"
    )
    look(url, add, uuid4().hex, str(maya.user_id), maya.session_id)
    put(url, maya, uuid4().hex)

    look(
        url,
        "update auth.refresh_tokens set revoked = true where session_id = %s",
        maya.session_id,
    )

    assert devices(url, maya) == []
    assert (
        sqlstate(url, maya, "put_device", p_device_id=uuid4(), p_platform="ios", p_token="t")[0]
        == ENDED
    )


def test_a_banned_user_has_no_devices(url: str, maya: Person) -> None:
    put(url, maya, uuid4().hex)

    look(
        url,
        "update auth.users set banned_until = now() + interval '1 day' where id = %s",
        maya.user_id,
    )

    assert devices(url, maya) == []


@pytest.mark.parametrize("session", ["unknown", "of another user", "none"])
def test_a_session_that_is_not_the_callers_registers_nothing(
    url: str, maya: Person, leo: Person, session: str
) -> None:
    known = {"unknown": uuid4(), "of another user": leo.session_id, "none": None}
    caller = replace(maya, session_id=known[session])

    refused = sqlstate(
        url, caller, "put_device", p_device_id=uuid4(), p_platform="ios", p_token="t"
    )

    assert refused[0] == ENDED


def test_a_session_that_ends_while_a_device_is_registered_leaves_none(
    url: str, maya: Person
) -> None:
    token = uuid4().hex
    with acting_as(url, maya) as first:
        putting(token)(first)
        overtaken(
            url,
            first,
            Person("supabase_admin"),
            lambda connection: (
                connection.execute(
                    "delete from auth.sessions where id = %s", [maya.session_id]
                ).rowcount
            ),
        )

    assert owners(url, token) == []


def test_a_registration_that_waits_for_the_end_of_its_session_is_refused(
    url: str, maya: Person
) -> None:
    with connected(url) as first:
        first.execute("delete from auth.sessions where id = %s", [maya.session_id])
        answer = overtaken(url, first, maya, putting(uuid4().hex))

    assert getattr(answer, "sqlstate", None) == ENDED
    assert devices(url, maya) == []


def test_only_the_newest_twenty_devices_are_kept(url: str, maya: Person) -> None:
    ids = [str(put(url, maya, uuid4().hex)) for _ in range(22)]

    assert [one["id"] for one in devices(url, maya)] == ids[:1:-1]


def test_no_answer_and_no_export_has_a_token(url: str, maya: Person) -> None:
    token = uuid4().hex
    put(url, maya, token)

    shown = [devices(url, maya), call(url, maya, "export_account")]

    assert token not in json.dumps(shown)
    assert len(shown[1]["devices"]) == 1
