"""Shared fixtures: the running stack, its users, and functions on its environment."""

import os
import shlex
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import httpx
import hypothesis
import pytest
from redis import Redis

from tests.support.accounts import Waiting, waiting_requests
from tests.support.api import Api
from tests.support.caches import caches
from tests.support.functions import Function
from tests.support.inbox import Inbox
from tests.support.model import Model
from tests.support.own_stack import own_stack
from tests.support.people import People
from tests.support.run import keep, secrets
from tests.support.supabase_auth import SupabaseAuth
from wingman.kit import declarations
from wingman.kit.resilience.breaker import Dependency

# Examples have no deadline, because the machine may be busy; `timeout` in pyproject.toml ends a
# test that hangs. Each run draws new examples, so a few per run are enough.
hypothesis.settings.register_profile(
    "any machine",
    deadline=None,
    max_examples=40,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("any machine")

ROOT = Path(__file__).parents[2]
_CACHES = caches()
ENV_FILE = Path(os.environ.get("WINGMAN_STACK_ENV", ROOT / ".local" / "test" / "env"))


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config, worker_id: str) -> Iterator[dict[str, str]]:
    """The addresses and secrets of the stack: that of `make test`, or this process's own."""
    if not ENV_FILE.exists():
        pytest.fail(f"{ENV_FILE} is missing: run `make test`, or `make test ARGS='-k name'`")
    words = shlex.split(ENV_FILE.read_text())
    values = dict(word.split("=", 1) for word in words)
    if not pytestconfig.getoption("own_stack"):
        keep("secrets", secrets(values))
        yield values
        return
    number = 1 if worker_id == "master" else int(worker_id.removeprefix("gw")) + 1
    with own_stack(f"test-{number}", values) as own:
        keep("secrets", secrets(own))
        yield own


@pytest.fixture(scope="session")
def database_url(stack: dict[str, str]) -> str:
    return stack["DATABASE_URL"]


@pytest.fixture(scope="session")
def people(stack: dict[str, str]) -> Iterator[People]:
    """A factory of users with accounts, profiles and tokens."""
    with People(stack) as people:
        yield people


@pytest.fixture
def inbox(stack: dict[str, str]) -> Iterator[Inbox]:
    """The emails that the provider accepted."""
    with Inbox(stack["RESEND_API_URL"]) as inbox:
        yield inbox


@pytest.fixture(scope="session")
def auth(stack: dict[str, str]) -> Iterator[SupabaseAuth]:
    """Supabase Auth, called directly."""
    with SupabaseAuth(stack) as auth:
        yield auth


@pytest.fixture
def no_hook(auth: SupabaseAuth) -> Iterator[None]:
    """Turn off the hook through which Supabase Auth sends emails."""
    with auth.settings(hook_url=None):
        yield


@pytest.fixture
def waiting(stack: dict[str, str]) -> Iterator[Waiting]:
    """The test's own queue of requests to Supabase Auth."""
    with waiting_requests(stack) as queue:
        yield queue


@pytest.fixture
def model(stack: dict[str, str]) -> Iterator[Model]:
    """The stand-in for the language model."""
    with Model(stack["ANTHROPIC_API_URL"]) as model:
        yield model


@pytest.fixture(scope="session")
def api(stack: dict[str, str]) -> Iterator[Api]:
    """The deployed API, through its front door."""
    with Api(stack["API_URL"]) as api:
        yield api


@pytest.fixture
def unhurried_photos(people: People) -> Iterator[None]:
    """Give the photo worker more than five seconds, because the machine may be busy."""
    people.connection.execute("update private.app_settings set photo_seconds = 60")
    yield
    people.connection.execute("update private.app_settings set photo_seconds = default")


@pytest.fixture
def fresh_container() -> Iterator[None]:
    """Clear what a warm container remembers, before and after the test."""
    _forget()
    yield
    _forget()


@pytest.fixture
def closed_breakers(stack: dict[str, str]) -> Iterator[None]:
    """Close the circuits that are open for all containers because a test broke a dependency."""
    with Redis.from_url(stack["REDIS_URL"]) as redis:
        redis.delete(*_circuits())
        yield
        redis.delete(*_circuits())


@pytest.fixture
def function(
    stack: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    fresh_container: None,
    closed_breakers: None,
) -> Iterator[Callable[..., Function]]:
    """Return a loader of functions in this process, with the environment from the template."""
    loaded: list[Function] = []

    def load(name: str, **overrides: str) -> Function:
        loaded.append(Function(name, stack, monkeypatch, overrides))
        return loaded[-1]

    yield load
    for each in loaded:
        each.put_back()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record every HTTP request of this process."""
    seen: list[str] = []
    send = httpx.HTTPTransport.handle_request

    def counted(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        seen.append(f"{request.method} {request.url.path}")
        return send(transport, request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", counted)
    return seen


@cache
def _circuits() -> list[str]:
    return [each.key for each in declarations.declared("dependencies", Dependency)]


def _forget() -> None:
    for cached in _CACHES:
        cached.cache_clear()
