"""Retries, breakers and shared circuits together, on real Redis and real sockets."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.functions import Function
from tests.support.gateway import Gateway
from wingman.kit.clients import circuits
from wingman.kit.clients.database import get_anon_client
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.resilience import retry

Load = Callable[..., Function]


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    gateway = Gateway()
    yield gateway
    gateway.close()


@pytest.fixture(autouse=True)
def _no_waits() -> Iterator[None]:
    with retry.pausing_with(lambda _: None):
        yield


LOST = (0, "")
AWAY = (503, '{"code": "PGRST001", "message": "no connection"}')
HTML = (503, "<html>Service Unavailable</html>")
DEADLOCK = (500, '{"code": "40P01", "message": "deadlock detected"}')
SHUT_DOWN = (500, '{"code": "57P01", "message": "terminating connection"}')
REFUSED = (400, '{"code": "WM008", "message": "match_already_answered"}')


@pytest.mark.parametrize("failure", [LOST, AWAY, HTML, DEADLOCK, SHUT_DOWN])
def test_an_idempotent_call_is_repeated(
    function: Load, gateway: Gateway, failure: tuple[int, str]
) -> None:
    function("health", SUPABASE_URL=gateway.url)
    gateway.answers = [failure, failure]
    assert get_anon_client().rpc("any", {}, idempotent=True) == "pong"
    assert gateway.requests == 3


@pytest.mark.parametrize(
    ("failure", "requests"),
    [(LOST, 1), (HTML, 1), (SHUT_DOWN, 1), (AWAY, 3), (DEADLOCK, 3)],
)
def test_another_call_is_repeated_only_if_nothing_was_done(
    function: Load, gateway: Gateway, failure: tuple[int, str], requests: int
) -> None:
    function("health", SUPABASE_URL=gateway.url)
    gateway.answers = [failure] * 3
    with pytest.raises(DependencyUnavailable):
        get_anon_client().rpc("any", {})
    assert gateway.requests == requests


def test_a_refusal_by_the_database_is_an_answer(function: Load, gateway: Gateway) -> None:
    function("health", SUPABASE_URL=gateway.url)
    gateway.answers = [REFUSED] * 20
    for _ in range(10):
        with pytest.raises(Exception, match="WM008"):
            get_anon_client().rpc("any", {}, idempotent=True)
    assert gateway.requests == 10  # neither a retry nor an open breaker


def test_a_storm_of_two_hundred_containers_is_hardly_multiplied(function: Load) -> None:
    """Each container has a budget of its own; the shared breaker bounds their sum."""
    function("health")
    calls = 0

    def dead() -> None:
        nonlocal calls
        calls += 1
        raise DependencyUnavailable("supabase")

    for _ in range(200):
        circuits.breaker.cache_clear()  # the next container
        retry.budgets.cache_clear()
        with pytest.raises(DependencyUnavailable):
            circuits.with_supabase_retry.replace(idempotent=True).run(dead)
    assert 200 <= calls <= 200 * 1.2
