"""One browser for every test of this folder, and readers who have a link."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page
from redis import Redis

from local.browser import browser as chromium
from tests.browser.reader import STATES, Reader
from tests.support.people import People
from wingman.notifications.email.models import Category


# Only for this folder: while the browser is open, no other event loop can run in the thread. For
# pytest, a folder is a package only if it has an __init__.py.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@dataclass(frozen=True)
class Shown:
    """A page, and the requests and console output of the browser on the way to it."""

    state: str
    page: Page
    reader: Reader
    requests: Sequence[str]
    console: Sequence[str]
    headers: Mapping[str, str]


@pytest.fixture(scope="package", params=STATES)
def shown(
    request: pytest.FixtureRequest, browser: Browser, people: People, stack: dict[str, str]
) -> Iterator[Shown]:
    """Open each of the pages once, for all tests that change nothing."""
    reader = Reader(people, stack, Category.FEEDBACK_REQUESTS)
    requests: list[str] = []
    console: list[str] = []
    answers: list[Mapping[str, str]] = []
    with browser.new_context(locale="en-GB") as context:
        context.on("request", lambda request: requests.append(request.url))
        context.on("response", lambda response: answers.append(response.headers))
        context.on("console", lambda message: console.append(message.text))
        page = context.new_page()
        STATES[request.param](page, reader)
        yield Shown(request.param, page, reader, requests, console, answers[-1])


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab of a first-time visitor."""
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield page
    context.close()


@pytest.fixture
def reader(people: People, stack: dict[str, str]) -> Reader:
    """A reader with an email that asks for feedback."""
    return Reader(people, stack, Category.FEEDBACK_REQUESTS)


@pytest.fixture(autouse=True)
def unhurried(stack: dict[str, str]) -> None:
    """Refill the rate limits of this address: a run opens more pages than one person may."""
    with Redis.from_url(stack["REDIS_URL"]) as redis:
        redis.delete("ratelimit:public:127.0.0.1")
