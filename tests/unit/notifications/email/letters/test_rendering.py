"""Rendered emails. `UPDATE_GOLDEN=1` rewrites the golden files; review the diff."""

import os
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.emails.kinds import kinds
from local.emails.samples import (
    BRANDS,
    CASES,
    a_cancellation,
    a_change,
    a_decline,
    a_plan,
    a_reminder,
    an_acceptance,
    an_invitation,
)
from wingman.notifications.email.letters.brand import Brand
from wingman.notifications.email.letters.contents import Content
from wingman.notifications.email.letters.links import (
    Link,
    Links,
    read,
)
from wingman.notifications.email.letters.rendering import (
    Reader,
    RenderedEmail,
    Renderer,
    lines,
    moment,
    one_line,
)

GOLDEN = Path(__file__).parent / "golden"
EVERY_CASE = pytest.mark.parametrize("name", CASES)


READER = UUID("6f1c0f0e-0000-4000-8000-00000000000a")
LINKS = Links("https://api.wingman.example", "a secret that is long enough")


def rendered(
    content: Content,
    *,
    first_name: str | None = "Maya",
    zone: str | None = "Europe/Berlin",
    **brand: str,
) -> RenderedEmail:
    renderer = Renderer(Brand.model_validate(brand), "https://app.wingman.example", LINKS)
    return renderer.render(
        content, Reader(READER, first_name, zone), kinds()[content.template].category
    )


