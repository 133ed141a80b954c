"""Tickets, through the functions that issue and redeem them."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.support.functions import Function
from tests.support.people import People, Person
from wingman.kit.clients.redis import redis
from wingman.kit.presence.ended import end_tokens
from wingman.realtime import tickets
from wingman.realtime.limits import TICKETS

Load = Callable[..., Function]


@pytest.fixture
def issuer(function: Load) -> Function:
    return function("realtime_ticket")


def issued(app: Function, person: Person) -> tuple[int, Any]:
    status, body, _ = app.call("create", access_token=person.token)
    return status, body


def test_a_ticket_says_where_and_until_when_it_opens_a_connection(
    issuer: Function, people: People, stack: dict[str, str]
) -> None:
    status, body = issued(issuer, people.new())

    assert status == 201
    assert body["url"] == stack["REALTIME_URL"]
    assert len(body["ticket"]) == 43
    left = datetime.fromisoformat(body["expires_at"]) - datetime.now(UTC)
    assert 25 < left.total_seconds() <= 30
    assert 0 < body["heartbeat_s"] < 600
    assert body["max_age_s"] <= 110 * 60


def test_a_connection_ends_no_later_than_its_token(issuer: Function, people: People) -> None:
    maya = people.new()
    token = people.token(maya.id, exp=int(time.time()) + 300)

    status, body, _ = issuer.call("create", access_token=token)

    assert status == 201
    assert 290 <= body["max_age_s"] <= 300


def test_a_ticket_costs_one_call_to_redis(
    issuer: Function, people: People, calls: list[str]
) -> None:
    maya = people.new()
    issued(issuer, maya)
    calls.clear()

    assert issued(issuer, maya)[0] == 201

    assert calls == ["POST /"]


def test_a_ticket_is_redeemed_once(issuer: Function, people: People) -> None:
    maya = people.new()
    _, body = issued(issuer, maya)

    holder = tickets.redeem(redis(), body["ticket"])

    assert holder is not None
    assert (holder.user_id, holder.token) == (maya.id, maya.token)
    assert tickets.redeem(redis(), body["ticket"]) is None


def test_redis_keeps_neither_the_ticket_nor_the_token(
    issuer: Function, people: People, stack: dict[str, str]
) -> None:
    maya = people.new()
    _, body = issued(issuer, maya)
    key = tickets._key(body["ticket"])

    kept = redis().run("GET", key)

    assert 0 < int(redis().run("PTTL", key)) <= 30_000
    assert body["ticket"] not in key
    assert maya.token not in kept
    assert maya.token.split(".")[1] not in kept


def test_no_log_has_a_ticket_or_a_token(
    function: Load,
    people: People,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    maya, issuer, realtime = people.new(), function("realtime_ticket"), function("realtime")

    with caplog.at_level("DEBUG"):
        _, body = issued(issuer, maya)
        question = realtime.event("authorize", ticket=body["ticket"], connection_id="c=")
        effects = [realtime.invoke(question)["policyDocument"]["Statement"][0] for _ in range(2)]

    printed = capsys.readouterr()
    logged = printed.out + printed.err + str([vars(record) for record in caplog.records])
    assert [each["Effect"] for each in effects] == ["Allow", "Deny"]
    assert "TicketRefused" in logged
    assert body["ticket"] not in logged
    assert maya.token not in logged


def test_a_session_that_has_ended_gets_no_ticket(issuer: Function, people: People) -> None:
    maya, session = people.new(), uuid4()
    token = people.token(maya.id, session_id=str(session))
    end_tokens(redis(), [session])

    status, body, _ = issuer.call("create", access_token=token)

    assert (status, body["code"]) == (401, "session_ended")


def test_a_user_gets_no_more_tickets_than_the_limit(issuer: Function, people: People) -> None:
    maya, leo = people.pair()
    answers = [issued(issuer, maya) for _ in range(TICKETS.capacity + 1)]

    assert [status for status, _ in answers] == [201] * TICKETS.capacity + [429]
    assert answers[-1][1]["code"] == "rate_limited"
    assert issued(issuer, leo)[0] == 201


def test_a_token_that_an_authorizers_answer_cannot_carry_is_refused(
    issuer: Function, people: People
) -> None:
    maya = people.new()
    token = people.token(maya.id, user_metadata={"about": "x" * 7000})

    status, body, _ = issuer.call("create", access_token=token)

    assert (status, body["errors"][0]["field"]) == (422, "authorization")


def test_without_redis_there_is_no_ticket(function: Load, people: People) -> None:
    away = function("realtime_ticket", UPSTASH_REDIS_REST_URL="http://127.0.0.1:9")
    status, body = issued(away, people.new())
    assert (status, body["code"]) == (503, "dependency_unavailable")


def test_a_ticket_is_not_repeated_in_the_location(issuer: Function, people: People) -> None:
    answer = issuer.invoke(issuer.event("create", access_token=people.new().token))
    ticket = json.loads(answer["body"])["ticket"]
    assert ticket not in json.dumps(answer["headers"])
