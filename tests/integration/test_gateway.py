"""An answer from a gateway instead of PostgREST is an outage, whatever it says."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.support.functions import Function
from tests.support.gateway import Gateway
from tests.support.people import People
from wingman.kit.clients.circuits import breaker
from wingman.kit.clients.database import (
    DatabaseError,
    get_anon_client,
    get_service_client,
    get_user_client,
)
from wingman.kit.clients.dependencies import SUPABASE
from wingman.kit.errors import DependencyRefused, DependencyUnavailable, TokenExpired
from wingman.kit.errors import Unauthenticated as UnauthenticatedError
from wingman.kit.resilience import retry
from wingman.kit.resilience.circuit import State
from wingman.notifications.email.letters.links import Link, sign
from wingman.notifications.email.models import Category

Load = Callable[..., Function]
PAGE = "<html><title>Error</title></html>"
BAD_KEY = '{"message": "Invalid API key", "hint": "Double check your API key."}'


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    gateway = Gateway()
    with retry.pausing_with(lambda _: None):
        yield gateway
    gateway.close()


def own(code: str) -> str:
    return json.dumps({"code": code, "message": "m", "details": None, "hint": None})


FOREIGN = [
    *((status, PAGE) for status in (*range(520, 528), 530, 540, 544, 502, 429, 401, 403, 200)),
    *((status, "") for status in (500, 429, 200)),
    (401, BAD_KEY),
    (401, '{"message": "No API key found in request"}'),
    (429, '{"message": "API rate limit exceeded"}'),
    (502, '{"code": 502, "message": "An invalid response was received"}'),
    *((status, own(f"PGRST00{n}")) for n, status in enumerate((503, 504, 500, 504))),
    (500, own("08006")),
    (503, own("53300")),
]


@pytest.mark.parametrize("answer", FOREIGN, ids=lambda answer: f"{answer[0]} {answer[1][:30]}")
def test_no_unsubscribe_is_lost_behind_a_gateway(
    function: Load, gateway: Gateway, stack: dict[str, str], answer: tuple[int, str]
) -> None:
    app = function("email_unsubscribe", SUPABASE_URL=gateway.url)
    token = sign(stack["EMAIL_LINK_SECRET"], Link(uuid4(), Category.MARKETING_EMAILS))
    gateway.answers = [answer] * 100

    answers = [app.call("one_click", token=token) for _ in range(20)]

    assert {status for status, _, _ in answers} == {503}
    assert {body["code"] for _, body, _ in answers} == {"dependency_unavailable"}
    assert all(int(headers["retry-after"]) >= 1 for _, _, headers in answers)
    assert len([called for called in gateway.called if called != "ping"]) == 5
    assert breaker(SUPABASE).state is State.OPEN


def test_a_gateway_that_asks_to_wait_is_obeyed(function: Load, gateway: Gateway) -> None:
    function("health", SUPABASE_URL=gateway.url)
    gateway.answers, gateway.headers = [(429, PAGE)], {"Retry-After": "17"}
    with pytest.raises(DependencyUnavailable) as refused:
        get_anon_client().rpc("any", {}, idempotent=True)
    assert refused.value.headers["Retry-After"] == "17"
    assert gateway.requests == 1


@pytest.mark.parametrize("code", ["WM008", "P0001", "23505", "PGRST202"])
def test_an_error_of_postgrest_itself_is_no_outage(
    function: Load, gateway: Gateway, code: str
) -> None:
    function("health", SUPABASE_URL=gateway.url)
    gateway.answers = [(400, own(code))]
    with pytest.raises(DatabaseError, match=code):
        get_anon_client().rpc("any", {}, idempotent=True)


TOO_EARLY = (401, own("PGRST303"))


@pytest.mark.parametrize("client", [get_anon_client, get_service_client])
def test_a_refused_key_is_tried_twice_and_is_not_the_callers_fault(
    function: Load, gateway: Gateway, client: Callable[[], Any]
) -> None:
    function("health", SUPABASE_URL=gateway.url)
    gateway.answers = [TOO_EARLY]
    assert client().rpc("any", {}) == "pong"

    gateway.answers, gateway.requests = [TOO_EARLY] * 9, 0
    with pytest.raises(DependencyRefused):
        client().rpc("any", {}, idempotent=True)
    assert gateway.requests == 2


@pytest.mark.parametrize("code", ["PGRST301", "PGRST303"])
def test_the_token_itself_says_whether_it_has_expired(
    function: Load, gateway: Gateway, people: People, code: str
) -> None:
    function("match_request", SUPABASE_URL=gateway.url)
    gateway.answers = [(401, own(code))]
    with pytest.raises(TokenExpired):
        get_user_client(people.token(uuid4(), exp=int(time.time()) - 1)).rpc("any", {})

    gateway.answers = [(401, own(code))]
    assert get_user_client(people.token(uuid4())).rpc("any", {}) == "pong"

    gateway.answers = [(401, own(code))] * 2
    with pytest.raises(UnauthenticatedError) as refused:
        get_user_client(people.token(uuid4())).rpc("any", {})
    assert not isinstance(refused.value, TokenExpired)


@pytest.mark.parametrize("code", ["57014", "55P03"])
def test_calls_of_one_user_that_time_out_open_no_circuit(
    function: Load, gateway: Gateway, people: People, code: str
) -> None:
    function("match_request", SUPABASE_URL=gateway.url)
    slow = get_user_client(people.new().token)
    for _ in range(10):
        gateway.answers = [(500, own(code))]  # the probe is answered
        with pytest.raises(DependencyUnavailable):
            slow.rpc("any", {}, idempotent=True)
    assert breaker(SUPABASE).state is State.CLOSED


def test_calls_that_time_out_in_an_outage_open_the_circuit_for_several_users(
    function: Load, gateway: Gateway, people: People
) -> None:
    function("match_request", SUPABASE_URL=gateway.url)

    def time_out(token: str) -> State:
        gateway.answers = [(500, own("57014")), (500, PAGE)]
        with pytest.raises(DependencyUnavailable):
            get_user_client(token).rpc("any", {})
        return breaker(SUPABASE).state

    user = uuid4()
    assert {time_out(people.token(user)) for _ in range(10)} == {State.CLOSED}
    others = [time_out(people.token(uuid4())) for _ in range(4)]
    assert others == [State.CLOSED] * 3 + [State.OPEN]
