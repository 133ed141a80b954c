"""Redis goes down under load: requests are answered, limits hold, and containers recover."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from statistics import quantiles
from typing import Any
from uuid import uuid4

import pytest

from tests.faults.containers import Answer, Container, Load, together
from tests.faults.redis_front import FAULTS, Front
from tests.support.functions import Function
from tests.support.people import People, Person
from tests.support.template import ROOT

CONTAINERS = 3
# Answers may take this many seconds longer: now and then, one waits for a timeout of 0.25 s.
MORE = 0.3
PAUSE, SECONDS_AWAY = 0.02, 3
# A container without Redis allows half of a user's 100 requests a minute.
SHARE = 50

Start = Callable[..., Function]
Event = dict[str, Any]


@pytest.fixture
def front(stack: dict[str, str]) -> Iterator[Front]:
    with Front(stack["UPSTASH_REDIS_REST_URL"]) as front:
        yield front


@pytest.fixture
def containers(stack: dict[str, str], front: Front) -> Iterator[list[Container]]:
    with ExitStack() as running:
        yield [
            running.enter_context(Container("reputation", stack, UPSTASH_REDIS_REST_URL=front.url))
            for _ in range(CONTAINERS)
        ]


def event(reader: Person, ip: str) -> Event:
    text = (ROOT / "events" / "reputation" / "get.json").read_text()
    facts = {"access_token": reader.token, "user_id": str(reader.id)}
    for name, value in facts.items():
        text = text.replace("{{" + name + "}}", value)
    read: Event = json.loads(text)
    read["requestContext"]["http"]["sourceIp"] = ip
    return read


def within(percent: int, answers: Sequence[Answer]) -> float:
    """Return the seconds within which this percentage of requests is answered."""
    return quantiles([answer.seconds for answer in answers], n=100)[percent - 1]


def under_load(
    containers: Sequence[Container], events: Sequence[Sequence[Event]], seconds: float
) -> list[Answer]:
    loads = [Load(own, seconds=seconds, pause=PAUSE) for own in events]
    answers = [answer for own in together(containers, loads) for answer in own]
    assert {answer.status for answer in answers} == {200}
    return answers


def passed(answers: Sequence[Answer]) -> int:
    refused = [answer for answer in answers if answer.status == 429]
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert len(refused) == sum(answer.status != 200 for answer in answers)
    return len(answers) - len(refused)


@pytest.mark.alone
@pytest.mark.parametrize("fault", FAULTS)
def test_redis_goes_down_under_load(
    fault: str, front: Front, containers: list[Container], people: People, function: Start
) -> None:
    health = function("health", UPSTASH_REDIS_REST_URL=front.url)
    ip = str(uuid4())
    events = [[event(people.new(), ip) for _ in range(4)] for _ in containers]
    together(containers, [Load(own, times=8) for own in events])  # warm

    alive = under_load(containers, events, 1.0)
    front.break_down(fault)
    away = under_load(containers, events, SECONDS_AWAY)

    assert within(99, away) < within(99, alive) + MORE
    # One request a second tries Redis and waits; two more wait before the container stops trying.
    late = [answer for answer in away if answer.seconds > within(99, alive) + MORE / 2]
    assert len(late) <= CONTAINERS * (SECONDS_AWAY + 2)
    assert health.call("get")[1]["status"] == "degraded"
    _assert_limits_hold_to_a_share(containers, event(people.new(), ip))

    front.heal()
    _assert_all_is_back(containers, events, health)


def _assert_limits_hold_to_a_share(containers: list[Container], greedy: Event) -> None:
    began = time.monotonic()
    answers = together(containers, [Load([greedy], times=SHARE + 12)] * len(containers))
    refilled = (time.monotonic() - began) * SHARE / 60 + 1
    for own in answers:
        assert SHARE <= passed(own) <= SHARE + refilled


def _assert_all_is_back(
    containers: list[Container], events: Sequence[Sequence[Event]], health: Function
) -> None:
    waiting = list(zip(containers, events, strict=True))
    ends_at = time.monotonic() + 20
    while waiting:
        assert time.monotonic() < ends_at, "a container has not reconnected to Redis"
        together([it for it, _ in waiting], [Load(own, times=1, pause=0.2) for _, own in waiting])
        waiting = [pair for pair in waiting if _still_alone(*pair)]
    assert health.call("get")[1]["status"] == "healthy"


def _still_alone(container: Container, events: Sequence[Event]) -> bool:
    [answer] = together([container], [Load(events, times=1)])[0]
    return answer.headers.get("x-cache") not in {"hit", "miss", "stale"}
