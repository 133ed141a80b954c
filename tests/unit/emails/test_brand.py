"""The brand: data that cannot break a mail."""

from email.headerregistry import Address, AddressHeader
from email.utils import parseaddr
from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.emails.test_rendering import PUPMATCH
from wingman.emails.brand import Brand, contrast


@pytest.mark.parametrize("name", ["Wingman", 'Wing, "Man" & Co.', "Flügel 🦊", "טייס"])
def test_the_sender_name_is_quoted_as_rfc_5322_wants(name: str) -> None:
    sender = Brand(name=name).sender
    parsed: dict[str, Any] = {"defects": []}
    AddressHeader.parse(sender, parsed)

    assert not parsed["defects"]
    assert sender.isascii()
    assert parseaddr(sender)[1] == "hello@wingman.example"
    address: Address = parsed["groups"][0].addresses[0]
    assert address.display_name == name


@pytest.mark.parametrize(
    "broken",
    [
        {"accent": "red;} body{display:none"},
        {"sender_email": "a@b.c\r\nBcc: x@y.z"},
        {"name": "Wing\nman"},
        {"support_url": "javascript:alert(1)"},
        {"colour": "#ffffff"},
    ],
)
def test_a_brand_that_could_break_a_mail_is_refused(broken: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Brand.model_validate(broken)


@pytest.mark.parametrize("brand", [Brand(), Brand.model_validate(PUPMATCH)])
def test_colours_meet_wcag_aa(brand: Brand) -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for ink, ground in [
        (brand.on_accent, brand.accent),
        (brand.on_accent_dark, brand.accent_dark),
        ("#6b6584", brand.tint),
        ("#6b6584", "#ffffff"),
        ("#45405c", "#ffffff"),
        ("#a8a2c0", brand.tint_dark),
        ("#a8a2c0", "#1f1c2e"),
        ("#cbc6de", "#1f1c2e"),
    ]:
        assert contrast(ink, ground) >= 4.5, (ink, ground)
