"""Signed and odd events: whatever else they say, an address that complained is left alone."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.functions import Function
from tests.support.people import People
from tests.support.provider import Provider, mailed, suppressed

Load = Callable[..., Function]


@pytest.fixture
def provider(function: Load, stack: dict[str, str]) -> Provider:
    return Provider(function("resend_webhook"), stack["RESEND_WEBHOOK_SECRET"])


ODD: dict[str, dict[str, Any]] = {
    "a tag without a name": {"tags": [{"value": "x"}, {"name": "template", "value": "x"}]},
    "tags that are none": {"tags": ["email_id", None, 7]},
    "a tag that is no text": {"tags": {"email_id": 7, "template": None}},
    "tags as a number": {"tags": 7},
    "no mail's id": {"tags": {"email_id": "half a\u0000n id"}},
    "a NUL in the reason": {"bounce": {"type": "Permanent", "message": "no\u0000 such user"}},
    "half a character in the reason": {"bounce": {"type": "\ud83d", "message": "\udc00"}},
    "a reason that is no text": {"bounce": {"type": 5, "message": ["x"]}},
    "a reason without parts": {"bounce": "Permanent"},
    "another's detail": {"failed": "x", "suppressed": ["x"]},
    "a NUL in the provider's id": {"email_id": "re_\u0000"},
    "half a character in the provider's id": {"email_id": "re_\ud83d"},
    "a number as the provider's id": {"email_id": 7},
    "an endless id": {"email_id": "".join(uuid4().hex for _ in range(500))},
    "an unknown time": {"created_at": "yesterday"},
    "a time without a zone": {"created_at": "2026-12-01 11:59:58"},
    "a time before all times": {"created_at": "0001-01-01 00:00:00+14:00"},
    "a zone finer than seconds": {"created_at": "2026-12-01T11:59:58+01:00:00.000001"},
    "a number as a time": {"created_at": 1764590398},
    "a time that is none": {"created_at": {"seconds": 1}},
}


@pytest.mark.parametrize("kind", ["bounced", "complained"])
@pytest.mark.parametrize("odd", ODD)
def test_an_odd_event_still_ends_mail_to_its_address(
    provider: Provider, people: People, odd: str, kind: str
) -> None:
    maya = people.new()
    mail = mailed(people, maya)

    status, answer = provider.tell(kind, mail, **{"to": [maya.email]} | ODD[odd])

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

    assert provider.tell("complained", mailed(people, maya), to=write(maya.email))[0] == 200

    assert suppressed(people, maya) == "complained"


def test_an_address_in_somebodys_name_is_not_whom_the_mail_went_to(
    provider: Provider, people: People
) -> None:
    maya, leo = people.pair()

    provider.tell("complained", mailed(people, maya), to=[f'"{leo.email}" <{maya.email}>'])

    assert (suppressed(people, maya), suppressed(people, leo)) == ("complained", None)


def test_a_complaint_is_one_whatever_it_says_of_a_bounce(
    provider: Provider, people: People
) -> None:
    maya = people.new()

    provider.tell("complained", mailed(people, maya), to=[maya.email], bounce={"type": "Transient"})

    assert suppressed(people, maya) == "complained"


@pytest.mark.parametrize("kind", ["bounced", "complained", "suppressed"])
@pytest.mark.parametrize("to", [[], None, 7, ["Maya"], ["x" * 2000]])
def test_where_no_address_can_be_read_the_one_that_the_mail_went_to_is_left_alone(
    provider: Provider, people: People, kind: str, to: object
) -> None:
    maya = people.new()

    assert provider.tell(kind, mailed(people, maya), to=to) == (200, {"outcome": "recorded"})

    assert suppressed(people, maya) == kind


def test_a_full_mailbox_without_an_address_is_no_end(provider: Provider, people: People) -> None:
    maya = people.new()

    provider.tell("bounced", mailed(people, maya), to=[], bounce={"type": "Transient"})

    assert suppressed(people, maya) is None


@pytest.mark.parametrize("mail", [None, uuid4()])
def test_a_complaint_without_address_or_mail_is_told_to_who_operates(
    provider: Provider, caplog: pytest.LogCaptureFixture, mail: UUID | None
) -> None:
    unknown = uuid4().hex
    told = provider.tell("complained", mail, to=[], email_id=unknown)

    assert told == (200, {"outcome": "without_address"})
    logged = [(each.levelname, each.message) for each in caplog.records]
    assert ("ERROR", "emails.event_without_address") in logged
