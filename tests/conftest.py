"""Shared fixtures: the running stack, its users, and functions on its environment."""

import os
import shlex
import zoneinfo
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
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
from tests.support.run import begin, keep, secrets
from tests.support.supabase_auth import SupabaseAuth
from wingman.kit import declarations
from wingman.kit.resilience.breaker import Dependency

ROOT = Path(__file__).parent.parent
_CACHES = caches()
ENV_FILE = Path(os.environ.get("WINGMAN_STACK_ENV", ROOT / ".local" / "test" / "env"))


def pytest_addoption(parser: pytest.Parser) -> None:
    own = "a stack, but for AWS, of this process's own: others run beside it"
    parser.addoption("--own-stack", action="store_true", help=own)


def pytest_configure() -> None:
    zoneinfo.reset_tzpath(
        to=()
    )  # as PYTHONTZPATH in template.yaml: tests are not always run by make
    os.environ["PYTHONTZPATH"] = ""
    begin()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests with the marker `last`, which inspect a whole run, after all others."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep the output of this process for the test that searches all logs."""
    if report.when == "teardown" and report.sections:
        keep("printed", [text for _, text in report.sections])


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config, worker_id: str) -> Iterator[dict[str, str]]:
    """Every address and secret of the local stack: that of `make test`, or this process's own."""
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
    """Creates users with accounts, profiles and tokens."""
    with People(stack) as people:
        yield people


@pytest.fixture
def inbox(stack: dict[str, str]) -> Iterator[Inbox]:
    """The emails that the provider accepted."""
    with Inbox(stack["RESEND_API_URL"]) as inbox:
        yield inbox


@pytest.fixture(scope="session")
def auth(stack: dict[str, str]) -> Iterator[SupabaseAuth]:
    """Supabase Auth, called past the API."""
    with SupabaseAuth(stack) as auth:
        yield auth


@pytest.fixture
def no_hook(auth: SupabaseAuth) -> Iterator[None]:
    """Let Supabase Auth keep its emails to itself."""
    with auth.settings(hook_url=None):
        yield


@pytest.fixture
def waiting(stack: dict[str, str]) -> Iterator[Waiting]:
    """A queue of the test's own for requests to Supabase Auth."""
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
    """Let the worker of photos take longer than five seconds on a busy machine."""
    people.connection.execute("update private.app_settings set photo_seconds = 60")
    yield
    people.connection.execute("update private.app_settings set photo_seconds = default")


@pytest.fixture
def fresh_container() -> Iterator[None]:
    """Clear the memory of a warm container, before and after."""
    _forget()
    yield
    _forget()


@pytest.fixture
def closed_breakers(stack: dict[str, str]) -> Iterator[None]:
    """Close the circuits that a test's broken dependency opened for all containers."""
    with Redis.from_url(stack["REDIS_URL"]) as redis:
        circuits = [each.key for each in declarations.declared("dependencies", Dependency)]
        redis.delete(*circuits)
        yield
        redis.delete(*circuits)


@pytest.fixture
def function(
    stack: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    fresh_container: None,
    closed_breakers: None,
) -> Callable[..., Function]:
    """Load a function in this process, with the environment from the template."""

    def load(name: str, **overrides: str) -> Function:
        return Function(name, stack, monkeypatch, overrides)

    return load


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


def _forget() -> None:
    for cached in _CACHES:
        cached.cache_clear()
