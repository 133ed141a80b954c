"""Devices, through the function `devices`."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.support.functions import Function
from tests.support.people import People
from tests.support.profiles import Profiles, fields_of

Load = Callable[..., Function]
PATH = "/api/devices"
MEMBERS = {"id", "platform", "current", "registered_at"}


@pytest.fixture
def devices(function: Load, people: People) -> Profiles:
    return Profiles(function("devices", ENABLE_RATE_LIMITING="false"), people)


def test_a_device_is_registered_listed_and_forgotten(devices: Profiles, people: People) -> None:
    maya, _ = people.sign_in(people.new())
    one = f"{PATH}/{uuid4()}"
    body = {"platform": "android", "token": uuid4().hex}

    stored = devices.done(maya, "PUT", one, body)

    assert set(stored) == MEMBERS
    assert (stored["platform"], stored["current"]) == ("android", True)
    assert devices.done(maya, "GET", PATH) == {"devices": [stored]}
    for _ in range(2):
        assert devices.call(maya, "DELETE", one) == (204, None)
    assert devices.done(maya, "GET", PATH) == {"devices": []}


def test_a_warm_request_calls_redis_and_the_database_once_each(
    function: Load, people: People, calls: list[str]
) -> None:
    maya, _ = people.sign_in(people.new())
    devices, one = Profiles(function("devices"), people), f"{PATH}/{uuid4()}"
    devices.call(maya, "GET", PATH)
    for method, path, body in (
        ("PUT", one, {"platform": "ios", "token": uuid4().hex}),
        ("GET", PATH, None),
        ("DELETE", one, None),
    ):
        calls.clear()
        assert devices.call(maya, method, path, body)[0] < 300
        assert [call.startswith("POST /rest/") for call in calls] == [False, True], (method, path)


def test_a_session_that_has_ended_registers_nothing(devices: Profiles, people: People) -> None:
    maya, session_id = people.sign_in(people.new())
    one, body = f"{PATH}/{uuid4()}", {"platform": "web", "token": uuid4().hex}
    devices.done(maya, "PUT", one, body)

    people.connection.execute("delete from auth.sessions where id = %s", (session_id,))

    status, problem = devices.call(maya, "PUT", one, body)
    assert (status, problem["code"]) == (401, "session_ended")
    assert devices.done(maya, "GET", PATH) == {"devices": []}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"platform": "windows"}, "platform"),
        *(({"token": token}, "token") for token in ("", "a b", "ü", "x" * 1025, "a\n", None, 5)),
        ({"user_id": str(uuid4())}, "user_id"),
    ],
)
def test_an_invalid_device_is_a_422_that_repeats_no_token(
    devices: Profiles, people: People, change: dict[str, Any], field: str
) -> None:
    maya, _ = people.sign_in(people.new())
    body = {"platform": "ios", "token": "secret-token"} | change

    answer = devices.send(maya, "PUT", f"{PATH}/{uuid4()}", body)

    assert (answer["statusCode"], fields_of(json.loads(answer["body"]))) == (422, [field])
    assert "secret-token" not in answer["body"]


def test_no_log_has_a_token(
    devices: Profiles,
    people: People,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    maya, _ = people.sign_in(people.new())
    token = uuid4().hex

    with caplog.at_level("DEBUG"):
        devices.done(maya, "PUT", f"{PATH}/{uuid4()}", {"platform": "ios", "token": token})

    printed = capsys.readouterr()
    logged = str([vars(record) for record in caplog.records])
    assert "device.registered" in logged
    assert token not in printed.out + printed.err + logged


def test_without_push_no_device_is_registered(function: Load, people: People) -> None:
    maya, _ = people.sign_in(people.new())
    devices = Profiles(function("devices", ENABLE_PUSH="false"), people)

    status, problem = devices.call(
        maya, "PUT", f"{PATH}/{uuid4()}", {"platform": "ios", "token": uuid4().hex}
    )

    assert (status, problem["code"]) == (404, "push_is_off")
