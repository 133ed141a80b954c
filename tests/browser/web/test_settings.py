"""A user's rare choices reach the database; all tests share one window."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.looks import PHONE
from tests.browser.web.app import PASSWORD, PATIENCE_MS, Window
from tests.browser.web.conftest import somewhere
from tests.browser.web.furnished import World, world
from tests.support.api import Api
from tests.support.people import People

PLACE = somewhere()


@pytest.fixture(scope="module")
def maya(api: Api, people: People) -> World:
    return world(api, people, PLACE)


@pytest.fixture(scope="module")
def hers(browser: Browser, stack: dict[str, str], maya: World) -> Iterator[Window]:
    opened = Window(browser, stack["APP_URL"], PHONE)
    opened.hand_over(maya.maya)
    yield opened
    assert not opened.faults
    opened.close()


def part(opened: Window, title: str) -> Locator:
    """Return a section of the settings."""
    heading = opened.page.get_by_role("heading", name=title, exact=True)
    return opened.page.locator("section", has=heading)


def save(opened: Window, title: str, button: str = "Save") -> None:
    part(opened, title).get_by_role("button", name=button, exact=True).click()
    opened.sees("Saved.")
    expect(opened.page.locator("[aria-busy=true]")).to_have_count(0, timeout=PATIENCE_MS)


def stored(people: People, world: World, query: str) -> Any:
    return people.connection.execute(query, {"maya": world.maya.id}).fetchone()


def test_preferences_for_discovery_are_saved(hers: Window, maya: World, people: People) -> None:
    maya.show(hers, "settings")
    hers.fill({"Dogs from": "2", "to years": "9", "Within": "12"})
    hers.page.get_by_label("Unit").select_option("Miles")
    hers.page.get_by_label("Activity").select_option("Sporty")
    save(hers, "What you look for")

    assert stored(
        people,
        maya,
        "select min_age, max_age, round(max_metres / 1609.344), distance_unit, activity_level"
        " from public.profile_preferences where user_id = %(maya)s",
    ) == (2, 9, 12, "miles", "high")


def test_kinds_of_emails_and_pushes_are_turned_off(
    hers: Window, maya: World, people: People
) -> None:
    maya.show(hers, "settings")
    hers.page.get_by_role("switch", name="Meetings and reminders").uncheck()
    save(hers, "Emails")
    hers.page.get_by_role("switch", name="Show the words of messages").uncheck()
    save(hers, "Push notifications")
    hers.page.reload()
    hers.at("Settings")

    assert not hers.page.get_by_role("switch", name="Meetings and reminders").is_checked()
    assert hers.page.get_by_role("switch", name="Invitations and matches", exact=True).is_checked()
    assert not hers.page.get_by_role("switch", name="Show the words of messages").is_checked()
    assert stored(
        people,
        maya,
        "select choices ->> 'session_reminders' from public.email_preferences"
        " where user_id = %(maya)s",
    ) == ("false",)


def test_hours_without_emails_are_saved_and_a_bad_choice_is_explained(
    hers: Window, maya: World, people: People
) -> None:
    maya.show(hers, "settings")
    hers.fill({"No emails from": "21:30", "until": "21:30"})
    part(hers, "Emails").get_by_role("button", name="Save times").click()
    hers.page.get_by_role("alert").filter(visible=True).wait_for()

    hers.fill({"until": "07:00"})
    hers.page.get_by_label("How often").select_option("Once a day")
    save(hers, "Emails", "Save times")

    assert hers.page.get_by_role("alert").filter(visible=True).count() == 0
    assert stored(
        people,
        maya,
        "select quiet_hours_start::text, quiet_hours_end::text, email_frequency"
        " from public.email_preferences where user_id = %(maya)s",
    ) == ("21:30:00", "07:00:00", "daily")


def test_photos_change_places(hers: Window, maya: World, people: People) -> None:
    query = "select array_agg(id order by sort_order) from public.photos where user_id = %(maya)s"
    (before,) = stored(people, maya, query)
    maya.show(hers, "profile")

    with hers.page.expect_response("**/api/photos/order") as answer:
        hers.press("Move photo 1 back")

    assert answer.value.status == 200
    assert stored(people, maya, query) == (before[::-1],)


def test_a_pass_is_taken_back(hers: Window, maya: World, people: People) -> None:
    query = "select count(*) from public.passes where user_id = %(maya)s"
    maya.show(hers, "discover")
    hers.press("Pass on Ada & Bella")
    hers.page.get_by_role("button", name="Undo: you passed on Ada & Bella").wait_for()
    passed = stored(people, maya, query)

    hers.press("Undo: you passed on Ada & Bella")

    hers.sees("Ada & Bella is back.")
    hers.page.get_by_role("button", name="Like Ada & Bella").wait_for()
    assert (passed, stored(people, maya, query)) == ((1,), (0,))


def test_a_user_is_reported_blocked_and_unblocked(
    hers: Window, maya: World, people: People
) -> None:
    maya.show(hers, "discover")
    hers.press("Block or report")
    hers.page.get_by_role("button", name="Report", exact=True).click()
    hers.page.get_by_label("Reason").select_option("Harassment")
    hers.fill({"Details": "Rude words about Bruno."})
    hers.press("Send report")
    hers.sees("A person will look at your report.")
    hers.press("Block or report")
    hers.page.get_by_role("button", name="Block", exact=True).click()
    hers.page.get_by_role("button", name="Block", exact=True).click()
    hers.sees("Ada & Bella is blocked.")
    blocks = "select count(*) from private.blocks where user_id = %(maya)s and listed"
    assert stored(people, maya, blocks) == (1,)

    maya.show(hers, "settings")
    hers.press("Unblock number 1")
    expect(part(hers, "Blocked")).to_have_count(0, timeout=PATIENCE_MS)

    assert stored(people, maya, blocks) == (0,)
    assert stored(
        people, maya, "select reason, details from private.reports where reporter_id = %(maya)s"
    ) == ("harassment", "Rude words about Bruno.")


def test_a_playground_is_shared_and_becomes_the_place_of_a_meeting(
    hers: Window, maya: World, api: Api, people: People
) -> None:
    made = api.call("POST", "/api/playgrounds", maya.maya, json={"name": "Otter Run", **PLACE})
    assert made.status_code == 201, made.text
    maya.show(hers, "conversations/{match}")
    hers.press("Share a place")
    hers.fill({"Name of the playground": "Otter"})
    hers.press("Search")
    hers.press("Share Otter Run")
    hers.page.get_by_role("log").locator("li[data-seq]", has_text="Otter Run").wait_for()
    shared = people.connection.execute(
        "select playground_id::text from public.messages where match_id = %s order by seq desc",
        (maya.match_id,),
    ).fetchone()
    assert shared == (made.json()["id"],)

    hers.follow("Meet here")

    expect(hers.page.get_by_label("Where")).to_have_value("Otter Run", timeout=PATIENCE_MS)


def test_a_users_data_are_downloaded(hers: Window, maya: World) -> None:
    maya.show(hers, "settings")
    with hers.page.expect_download() as file:
        hers.press("Export my data")

    data = json.loads(file.value.path().read_text())
    assert maya.maya.email in json.dumps(data)
    assert "Does Luna like water?" in json.dumps(data)


def test_an_account_is_deleted_only_with_the_password(
    hers: Window, maya: World, people: People
) -> None:
    """This must be the last test of the window."""
    maya.set_password(people, PASSWORD)
    maya.show(hers, "settings")
    hers.press("Delete my account")
    hers.fill({"Password": "a wrong password"})
    hers.press("Delete my account for good")
    dialog = hers.page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).not_to_be_empty(timeout=PATIENCE_MS)
    hers.fill({"Password": PASSWORD})
    hers.press("Delete my account for good")

    hers.at("Log in")
    hers.sees("Your account is deleted.")
    assert stored(people, maya, "select 1 from auth.users where id = %(maya)s") is None
