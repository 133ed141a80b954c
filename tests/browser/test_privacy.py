"""A page's URL has a token, which no third party learns; viewing a page changes nothing."""

import re

import pytest
from playwright.sync_api import Page, Route

from tests.browser.conftest import Shown
from tests.browser.reader import Reader, ask, choose, done


@pytest.fixture
def requests(page: Page) -> list[tuple[str, str]]:
    """Record every request that leaves the browser."""
    seen: list[tuple[str, str]] = []
    page.context.on("request", lambda request: seen.append((request.method, request.url)))
    return seen


def test_a_page_makes_no_third_party_request(shown: Shown) -> None:
    shown.page.wait_for_load_state("networkidle")

    reader, page = shown.reader, shown.page
    addresses = {
        *(reader.unsubscribe_url, reader.preferences_url, reader.preferences_url[:-1]),
        *(reader.feedback_url, reader.confirmation_url, reader.reset_url),
    }
    assert set(shown.requests) <= addresses
    # Chrome expects a field with the account's name, which the link does not reveal.
    expected = ("status of 4", "Password forms should have (optionally hidden) username fields")
    assert [line for line in shown.console if not any(part in line for part in expected)] == []
    assert page.evaluate("document.cookie + localStorage.length + sessionStorage.length") == "00"


def test_a_page_may_use_its_own_style_and_nothing_else(shown: Shown) -> None:
    policy = re.sub("'sha256-[^']+'", "HASH", shown.headers["content-security-policy"])
    assert sorted(policy.split("; ")) == [
        "base-uri 'none'",
        "default-src 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "style-src HASH",
    ]
    assert shown.headers["referrer-policy"] == "no-referrer"
    width = "getComputedStyle(document.querySelector('main')).maxWidth"
    assert shown.page.evaluate(width) == "560px"


def test_an_injected_script_does_not_run(page: Page, reader: Reader) -> None:
    ask(page, reader)
    page.evaluate(
        """() => {
            window.ran = []
            const script = document.createElement("script")
            script.textContent = "ran.push('script')"
            const image = new Image()
            image.onload = () => ran.push("image")
            image.src = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
            document.body.append(script, image)
            document.body.setAttribute("style", "max-width: 1px")
            return new Promise(done => image.onerror = done)
        }"""
    )
    assert page.evaluate("ran") == []
    assert page.evaluate("getComputedStyle(document.body).maxWidth") == "none"


def test_a_link_sends_no_referrer(page: Page, reader: Reader) -> None:
    asked: list[dict[str, str]] = []

    def answer(route: Route) -> None:
        asked.append(route.request.all_headers())
        route.fulfill(body="<title>Help</title>", content_type="text/html")

    page.context.route("https://wingman.example/**", answer)
    choose(page, reader)
    page.get_by_role("link", name="Help").click()
    page.wait_for_url("https://wingman.example/**")

    assert len(asked) == 1
    assert "referer" not in asked[0]
    assert page.evaluate("document.referrer") == ""


def test_looking_reloading_and_prefetching_change_nothing(
    page: Page, reader: Reader, requests: list[tuple[str, str]]
) -> None:
    mailbox = reader.preferences_url.split("/email/")[0] + "/mailbox"
    link = f'<link rel="prefetch" href="{reader.unsubscribe_url}">'
    page.route(mailbox, lambda route: route.fulfill(body=link, content_type="text/html"))

    with page.expect_response(reader.unsubscribe_url) as prefetched:
        page.goto(mailbox)
    for address in (reader.unsubscribe_url, reader.preferences_url):
        page.goto(address)
        page.reload()
        page.context.request.head(address)

    assert prefetched.value.request.header_value("sec-purpose") == "prefetch"
    assert {method for method, _ in requests} == {"GET"}
    assert reader.stored("stored.user_id") is None


def test_going_back_after_unsubscribing_does_no_harm(page: Page, reader: Reader) -> None:
    done(page, reader)
    page.reload()  # posts again
    page.get_by_role("heading", name="You are unsubscribed").wait_for()

    page.go_back()

    page.get_by_role("heading", name="Stop these emails?").wait_for()
    assert reader.stored("feedback_requests, session_reminders") == (False, True)


def test_going_back_after_saving_shows_what_is_stored(page: Page, reader: Reader) -> None:
    choose(page, reader)
    page.get_by_label("Reminders A day").uncheck()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("status").wait_for()
    before = reader.stored("to_jsonb(stored)")

    page.go_back()

    assert page.get_by_role("status").count() == 0
    assert page.locator("[name=session_reminders][checked]").count() == 0
    assert reader.stored("to_jsonb(stored)") == before


def test_a_second_click_is_as_good_as_one(page: Page, reader: Reader) -> None:
    ask(page, reader)

    page.get_by_role("button", name="Unsubscribe").dblclick()

    page.get_by_role("heading", name="You are unsubscribed").wait_for()
    assert reader.stored("feedback_requests") == (False,)
