"""Windows of the web client on the deployed stack."""

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from secrets import randbelow

import pytest
from playwright.sync_api import Browser
from redis import Redis

from tests.browser.looks import DESKTOP, PHONE
from tests.browser.web.app import Window

SIZES = {"phone": PHONE, "desktop": DESKTOP}
Open = Callable[[], Window]
Sizes = Sequence[tuple[int, int]]


@pytest.fixture(params=SIZES)
def sizes(request: pytest.FixtureRequest) -> Sizes:
    """Return the sizes of the windows that a test opens, one after the other."""
    return [SIZES[request.param]]


@pytest.fixture
def window(browser: Browser, stack: dict[str, str], sizes: Sizes) -> Iterator[Open]:
    """Open windows, each for another person; fail if a script in them fails."""
    opened: list[Window] = []
    next_size = cycle(sizes)

    def new() -> Window:
        opened.append(Window(browser, stack["APP_URL"], next(next_size)))
        return opened[-1]

    yield new
    faults = [fault for each in opened for fault in each.faults]
    for each in opened:
        each.close()
    assert not faults


def somewhere() -> dict[str, float]:
    """Return a place in the Southern Ocean, where no other test lives."""
    return {"latitude": -50 - randbelow(1400) / 100, "longitude": randbelow(35_900) / 100 - 179}


@pytest.fixture
def place() -> dict[str, float]:
    """A place where no other test lives."""
    return somewhere()


@pytest.fixture(autouse=True)
def unhurried_accounts(stack: dict[str, str]) -> None:
    """Refill the rate limits of this address: a run opens more accounts than one person may."""
    with Redis.from_url(stack["REDIS_URL"]) as redis:
        for key in redis.scan_iter("ratelimit:*:127.0.0.1"):
            redis.delete(key)
