"""The calendar file, read by an independent parser (RFC 5545)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wingman.sessions.calendar import calendar_file
from wingman.sessions.models import Session, SessionEvent

SESSION_ID = UUID("6f1c0f0e-0000-4000-8000-000000000002")
START = datetime(2026, 12, 5, 18, 30, tzinfo=UTC)


def an_event(sequence: int = 0, partner_name: str = "Leo", **changes: Any) -> SessionEvent:
    facts: dict[str, Any] = {
        "id": SESSION_ID,
        "match_id": UUID(int=1),
        "venue_name": "Café Central",
        "scheduled_time": START,
        "status": "scheduled",
        "user1_challenge_id": None,
        "user2_challenge_id": None,
        "user1_completed_confirmed_by_user2": False,
        "user2_completed_confirmed_by_user1": False,
        "no_show_user_ids": [],
        "cancelled_by": None,
        "cancel_reason": None,
        "notes": None,
        "completed_at": None,
        "created_at": START - timedelta(days=2),
        "updated_at": START - timedelta(days=1),
        "partner": {"user_id": UUID(int=2), "name": partner_name, "photo_url": None},
    }
    session = Session(**facts | changes)
    return SessionEvent(session=session, sequence=sequence, partner_name=partner_name)


def parsed(event: SessionEvent) -> Any:
    (found,) = icalendar.Calendar.from_ical(calendar_file(event)).walk("VEVENT")
    return found


def test_an_event_shows_the_plan() -> None:
    event = parsed(an_event(sequence=3, notes="Red scarf"))
    assert event["UID"] == str(SESSION_ID)
    assert event["SEQUENCE"] == 3
    assert event["DTSTART"].dt == START
    assert event["DTEND"].dt == START + timedelta(hours=1)
    assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == START - timedelta(days=1)
    assert (event["SUMMARY"], event["LOCATION"]) == ("Meeting Leo", "Café Central")
    assert event["DESCRIPTION"] == "Red scarf"


def test_times_are_written_in_utc() -> None:
    planned = datetime.fromisoformat("2026-12-05T18:30:00+05:45")
    assert "DTSTART:20261205T124500Z\r\n" in calendar_file(an_event(scheduled_time=planned))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("scheduled", "CONFIRMED"),
        ("in_progress", "CONFIRMED"),
        ("completed", "CONFIRMED"),
        ("no_show", "CONFIRMED"),
        ("expired", "CONFIRMED"),
        ("cancelled", "CANCELLED"),
    ],
)
def test_only_a_cancelled_session_is_a_cancelled_event(status: str, expected: str) -> None:
    assert parsed(an_event(status=status))["STATUS"] == expected


def test_without_notes_there_is_no_description() -> None:
    assert "DESCRIPTION" not in parsed(an_event())


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"))


@given(TEXT, TEXT)
def test_any_text_comes_back_as_it_was(venue: str, notes: str) -> None:
    event = parsed(an_event(venue_name=venue, notes=f"{notes}."))
    assert event["LOCATION"] == venue
    assert event["DESCRIPTION"] == f"{notes}."


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_line_is_longer_than_75_octets_or_broken_inside_a_character(text: str) -> None:
    file = calendar_file(an_event(partner_name=text, notes=text))
    for line in file.encode().split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    assert file.endswith("END:VCALENDAR\r\n")
    assert "\n" not in file.replace("\r\n", "")


@given(st.text(st.sampled_from("a\\,;\n✓"), min_size=60, max_size=200))
def test_no_line_is_broken_inside_an_escape(text: str) -> None:
    for line in calendar_file(an_event(venue_name=text, notes=text)).split("\r\n"):
        backslashes = len(line) - len(line.rstrip("\\"))
        assert backslashes % 2 == 0, "Google and Outlook read such an escape as its letters"


def test_text_cannot_inject_a_second_event() -> None:
    forged = "Leo\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:Surprise"
    event = parsed(an_event(partner_name=forged, venue_name=forged))
    assert event["SUMMARY"] == "Meeting " + forged.replace("\r\n", "\n")


def test_special_characters_are_escaped() -> None:
    file = calendar_file(an_event(venue_name="a;b,c\\d\r\ne"))
    assert "\r\nLOCATION:a\\;b\\,c\\\\d\\ne\r\n" in file


def test_no_control_character_gets_into_the_file() -> None:
    file = calendar_file(an_event(partner_name="Le\x00\x0b\x1b\x7f\x9bo\tX"))
    assert "SUMMARY:Meeting Leo\tX\r\n" in file


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\x85", "\u2028", "\u2029"])
def test_a_line_break_of_any_kind_is_escaped(end: str) -> None:
    file = calendar_file(an_event(venue_name=f"a{end}END:VEVENT"))
    assert "\r\nLOCATION:a\\nEND:VEVENT\r\n" in file


@pytest.mark.parametrize("mark", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_a_text_does_not_reorder_neighbouring_text(mark: str) -> None:
    file = calendar_file(an_event(partner_name=f"Le{mark}o", venue_name=f"{mark}Café"))
    assert "SUMMARY:Meeting Leo\r\nLOCATION:Café\r\n" in file
