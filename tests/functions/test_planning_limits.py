"""The tokens of a user who plans during an outage of the database.

Redis is unavailable, so that no other container learns of this one's open circuit.
"""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from local import tokens
from tests.functions.test_session_create import plan
from tests.integration.test_retry import AWAY, LOST
from tests.support.functions import Function
from tests.support.gateway import Gateway
from tests.support.people import People, Person
from wingman.kit.clients.circuits import breaker
from wingman.kit.clients.dependencies import SUPABASE
from wingman.kit.resilience import retry
from wingman.kit.resilience.circuit import State

Plan = Callable[[Person], tuple[int, str]]


@pytest.fixture
def gateway(stack: dict[str, str]) -> Iterator[Gateway]:
    gateway = Gateway()
    gateway.keys = tokens.published(stack["LOCAL_JWT_JWK"])
    with retry.pausing_with(lambda _: None):
        yield gateway
    gateway.close()


@pytest.fixture
def planned(function: Callable[..., Function], people: People, gateway: Gateway) -> Plan:
    """Plan behind the gateway; return the status and the remaining tokens."""
    settings = {"SUPABASE_URL": gateway.url, "UPSTASH_REDIS_REST_URL": "http://127.0.0.1:9"}
    app = function("session_create", **settings)

    def post(person: Person) -> tuple[int, str]:
        token = people.token(person.id, iss=f"{gateway.url}/auth/v1")
        person = Person(person.id, person.email, person.first_name, token)
        status, _, headers = plan(app, person, str(uuid4()))
        return status, headers["ratelimit"].split(";")[1]

    return post


def test_a_plan_refused_by_an_open_circuit_costs_no_token(
    planned: Plan, people: People, gateway: Gateway
) -> None:
    gateway.answers = [LOST] * 99
    for person in people.pair():
        planned(person)
    assert breaker(SUPABASE).state is State.OPEN

    maya = people.new()
    assert [planned(maya) for _ in range(4)] == [(503, "r=2")] * 4


def test_a_plan_that_was_not_executed_costs_no_token(
    planned: Plan, people: People, gateway: Gateway
) -> None:
    maya = people.new()
    gateway.answers = [AWAY] * 3
    assert planned(maya) == (503, "r=2")
    assert breaker(SUPABASE).state is State.CLOSED
    gateway.answers = [AWAY] * 3
    assert planned(maya) == (503, "r=2")


def test_a_plan_with_a_lost_answer_costs_a_token(
    planned: Plan, people: People, gateway: Gateway
) -> None:
    """This holds even if the circuit opens before the repetition (the second plan)."""
    maya = people.new()
    gateway.answers = [LOST] * 99
    assert planned(maya) == (503, "r=2")
    assert breaker(SUPABASE).state is State.CLOSED
    assert planned(maya) == (503, "r=1")
    assert breaker(SUPABASE).state is State.OPEN
    assert planned(maya) == (503, "r=0")
