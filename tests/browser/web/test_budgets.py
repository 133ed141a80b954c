"""The budgets of the web client: bytes, requests, and work that blocks the page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Response

from tests.browser.looks import PHONE
from tests.browser.web.app import Window
from tests.browser.web.furnished import World, world
from tests.support.api import Api
from tests.support.people import People

# The local edge does not compress; in production, files shrink to about a third.
MOST_BYTES = 100_000
MOST_FILES = 5
_SCREENS = ("discover", "matches", "conversations/{match}", "sessions", "settings")
_WATCH = """
globalThis.violations = [];
addEventListener("securitypolicyviolation", ({blockedURI}) => violations.push(blockedURI));
globalThis.longTasks = 0;
new PerformanceObserver(list => { longTasks += list.getEntries().length })
    .observe({type: "longtask", buffered: true});
"""
_FILL_LISTS = """async () => {
    for (let list = 0; list < 60; list++) {
        const items = Array.from({length: 200}, () => document.createElement("li"))
        for (const item of items) item.textContent = "An item, as a screen of the app has them"
        document.body.replaceChildren(...items)
        document.body.getBoundingClientRect()
        await new Promise(resolve => setTimeout(resolve))
    }
    return longTasks
}"""


@pytest.fixture(scope="module")
def maya(api: Api, people: People) -> World:
    return world(api, people, {"latitude": -62.5, "longitude": 14.25})


@pytest.fixture
def window(browser: Browser, stack: dict[str, str]) -> Iterator[Window]:
    opened = Window(browser, stack["APP_URL"], PHONE)
    opened.context.add_init_script(_WATCH)
    yield opened
    opened.close()


def test_the_app_is_small_and_loads_in_few_requests(window: Window) -> None:
    answers: list[Response] = []
    page = window.context.new_page()
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - Playwright marks it
    page.goto(window.url)
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_load_state("networkidle")

    assert {answer.url.startswith(window.url) for answer in answers} == {True}
    assert {answer.status for answer in answers} == {200}
    files = {answer.url: len(answer.body()) for answer in answers}
    assert len(files) <= MOST_FILES, files
    assert sum(files.values()) <= MOST_BYTES, files


def test_screens_break_no_policy_ask_no_third_party_and_seldom_block(
    window: Window, maya: World, stack: dict[str, str]
) -> None:
    window.hand_over(maya.maya)
    for screen in _SCREENS:
        maya.show(window, screen)
    own_tasks = window.page.evaluate("longTasks")

    assert window.page.evaluate("violations") == []
    own = (stack["APP_URL"], stack["API_URL"], stack["AWS_ENDPOINT_URL"], "blob:", "about:")
    assert [url for url in window.requests if not url.startswith(own)] == []
    # On a busy machine, any work can become a long task: compare with a page that fills lists.
    control = window.context.new_page()
    control.goto(f"{window.url}/config.json")
    assert own_tasks <= len(_SCREENS) + control.evaluate(_FILL_LISTS)
