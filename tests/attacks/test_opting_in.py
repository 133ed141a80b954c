"""The links of a forwarded email cannot opt its reader in; they only opt out."""

import re
from urllib.parse import urlencode

import pytest

from tests.support.api import Api
from tests.support.people import People, Person
from wingman.notifications.email.letters.links import Link, sign
from wingman.notifications.email.models import Category


def wants(api: Api, person: Person) -> dict[str, bool]:
    stored = api.call("GET", f"/api/email/preferences/{person.id}", person).json()
    return {category: stored[category] for category in Category}


@pytest.fixture
def leo(api: Api, people: People) -> Person:
    """A user who wants no reminders."""
    leo = people.new("Leo")
    path = f"/api/email/preferences/{leo.id}"
    assert api.call("PUT", path, leo, json={"session_reminders": False}).status_code == 200
    return leo


@pytest.fixture
def page(stack: dict[str, str], leo: Person) -> str:
    """The path of the preference page in one of his emails."""
    token = sign(stack["EMAIL_LINK_SECRET"], Link(leo.id, Category.SESSION_REMINDERS))
    return f"/email/preferences?token={token}"


@pytest.mark.parametrize("category", [Category.SESSION_REMINDERS, Category.MARKETING_EMAILS])
def test_a_form_that_opts_in_is_refused_as_a_whole(
    api: Api, leo: Person, page: str, category: Category
) -> None:
    before = wants(api, leo)
    form = urlencode([("match_notifications", "off"), (category, "off"), (category, "on")])
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = api.call("POST", page, content=form, headers=headers)

    assert answer.status_code == 422
    assert "Not saved: categories can be turned on after you sign in" in answer.text
    assert wants(api, leo) == before


def test_the_page_offers_no_category_that_is_off(api: Api, page: str) -> None:
    shown = api.call("GET", page).text

    disabled = re.findall(r'name="(\w+)" value="on" disabled', shown)
    assert disabled == ["session_reminders", "messages", "marketing_emails"]
    assert shown.count("Off; to turn it on, sign in to") == 3


@pytest.mark.parametrize("value", [True, "on", ["session_reminders"]])
def test_the_unsubscribe_link_turns_nothing_on(
    api: Api, leo: Person, page: str, value: object
) -> None:
    body = {"token": page.partition("=")[2], "session_reminders": value, "marketing_emails": value}

    answer = api.call("POST", "/api/email/unsubscribe", json=body)

    assert answer.json() == {"unsubscribed": ["session_reminders"]}
    assert not wants(api, leo)[Category.SESSION_REMINDERS]
    assert not wants(api, leo)[Category.MARKETING_EMAILS]


def test_a_user_who_is_signed_in_opts_in(api: Api, leo: Person, page: str) -> None:
    everything = dict.fromkeys(Category, True)

    answer = api.call("PUT", f"/api/email/preferences/{leo.id}", leo, json=everything)

    assert answer.status_code == 200
    assert all(wants(api, leo).values())
    assert "disabled" not in api.call("GET", page).text
