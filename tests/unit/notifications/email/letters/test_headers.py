"""The headers, checked by Python's strict parser (RFC 5322, 2047) and against RFC 8058."""

import re
from dataclasses import replace
from email import message_from_bytes, message_from_string, policy
from email.header import decode_header, make_header
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from local.emails.samples import a_plan, an_invitation
from tests.unit.notifications.email.letters.test_rendering import rendered
from tests.unit.notifications.email.sending.fakes import house, invitation
from wingman.notifications.email.errors import RenderError
from wingman.notifications.email.letters.brand import Brand
from wingman.notifications.email.letters.contents import Content
from wingman.notifications.email.letters.kinds import content_of
from wingman.notifications.email.letters.rendering import short
from wingman.notifications.email.models import ClaimedEmail
from wingman.notifications.email.sending.delivery import Draft, write
from wingman.notifications.email.sending.provider import OutgoingEmail, _params

HEADERS = {
    "From",
    "To",
    "Subject",
    "Auto-Submitted",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "X-Entity-Ref-ID",
    "MIME-Version",
    "Content-Type",
}
STRICT = policy.strict + policy.SMTP
NAMES = [
    'Ann "The Wing" O\'Hara',
    "Müller, Jörg; <b>",
    "back\\slash (comment) @home",
    "👩‍👩‍👧‍👦 Familie 🦊",
    "יוסי כהן",
    "محمد, الثاني",
    "=?utf-8?q?Forged?=",
    "a" * 80,
    "🦊" * 80,
]
INJECTIONS = [
    "Leo\r\nBcc: everyone@example.com",
    "Leo\nSubject: Other",
    "Leo\rX: y",
    "Leo\x00\x0b\x0c\x1c\x85",
    "Leo\u2028Bcc: x@example.com\u2029",
    "Leo\r\n\r\n<html>",
]


def drafted(email: ClaimedEmail) -> Draft:
    return write(house().sender, email, content_of(email))


def as_message(email: OutgoingEmail) -> Any:
    """Write the request as an RFC 5322 message and parse it, both strictly."""
    wanted: Any = _params(email)
    message = EmailMessage(policy=STRICT)
    for name in ("from", "subject"):
        message[name.title()] = wanted[name]
    message["To"] = ", ".join(wanted["to"])
    for name, value in wanted["headers"].items():
        message[name] = value
    message.set_content(wanted["text"])
    message.add_alternative(wanted["html"], subtype="html")
    return message_from_bytes(message.as_bytes(), policy=STRICT)


def an_email(content: Content) -> OutgoingEmail:
    written = drafted(invitation()).message
    email = rendered(content)
    return replace(
        written,
        subject=email.subject,
        html=email.html,
        text=email.text,
        unsubscribe_url=email.unsubscribe_url,
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_brand_of_any_name_is_one_sender(name: str) -> None:
    brand = Brand(name=name)
    read: Any = message_from_string(f"From: {brand.sender}\r\n\r\n", policy=STRICT)["From"]

    [address] = read.addresses
    # Python 3.11 keeps the spaces between encoded words (RFC 2047 section 6.2).
    assert address.display_name.replace(" ", "") == name.replace(" ", "")
    assert str(make_header(decode_header(brand.sender.rpartition(" <")[0].strip('"')))) in (
        name,
        name.replace("\\", "\\\\").replace('"', '\\"'),
    )
    assert address.addr_spec == brand.sender_email
    assert not read.defects
    assert brand.sender.isascii()
    assert all(len(word) <= 75 for word in re.findall(r"=\?\S+\?=", brand.sender))


@given(st.text(min_size=1, max_size=80))
def test_a_brand_is_one_sender_or_refused(name: str) -> None:
    try:
        brand = Brand(name=name)
    except ValidationError:
        return
    facts: dict[str, Any] = {"defects": []}
    AddressHeader.parse(brand.sender, facts)

    assert [group.addresses[0].addr_spec for group in facts["groups"]] == [brand.sender_email]
    assert "\n" not in brand.sender


@pytest.mark.parametrize("text", [*INJECTIONS, "Wing\u202eman", "Wing\x7f"])
def test_a_brand_cannot_contain_a_line_break_or_a_control_character(text: str) -> None:
    for field in ("name", "logo_text", "tagline"):
        with pytest.raises(ValidationError):
            Brand.model_validate({field: text})


@pytest.mark.parametrize(
    "address",
    ["a@b\nc", "a@b.c, d@e.f", "a b@c.d", "<a@b.c>", "a@", "@b", "a@b@c", "a\x00@b", "a..b@c.d"],
)
def test_the_sender_is_one_plain_address(address: str) -> None:
    with pytest.raises(ValidationError):
        Brand(sender_email=address)


@pytest.mark.parametrize("text", [*NAMES, *INJECTIONS])
def test_user_text_stays_in_its_header(text: str) -> None:
    for content in (
        an_invitation(inviter_name=text, venue_suggestion=text[:200], note=text),
        a_plan(partner_name=text, venue_name=text[:200]),
    ):
        email = an_email(content)
        read = as_message(email)

        assert set(read.keys()) == HEADERS
        assert len(read.keys()) == len(HEADERS)
        assert not [header.defects for header in read.values() if header.defects]
        assert [address.addr_spec for address in read["To"].addresses] == ["maya@example.com"]
        assert read["Subject"].split() == email.subject.split()
        assert "=?" not in email.subject
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", email.subject)
        assert read.get_body(["plain"]).get_content().splitlines() == email.text.splitlines()
        assert read.get_body(["html"]).get_content().splitlines() == email.html.splitlines()


@given(st.text(max_size=100))
def test_any_name_makes_a_subject_of_one_line(name: str) -> None:
    subject = rendered(an_invitation(inviter_name=name)).subject
    message = EmailMessage(policy=STRICT)
    message["Subject"] = subject

    read = message_from_bytes(message.as_bytes(), policy=STRICT)["Subject"]

    assert "".join(str(read).split()) == "".join(subject.split())
    assert len(subject) < 120


def test_one_click_headers_come_as_a_pair_with_one_https_address() -> None:
    read = as_message(an_email(an_invitation()))

    assert re.fullmatch(r"<https://[!-;=?-~]+>", read["List-Unsubscribe"])
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    "address",
    ["", "maya", "a@b.c, d@e.f", "a@b.c\r\nBcc: d@e.f", "a@b.c\x00", "Maya <a@b.c>", "a@b@c.d"],
)
def test_a_recipient_that_is_not_one_address_gets_nothing(address: str) -> None:
    with pytest.raises(RenderError):
        drafted(invitation(recipient_email=address))


@pytest.mark.parametrize(
    "address", ["maya+news@example.com", "o'hara@b.example", "jörg@exämple.de"]
)
def test_an_unusual_address_is_accepted(address: str) -> None:
    assert drafted(invitation(recipient_email=address)).message.recipient == address


@pytest.mark.parametrize("whole", ["👩‍👩‍👧‍👦", "e\u0301", "👍🏽", "❤️"])
def test_a_cut_never_splits_a_character(whole: str) -> None:
    for before in range(50, 62):
        cut = short("x" * before + whole + "y" * 20)

        assert len(cut) <= 60
        assert cut.rstrip("…").lstrip("x") in {"", whole, *(whole + "y" * n for n in range(9))}