class Page(HTMLParser):
    """The visible words, the links and the tags of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self._hidden = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        facts = dict(attrs)
        self.links += [facts["href"] or ""] if "href" in facts else []
        self._hidden += tag in {"style", "title"} or facts.get("class") == "preheader"

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"style", "title"} or (tag == "div" and self._hidden > 0)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words += data.split()


@EVERY_CASE
@pytest.mark.parametrize("brand", BRANDS)
@pytest.mark.parametrize("part", ["html", "text"])
def test_an_email_matches_its_golden_file(name: str, brand: str, part: str) -> None:
    written = getattr(rendered(CASES[name], **BRANDS[brand]), part)
    golden = GOLDEN / brand / f"{name}.{'html' if part == 'html' else 'txt'}"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(written, encoding="utf-8")

    assert written == golden.read_text(encoding="utf-8")


@EVERY_CASE
def test_both_parts_and_the_header_let_the_reader_unsubscribe_from_the_category(name: str) -> None:
    email = rendered(CASES[name])
    category = kinds()[CASES[name].template].category
    if category is None:  # about the account itself
        assert email.unsubscribe_url is None
        assert "nsubscribe" not in email.html + email.text
        return
    link = Link(READER, category)

    base, _, token = str(email.unsubscribe_url).partition("?token=")
    assert base == "https://api.wingman.example/api/email/unsubscribe"
    assert read((LINKS.secret,), token) == link
    for url in (email.unsubscribe_url, LINKS.preferences(link), "https://wingman.example/help"):
        assert url in Page(email.html).links
        assert f"{url}\n" in email.text


@EVERY_CASE
def test_an_email_rendered_twice_has_the_same_bytes(name: str) -> None:
    assert rendered(CASES[name]) == rendered(CASES[name])


@EVERY_CASE
def test_an_email_keeps_its_dark_and_phone_rules_and_stays_small(name: str) -> None:
    html = rendered(CASES[name]).html

    assert '<meta name="color-scheme" content="light dark">' in html
    assert "@media (prefers-color-scheme: dark)" in html
    assert "@media (max-width: 600px)" in html
    assert 'class="preheader"' in html
    assert len(html.encode()) < 20_000


@EVERY_CASE
def test_the_brand_is_data(name: str) -> None:
    brand = BRANDS["pupmatch"]
    email = rendered(CASES[name], **brand)

    assert "wingman" not in (email.html + email.text).lower().replace(
        "app.wingman.example", ""
    ).replace("api.wingman.example", "")
    assert "pupmatch" in email.html
    assert "https://pupmatch.example/help" in email.text
    assert brand["accent"] in email.html


def test_a_brand_names_its_meetings() -> None:
    email = rendered(CASES["session_cancelled"], **BRANDS["pupmatch"])
    assert "Leo cancelled your walk" in email.text
    assert "Your idea for the walk:" in rendered(a_plan(), **BRANDS["pupmatch"]).text


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;{{ 7*7 }}"


@pytest.mark.parametrize(
    "content",
    [
        an_invitation(inviter_name=HOSTILE, venue_suggestion=HOSTILE, note=HOSTILE),
        an_acceptance(partner_name=HOSTILE, venue_suggestion=HOSTILE),
        a_decline(partner_name=HOSTILE, reason=HOSTILE),
        a_plan(partner_name=HOSTILE, venue_name=HOSTILE, challenge_description=HOSTILE),
        a_change(partner_name=HOSTILE, venue_name=HOSTILE, challenge_title=HOSTILE),
        a_cancellation(partner_name=HOSTILE, venue_name=HOSTILE, reason=HOSTILE),
        a_reminder(partner_name=HOSTILE, venue_name=HOSTILE),
    ],
)
def test_user_text_never_becomes_markup(content: Content) -> None:
    email = rendered(content, first_name=HOSTILE)
    page = Page(email.html)

    assert not {"script", "img"} & set(page.tags)
    assert "<script>" in unescape(email.html)
    assert "<script>" in email.text
    assert "49" not in email.text


def test_a_name_cannot_add_a_header() -> None:
    email = rendered(an_invitation(inviter_name="Leo\r\nBcc: everyone@example.com\x00\u2028X"))

    assert (
        email.subject
        == "Leo Bcc: everyone\u2060@\u2060example\u2060.\u2060com X would like to meet you"
    )


def test_a_name_cannot_reorder_its_sentence() -> None:
    email = rendered(a_decline(partner_name="\u202eoeL\u2066"))

    assert email.subject == "oeL can’t make it this time"


def test_a_right_to_left_name_is_isolated_from_the_sentence() -> None:
    email = rendered(a_decline(partner_name="יוסי"))

    assert email.subject == "\u2068יוסי\u2069 can’t make it this time"
    assert "\u2068יוסי\u2069 can’t make it" in email.html


def test_emoji_families_stay_together() -> None:
    family = "👩‍👩‍👧‍👦"

    assert family in rendered(a_decline(partner_name=family)).subject


def test_a_long_venue_is_whole_in_the_email_and_short_in_the_preheader() -> None:
    venue = "W" * 200
    email = rendered(an_invitation(venue_suggestion=venue))

    assert venue in email.html
    assert venue in email.text
    assert email.html.count(venue) == 1
    assert "overflow-wrap: anywhere" in email.html


def test_a_long_name_is_cut_in_the_subject() -> None:
    assert len(rendered(a_decline(partner_name="N" * 300)).subject) < 100


def test_without_a_name_the_greeting_has_none() -> None:
    assert "Hi, " in rendered(a_decline(), first_name=None).text


@given(st.text())
def test_any_text_fits_on_one_line(text: str) -> None:
    line = one_line(text)

    assert line.splitlines() in ([], [line])
    assert line == one_line(line)


@given(st.text())
def test_any_note_breaks_into_clean_lines(text: str) -> None:
    rows = lines(text)

    assert all(row == one_line(row) for row in rows)
    assert all(one or two for one, two in pairwise(rows))


@given(name=st.text(max_size=80), venue=st.text(max_size=200), note=st.text(max_size=500))
def test_any_text_makes_an_email(name: str, venue: str, note: str) -> None:
    email = rendered(an_invitation(inviter_name=name, venue_suggestion=venue, note=note))

    assert len(email.subject.splitlines()) == 1
    assert not {"script", "img", "iframe"} & set(Page(email.html).tags)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Berlin", "Sunday 22 November, 18:00 (CET)"),
        ("America/New_York", "Sunday 22 November, 12:00 (EST)"),
        ("Asia/Kolkata", "Sunday 22 November, 22:30 (IST)"),
        ("America/Sao_Paulo", "Sunday 22 November, 14:00 (UTC-03)"),
        ("Pacific/Auckland", "Monday 23 November, 06:00 (NZDT)"),
    ],
)
def test_times_are_in_the_readers_timezone(zone: str, expected: str) -> None:
    assert moment(datetime(2026, 11, 22, 17, tzinfo=UTC), ZoneInfo(zone)) == expected


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "../../etc/passwd", "Europe"])
def test_an_unknown_timezone_reads_as_utc(zone: str | None) -> None:
    email = rendered(an_invitation(), zone=zone)

    assert "17:00 (UTC)" in email.text


def test_a_planned_time_is_in_the_readers_timezone_in_subject_and_body() -> None:
    email = rendered(a_plan(), zone="Australia/Eucla")

    assert email.subject == "Meeting Leo: Monday 23 November, 01:45 (UTC+0845)"
    assert "Monday 23 November, 01:45 (UTC+0845)" in email.text
    assert "Monday 23 November, 01:45 (UTC+0845)" in email.html


def test_a_change_shows_the_previous_time() -> None:
    assert "Instead of Saturday 21 November, 18:00 (CET)" in rendered(a_change()).text
    assert "Instead of" not in rendered(a_change(previous_time=None)).text
