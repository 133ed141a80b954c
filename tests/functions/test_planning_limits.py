"""What an outage of the database leaves of a planner's tokens.

Without Redis, so that no other container hears of this one's circuit.
"""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from tests.functions.test_session_create import plan
from tests.integration.test_retry import AWAY, LOST, Gateway
from tests.support.functions import Function
from tests.support.people import People, Person
from wingman.kit.clients.circuits import breaker
from wingman.kit.clients.dependencies import SUPABASE
from wingman.kit.resilience import retry
from wingman.kit.resilience.circuit import State

Plan = Callable[[Person], tuple[int, str]]


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    gateway = Gateway()
    with retry.pausing_with(lambda _: None):
        yield gateway
    gateway.close()


@pytest.fixture
def planned(function: Callable[..., Function], people: People, gateway: Gateway) -> Plan:
    """Plan behind the gateway; return the status and the tokens that were left, this one taken."""
    settings = {"SUPABASE_URL": gateway.url, "UPSTASH_REDIS_REST_URL": "http://127.0.0.1:9"}
    app = function("session_create", **settings)

    def post(person: Person) -> tuple[int, str]:
        token = people.token(person.id, iss=f"{gateway.url}/auth/v1")
        person = Person(person.id, person.email, person.first_name, token)
        status, _, headers = plan(app, person, str(uuid4()))
        return status, headers["ratelimit"].split(";")[1]

    return post


def test_a_plan_that_the_open_circuit_refuses_costs_nothing(
    planned: Plan, people: People, gateway: Gateway
) -> None:
    gateway.answers = [LOST] * 99
    for person in people.pair():
        planned(person)
    assert breaker(SUPABASE).state is State.OPEN

    maya = people.new()
    assert [planned(maya) for _ in range(4)] == [(503, "r=2")] * 4


def test_a_plan_on_which_the_database_certainly_did_not_act_costs_nothing(
    planned: Plan, people: People, gateway: Gateway
) -> None:
    maya = people.new()
    gateway.answers = [AWAY] * 3
    assert planned(maya) == (503, "r=2")
    assert breaker(SUPABASE).state is State.CLOSED
    gateway.answers = [AWAY] * 3
    assert planned(maya) == (503, "r=2")


def test_a_plan_whose_answer_was_lost_may_have_mailed_and_costs(
    planned: Plan, people: People, gateway: Gateway
) -> None:
    """Also where the circuit opened before it was repeated: the second plan's third attempt."""
    maya = people.new()
    gateway.answers = [LOST] * 99
    assert planned(maya) == (503, "r=2")
    assert breaker(SUPABASE).state is State.CLOSED
    assert planned(maya) == (503, "r=1")
    assert breaker(SUPABASE).state is State.OPEN
    assert planned(maya) == (503, "r=0")
