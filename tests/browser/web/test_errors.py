"""Errors as a user sees them."""

import json
import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.web.app import Window
from tests.browser.web.conftest import Open
from tests.support.api import Api
from tests.support.meetings import match
from tests.support.people import People, Person

EXPOSED = {"access-control-allow-origin": "*", "access-control-expose-headers": "*"}


def problem(status: int, code: str, detail: str, **headers: str) -> dict[str, object]:
    body = json.dumps({"status": status, "code": code, "detail": detail})
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"status": status, "body": body, "headers": EXPOSED | more}


@pytest.fixture
def maya(people: People) -> Person:
    return people.sign_in(people.new())[0]


@pytest.fixture
def hers(window: Open, maya: Person) -> Window:
    opened = window()
    opened.hand_over(maya)
    opened.at("Your profile")
    return opened


def test_a_limit_disables_the_button_for_its_duration(hers: Window) -> None:
    limited = problem(429, "rate_limited", "You sent too many requests.", retry_after="2")
    hers.page.route("**/api/profile", lambda route: _put(route, limited), times=1)
    hers.fill({"Name": "Maya", "Your dog's age in years": "3"})

    hers.press("Save profile")

    hers.sees("You sent too many requests.")
    button = hers.page.get_by_role("button", name=re.compile("Try again in [12] s"))
    expect(button).to_be_disabled()
    hers.press("Save profile")
    hers.sees("Your profile is saved.")


def test_a_failure_names_its_request(hers: Window) -> None:
    broken = problem(500, "internal_error", "Something broke.", x_request_id="7b61")
    hers.page.route("**/api/sessions*", lambda route: route.fulfill(**broken), times=1)

    hers.go("Meetings")

    hers.sees("Something broke. (request 7b61)")
    hers.press("Try again")
    hers.sees("No meeting yet.")


def test_a_window_without_a_network_says_so_and_goes_on_later(hers: Window) -> None:
    hers.context.set_offline(True)
    hers.go("Meetings")
    hers.sees("No answer from the network.")
    hers.sees("Connecting again")

    hers.context.set_offline(False)
    hers.press("Try again")

    hers.sees("No meeting yet.")
    expect(hers.page.locator("body")).to_have_attribute("data-connection", "open")


def test_the_end_of_a_session_elsewhere_leads_to_the_login_with_the_reason(
    hers: Window, api: Api, maya: Person
) -> None:
    ended = api.call("POST", "/auth/logout", maya, json={"scope": "global"})
    assert ended.status_code == 204

    hers.at("Log in")
    hers.sees("Your session has ended.")


def test_a_message_that_comes_while_a_conversation_loads_is_shown(
    window: Open, people: People
) -> None:
    maya, leo = (people.sign_in(person)[0] for person in people.pair())
    match_id = match(people, maya, leo)
    hers, his = window(), window()
    hers.hand_over(maya)
    his.hand_over(leo)
    expect(hers.page.locator("body")).to_have_attribute("data-connection", "open")
    his.page.goto(f"{his.url}/#/conversations/{match_id}")
    his.at("Maya")

    def late(route: Route) -> None:
        page = route.fetch()
        his.write("Hello!")
        arrived = hers.page.locator("aside li", has_text=re.compile("^WS ←message$"))
        arrived.first.wait_for(state="attached")
        route.fulfill(response=page)

    hers.page.route("**/messages", late, times=1)
    hers.page.goto(f"{hers.url}/#/conversations/{match_id}")

    hers.sees("Hello!")


def _put(route: Route, answer: dict[str, object]) -> None:
    if route.request.method == "PUT":
        route.fulfill(**answer)  # type: ignore[arg-type] # as problem() makes it
    else:
        route.fallback()
