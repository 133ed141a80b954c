"""Events about the provider's own list of suppressed addresses."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.functions import Function
from tests.support.people import People, Person
from tests.support.provider import Provider, new_email, suppressed

EARLY, NOON, LATE = (f"2026-11-20T{hour}:00:00.000Z" for hour in ("11", "12", "13"))


@pytest.fixture
def provider(function: Callable[..., Function], stack: dict[str, str]) -> Provider:
    return Provider(function("resend_webhook"), stack["RESEND_WEBHOOK_SECRET"])


@pytest.fixture
def maya(people: People) -> Person:
    return people.new()


def change(provider: Provider, kind: str, person: Person, at: str, **data: Any) -> Any:
    facts = {"id": "e169aa45-1ecf-4183-9955-b1499d5701d3", "email": person.email}
    body = {"type": f"suppression.{kind}", "created_at": at, "data": facts | data}
    return provider.post(json.dumps(body))


@pytest.mark.parametrize(
    ("origin", "reason"),
    [
        ("bounce", "bounced"),
        ("complaint", "complained"),
        ("manual", "suppressed"),
        ("something new", "suppressed"),
        (None, "suppressed"),
    ],
)
def test_an_added_address_gets_no_email(
    provider: Provider, people: People, maya: Person, origin: str | None, reason: str
) -> None:
    answer = change(provider, "added", maya, NOON, email=maya.email.upper(), origin=origin)

    assert answer == (200, {"outcome": "recorded"})
    assert suppressed(people, maya) == reason


@pytest.mark.parametrize("origin", ["bounce", "complaint", "manual"])
def test_a_removed_address_gets_email_again(
    provider: Provider, people: People, maya: Person, origin: str
) -> None:
    change(provider, "added", maya, NOON, origin=origin)

    assert change(provider, "removed", maya, LATE) == (200, {"outcome": "recorded"})

    assert suppressed(people, maya) is None
    assert change(provider, "removed", maya, LATE) == (200, {"outcome": "nothing_new"})


@pytest.mark.parametrize("added", [EARLY, LATE])
def test_the_later_change_counts_whichever_comes_first(
    provider: Provider, people: People, maya: Person, added: str
) -> None:
    change(provider, "removed", maya, NOON)

    change(provider, "added", maya, added)

    assert suppressed(people, maya) == ("suppressed" if added == LATE else None)


def test_a_late_removal_keeps_a_newer_entry(
    provider: Provider, people: People, maya: Person
) -> None:
    change(provider, "added", maya, LATE)

    change(provider, "removed", maya, NOON)

    assert suppressed(people, maya) == "suppressed"


@pytest.mark.parametrize(("at", "reason"), [(EARLY, None), (LATE, "bounced")])
def test_a_bounce_from_before_the_removal_does_not_suppress_again(
    provider: Provider, people: People, maya: Person, at: str, reason: str | None
) -> None:
    change(provider, "removed", maya, NOON)
    data = {"to": [maya.email], "tags": {"email_id": str(new_email(people, maya))}}
    bounce = {"type": "email.bounced", "created_at": at, "data": data}

    assert provider.post(json.dumps(bounce)) == (200, {"outcome": "recorded"})

    assert suppressed(people, maya) == reason


@pytest.mark.parametrize("kind", ["added", "removed"])
def test_a_change_without_an_address_is_reported(
    provider: Provider, maya: Person, kind: str
) -> None:
    answer = change(provider, kind, maya, NOON, email=None)

    assert answer == (200, {"outcome": "without_address"})


def test_a_change_without_a_time_counts_from_now(
    provider: Provider, people: People, maya: Person
) -> None:
    change(provider, "added", maya, "soon")

    assert suppressed(people, maya) == "suppressed"
