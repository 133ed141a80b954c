"""docs/realtime.md shows each frame exactly as the code reads or writes it."""

import json
import re
from inspect import isfunction
from typing import Any, get_args
from uuid import UUID

import pytest

from tests.support.template import ROOT
from wingman.conversations import client_frames
from wingman.conversations.limits import MESSAGES
from wingman.conversations.models import Message
from wingman.kit.errors import RateLimited
from wingman.realtime import frames, limits
from wingman.realtime.registry import CONNECTIONS_PER_USER

PAGE = (ROOT / "docs" / "realtime.md").read_text()
FROM_CLIENT, FROM_SERVER = (
    [json.loads(line) for line in block.splitlines()]
    for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
)

ERRORS = [frame for frame in FROM_SERVER if frame["type"] == "error"]


def name(frame: Any) -> str:
    return str(frame["type"])


@pytest.mark.parametrize("frame", FROM_CLIENT, ids=name)
def test_a_documented_frame_of_a_client_is_read_completely(frame: Any) -> None:
    read = client_frames.read(frame)

    assert read.model_dump(mode="json", exclude_none=True) == frame


def test_each_frame_of_a_client_is_documented() -> None:
    assert {name(frame) for frame in FROM_CLIENT} == client_frames.TYPES
    assert len(get_args(client_frames.ClientFrame)) == len(client_frames.TYPES)


@pytest.mark.parametrize("frame", [each for each in FROM_SERVER if each not in ERRORS], ids=name)
def test_a_documented_frame_of_the_server_is_written_exactly_so(frame: Any) -> None:
    members = {member: value for member, value in frame.items() if member != "type"}
    for member in ("match_id", "user_id", "client_id"):
        if member in members:
            members[member] = UUID(members[member])

    assert getattr(frames, frame["type"])(**members) == frame


def test_the_documented_refusal_is_written_so() -> None:
    (frame,) = ERRORS
    asked = {"type": frame["request"]} | {n: frame[n] for n in ("client_id", "match_id")}

    refusal = RateLimited(frame["retry_after"], frame["detail"])

    assert frames.error(refusal, asked, frame["request_id"]) == frame


def test_each_frame_of_the_server_is_documented() -> None:
    written = [each for each in vars(frames).values() if isfunction(each)]

    assert {name(frame) for frame in FROM_SERVER} == {each.__name__ for each in written}


def test_the_documented_limits_are_those_of_the_code() -> None:
    policies = (
        *(limits.TICKETS, limits.CONNECTION_FRAMES, limits.USER_FRAMES),
        *(MESSAGES, limits.TYPING, limits.REFUSED_FRAMES),
    )
    documented = re.findall(r"^\| .* \| (\d+) \| ([\d.]+) s \|$", PAGE, re.MULTILINE)

    assert documented == [(f"{p.capacity}", f"{p.seconds_per_token:g}") for p in policies]
    assert f"A user has {CONNECTIONS_PER_USER} connections at most" in PAGE


def test_the_documented_ceiling_is_that_of_the_database_and_above_the_bucket() -> None:
    settings = (ROOT / "supabase" / "schemas" / "020_settings.sql").read_text()
    [most] = re.findall(r"max_messages_in_ten_minutes integer not null default (\d+)", settings)

    assert f"a user sends at most {most} messages in ten minutes (`message_limit`)" in PAGE
    assert int(most) > MESSAGES.capacity + 600 / MESSAGES.seconds_per_token


def test_a_documented_message_has_every_field() -> None:
    for frame in FROM_SERVER:
        if message := frame.get("message"):
            assert Message.model_validate(message).model_fields_set == set(Message.model_fields)
