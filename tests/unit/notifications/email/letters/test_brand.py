"""A brand is data that cannot break an email."""

from email.headerregistry import Address, AddressHeader
from email.utils import parseaddr
from typing import Any

import pytest
from pydantic import ValidationError

from local.emails.samples import BRANDS
from wingman.notifications.email.letters.brand import Brand, contrast


@pytest.mark.parametrize("name", ["Wingman", 'Wing, "Man" & Co.', "Flügel 🦊", "טייס"])
def test_the_sender_name_is_quoted_as_rfc_5322_requires(name: str) -> None:
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
def test_a_brand_that_could_break_an_email_is_refused(broken: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Brand.model_validate(broken)


@pytest.mark.parametrize("brand", [Brand(), *map(Brand.model_validate, BRANDS.values())])
def test_colours_meet_wcag_aa_by_day_and_by_night(brand: Brand) -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    day = [(ink, ground) for ink in ("ink", "text", "quiet") for ground in ("tint", "#ffffff")]
    night = [
        (f"{ink}_dark", f"{ground}_dark")
        for ink in ("ink", "text", "quiet")
        for ground in ("tint", "card", "quote")
    ]
    buttons = [("on_accent", "accent"), ("on_accent_dark", "accent_dark")]
    for names in [*day, *night, *buttons]:
        ink, ground = (getattr(brand, name, name) for name in names)
        assert contrast(ink, ground) >= 4.5, names
    for ground in ("#ffffff", brand.tint):
        assert contrast(brand.accent, ground) >= 3, "marks and outlines (WCAG 1.4.11)"
    for ground in (brand.card_dark, brand.tint_dark):
        assert contrast(brand.accent_dark, ground) >= 3, "marks and outlines (WCAG 1.4.11)"


@pytest.mark.parametrize("name", BRANDS)
def test_a_brand_file_sets_every_field(name: str) -> None:
    assert set(BRANDS[name]) == set(Brand.model_fields)
    assert Brand.model_validate(BRANDS[name]).name.lower() == name
