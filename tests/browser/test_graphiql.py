"""GraphiQL of the local stack runs queries, stores no token, and loads nothing from elsewhere."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page

from tests.browser.looks import barriers
from tests.support.people import People, Person

# axe finds these inside GraphiQL 4, whose editors and tabs we cannot change.
OF_GRAPHIQL = {"color-contrast", "label", "nested-interactive", "scrollable-region-focusable"}


@dataclass
class Opened:
    page: Page
    person: Person
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def paste(self, token: str) -> None:
        self.page.get_by_label("Access token").fill(token)

    def run(self) -> None:
        self.page.get_by_role("button", name="Execute query").click()

    def shows(self, text: str) -> None:
        self.page.locator(".graphiql-response", has_text=text).wait_for()


@pytest.fixture
def opened(page: Page, people: People, stack: dict[str, str]) -> Opened:
    found = Opened(page, people.new("Maya"))
    page.on("console", lambda message: found.console.append(message.text))
    page.on("pageerror", lambda error: found.console.append(str(error)))
    page.on("request", lambda request: found.requests.append(request.url))
    page.goto(f"{stack['API_URL']}/graphiql")
    return found


def test_a_query_runs_with_a_pasted_token(opened: Opened) -> None:
    opened.paste(f"Bearer {opened.person.token}")
    opened.run()

    opened.shows(str(opened.person.id))
    opened.page.get_by_role("button", name="Show Documentation Explorer").click()
    opened.page.locator(".graphiql-doc-explorer", has_text="Mutation").wait_for()
    assert opened.console == []


def test_the_page_loads_nothing_from_elsewhere_and_keeps_no_token(
    opened: Opened, stack: dict[str, str]
) -> None:
    opened.paste(opened.person.token)
    opened.run()
    opened.shows(str(opened.person.id))

    own = urlsplit(stack["API_URL"]).netloc
    asked = [url for url in opened.requests if not url.startswith("data:")]
    assert {urlsplit(url).netloc for url in asked} == {own}
    kept = opened.page.evaluate("() => JSON.stringify([localStorage, sessionStorage])")
    assert kept == "[{},{}]"


def test_axe_finds_nothing_in_our_part_of_the_page(opened: Opened) -> None:
    assert barriers(opened.page) == []

    opened.paste(opened.person.token)
    opened.page.get_by_role("button", name="Execute query").wait_for()

    assert {each.partition(":")[0] for each in barriers(opened.page)} <= OF_GRAPHIQL


def test_a_wrong_token_is_refused_in_the_answer(opened: Opened) -> None:
    opened.paste("no-token")
    opened.run()

    opened.shows("unauthenticated")


@pytest.mark.parametrize("name", ["..%2f..%2fpackage.json", "page.py", "/etc/passwd", "x"])
def test_no_other_file_is_served(stack: dict[str, str], name: str) -> None:
    answer = httpx.get(f"{stack['API_URL']}/graphiql/{name}")

    assert (answer.status_code, answer.text) == (404, "There is no such file.")
