"""Failed authentication is counted and logged with its reason, never with the credential."""

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import jwt
import pytest

from local import tokens
from tests.support.functions import Function
from tests.support.people import People

Load = Callable[..., Function]


USER = uuid4()
FLAWS: dict[str, dict[str, Any]] = {
    "expired": {"exp": int(time.time()) - 60},
    "audience": {"aud": "anon"},
    "issuer": {"iss": "https://evil.example/auth/v1"},
    "not_yet_valid": {"nbf": int(time.time()) + 86_400},
    "role": {"role": "service_role"},
    "claims": {"sub": f"urn:uuid:{USER}"},
    "key": {"key": tokens.new_key()},
}


def forged(people: People, reason: str) -> str:
    token = people.token(USER, **FLAWS.get(reason, {}))
    head, claims, signature = token.split(".")
    if reason == "signature":
        claims = people.token(uuid4()).split(".")[1]
    return f"{head}.{claims}" if reason == "malformed" else f"{head}.{claims}.{signature}"


def counted(printed: str) -> list[tuple[str, int]]:
    """Return the reason and value of each metric of failed authentication."""
    lines = [json.loads(line) for line in printed.splitlines() if "AuthenticationFailed" in line]
    return [(line["reason"], line["AuthenticationFailed"]) for line in lines]


@pytest.mark.parametrize("reason", [*FLAWS, "signature", "malformed"])
def test_a_refused_token_is_recorded_with_its_reason(
    function: Load,
    people: People,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    reason: str,
) -> None:
    token = forged(people, reason)

    status, _, _ = function("match_request").call("list", access_token=token)

    assert status == 401
    printed = capsys.readouterr().out
    assert counted(printed) == [(reason, 1)]
    [logged] = [vars(each) for each in caplog.records if each.message == "auth.failed"]
    assert logged["reason"] == reason
    everything = printed + str([vars(each) for each in caplog.records])
    assert not [part for part in token.split(".") if part in everything]


def test_a_request_without_a_token_is_recorded(
    function: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    app = function("match_request")
    event = app.event("list", access_token="")
    del event["headers"]["authorization"]

    assert app.invoke(event)["statusCode"] == 401

    assert counted(capsys.readouterr().out) == [("missing", 1)]


def test_a_forged_link_is_recorded(function: Load, capsys: pytest.CaptureFixture[str]) -> None:
    function("email_unsubscribe").call("show_preferences", token="A" * 46)

    printed = capsys.readouterr().out
    assert counted(printed) == [("link", 1)]
    assert "A" * 46 not in printed


def test_a_good_token_is_not_recorded(
    function: Load, people: People, capsys: pytest.CaptureFixture[str]
) -> None:
    claims = jwt.decode(people.new().token, options={"verify_signature": False})
    token = people.token(claims["sub"])

    assert function("match_request").call("list", access_token=token)[0] == 200
    assert counted(capsys.readouterr().out) == []
