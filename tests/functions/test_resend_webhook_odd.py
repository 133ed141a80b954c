"""Signed events with odd contents: an address that complained is suppressed in any case."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.functions import Function
from tests.support.people import People
from tests.support.provider import Provider, new_email, suppressed

Load = Callable[..., Function]


@pytest.fixture
def provider(function: Load, stack: dict[str, str]) -> Provider:
    return Provider(function("resend_webhook"), stack["RESEND_WEBHOOK_SECRET"])


ODD: dict[str, dict[str, Any]] = {
    "a tag without a name": {"tags": [{"value": "x"}, {"name": "template", "value": "x"}]},
    "malformed tags": {"tags": ["email_id", None, 7]},
    "a tag that is no text": {"tags": {"email_id": 7, "template": None}},
    "tags as a number": {"tags": 7},
    "no email id": {"tags": {"email_id": "half a\u0000n id"}},
    "a NUL in the reason": {"bounce": {"type": "Permanent", "message": "no\u0000 such user"}},
    "half of a surrogate pair in the reason": {"bounce": {"type": "\ud83d", "message": "\udc00"}},
    "a reason that is no text": {"bounce": {"type": 5, "message": ["x"]}},
    "a reason without parts": {"bounce": "Permanent"},
    "another's detail": {"failed": "x", "suppressed": ["x"]},
    "a NUL in the provider's id": {"email_id": "re_\u0000"},
    "half of a surrogate pair in the provider's id": {"email_id": "re_\ud83d"},
    "a number as the provider's id": {"email_id": 7},
    "a very long id": {"email_id": "".join(uuid4().hex for _ in range(500))},
    "an unknown time": {"created_at": "yesterday"},
    "a time without a zone": {"created_at": "2026-12-01 11:59:58"},
    "a time before the first year": {"created_at": "0001-01-01 00:00:00+14:00"},
    "a zone finer than seconds": {"created_at": "2026-12-01T11:59:58+01:00:00.000001"},
    "a number as a time": {"created_at": 1764590398},
    "a malformed time": {"created_at": {"seconds": 1}},
}


@pytest.mark.parametrize("kind", ["bounced", "complained"])
@pytest.mark.parametrize("odd", ODD)
def test_an_odd_event_still_suppresses_its_address(
    provider: Provider, people: People, odd: str, kind: str
) -> None:
    maya = people.new()
    email = new_email(people, maya)

    status, answer = provider.send_event(kind, email, **{"to": [maya.email]} | ODD[odd])

    assert (status, answer["outcome"]) in {(200, "recorded"), (200, "nothing_new")}
    assert suppressed(people, maya) == kind


@pytest.mark.parametrize(
    "write",
    [
        lambda address: address,
        lambda address: f"Maya <{address}>",
        lambda address: f"Meyer, Maya <{address}>",
        lambda address: f"someone@else.example, {address}",
        lambda address: [None, 7, {}, address],
        lambda address: [f"Maya\ud83d <{address}>"],
        lambda address: [f"\u0000{address}\u0000"],
        lambda address: [f'"Maya" {address}'],
    ],
)
def test_the_address_is_found_however_it_is_written(
    provider: Provider, people: People, write: Callable[[str], object]
) -> None:
    maya = people.new()

    assert (
        provider.send_event("complained", new_email(people, maya), to=write(maya.email))[0] == 200
    )

    assert suppressed(people, maya) == "complained"


def test_an_address_in_a_display_name_is_not_suppressed(provider: Provider, people: People) -> None:
    maya, leo = people.pair()

    provider.send_event("complained", new_email(people, maya), to=[f'"{leo.email}" <{maya.email}>'])

    assert (suppressed(people, maya), suppressed(people, leo)) == ("complained", None)


def test_a_complaint_counts_even_with_a_transient_bounce(
    provider: Provider, people: People
) -> None:
    maya = people.new()

    provider.send_event(
        "complained", new_email(people, maya), to=[maya.email], bounce={"type": "Transient"}
    )

    assert suppressed(people, maya) == "complained"


@pytest.mark.parametrize("kind", ["bounced", "complained", "suppressed"])
@pytest.mark.parametrize("to", [[], None, 7, ["Maya"], ["x" * 2000]])
def test_an_event_without_an_address_suppresses_the_recipient(
    provider: Provider, people: People, kind: str, to: object
) -> None:
    maya = people.new()

    assert provider.send_event(kind, new_email(people, maya), to=to) == (
        200,
        {"outcome": "recorded"},
    )

    assert suppressed(people, maya) == kind


def test_a_transient_bounce_without_an_address_suppresses_no_recipient(
    provider: Provider, people: People
) -> None:
    maya = people.new()

    provider.send_event("bounced", new_email(people, maya), to=[], bounce={"type": "Transient"})

    assert suppressed(people, maya) is None


@pytest.mark.parametrize("email", [None, uuid4()])
def test_a_complaint_without_address_and_email_is_logged_as_an_error(
    provider: Provider, caplog: pytest.LogCaptureFixture, email: UUID | None
) -> None:
    unknown = uuid4().hex
    answer = provider.send_event("complained", email, to=[], email_id=unknown)

    assert answer == (200, {"outcome": "without_address"})
    logged = [(each.levelname, each.message) for each in caplog.records]
    assert ("ERROR", "emails.event_without_address") in logged
