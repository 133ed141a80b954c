"""Both parts of every email, checked by an HTML validator and a strict parser."""

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.emails.samples import (
    CASES,
    a_cancellation,
    a_change,
    a_plan,
    an_invitation,
)
from tests.unit.notifications.email.letters.reading import in_html, in_text, parsed
from tests.unit.notifications.email.letters.test_rendering import HOSTILE, rendered
from wingman.notifications.email.errors import InvalidToken
from wingman.notifications.email.letters.brand import Brand
from wingman.notifications.email.letters.contents import Content
from wingman.notifications.email.models import Category
from wingman.notifications.email.readers.pages import Form, Pages
from wingman.notifications.email.readers.preferences import EmailPreferences, QuietHours

ROOT = Path(__file__).resolve().parents[5]
VALIDATOR = ROOT / "local/node_modules/html-validate/bin/html-validate.mjs"
CLIPPED_AT = 100_000
"""Bytes; Gmail shows no more than 102 kB of an email."""

LONG = "W" * 200
SIGNS = "<&\"'>" * 40
HARD: dict[str, Content] = {
    "hostile": an_invitation(inviter_name=HOSTILE, venue_suggestion=HOSTILE, note=HOSTILE),
    "long": a_plan(partner_name="N" * 100, venue_name=LONG, challenge_description="C" * 1000),
    "signs": a_change(partner_name=SIGNS[:100], venue_name=SIGNS, challenge_title=SIGNS[:200]),
    "every line its own": a_cancellation(venue_name=LONG, reason="&\n" * 250),
    "right to left": an_invitation(inviter_name="יוסי", venue_suggestion="בית קפה", note="שלום\nל"),
    "empty": an_invitation(inviter_name="", venue_suggestion=" ", note="\n\n"),
}
EVERY_EMAIL = pytest.mark.parametrize("content", [*CASES.values(), *HARD.values()])


def every_page() -> dict[str, str]:
    written = Pages(Brand())
    wanted = EmailPreferences(
        user_id="6f1c0f0e-0000-4000-8000-00000000000a",
        match_notifications=True,
        session_reminders=False,
        feedback_requests=True,
        messages=False,
        marketing_emails=False,
        email_frequency="daily",
        message_wait_minutes=60,
        timezone="Europe/Berlin",
        quiet_hours=QuietHours(start="22:00", end="08:00"),
        updated_at=None,
    )
    return {
        "ask": written.confirmation_page(
            Category.MARKETING_EMAILS, "/email/preferences?token=x"
        ).html,
        "done": written.unsubscribed_page(
            Category.MARKETING_EMAILS, "/email/preferences?token=x"
        ).html,
        "choose": written.preferences_page(Form.of(wanted)).html,
        "refused": written.preferences_page(Form.of(wanted), problem="timezone is not known").html,
        "error_page": written.error_page(InvalidToken(HOSTILE), "1-2-3").html,
    }


def test_an_html_validator_finds_only_a_deliberate_mistake(tmp_path: Path) -> None:
    emails = {f"email {name}": rendered(content).html for name, content in (CASES | HARD).items()}
    broken = rendered(CASES["match_declined"]).html.replace("</h1>", "", 1)
    for name, html in (emails | every_page() | {"broken": broken}).items():
        (tmp_path / f"{name}.html").write_text(html, encoding="utf-8")
    config = ROOT / "tests/unit/notifications/email/letters/html_validate.json"

    result = subprocess.run(
        ["node", VALIDATOR, "--config", config, "--formatter", "json", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )

    reports = json.loads(result.stdout)
    faulty = {Path(one["filePath"]).stem: one["messages"] for one in reports if one["messages"]}
    assert faulty.pop("broken", None)
    assert (faulty, result.stderr) == ({}, "")


@EVERY_EMAIL
def test_both_parts_have_the_same_facts_and_links(content: Content) -> None:
    email = rendered(content)
    html, text = in_html(email.html, "wingman"), in_text(email.text)

    assert html.facts == text.facts
    assert html.links == text.links
    assert html.quoted == text.quoted
    assert len(html.links) >= (4 if email.unsubscribe_url else 2)


@pytest.mark.parametrize("content", CASES.values())
def test_both_parts_use_the_same_words(content: Content) -> None:
    email = rendered(content)

    assert in_html(email.html, "wingman").words == in_text(email.text).words


@EVERY_EMAIL
def test_an_email_is_never_clipped(content: Content) -> None:
    email = rendered(content, first_name="F" * 100)

    assert len(email.html.encode()) < CLIPPED_AT
    assert len(email.text.encode()) < CLIPPED_AT / 10


TEXTS = st.text(max_size=200) | st.sampled_from([HOSTILE, "\ufffe\ufdd0\U0010ffff", "\x00", "&#0;"])


@settings(max_examples=60)
@given(name=TEXTS, venue=TEXTS, note=TEXTS, first_name=TEXTS)
def test_any_user_text_gives_well_formed_html(
    name: str, venue: str, note: str, first_name: str
) -> None:
    content = an_invitation(inviter_name=name, venue_suggestion=venue, note=note)
    email = rendered(content, first_name=first_name)

    tags = {element.tag for element in parsed(email.html).iter() if isinstance(element.tag, str)}

    assert tags <= {
        *("html", "head", "meta", "title", "style", "body", "div", "table", "tbody", "tr", "td"),
        *("a", "span", "h1", "p"),
    }
    assert in_html(email.html, "wingman").links == in_text(email.text).links
