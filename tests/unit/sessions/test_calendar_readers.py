"""The calendar file, read by libraries that calendar apps use, in two languages."""

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import icalendar

from tests.unit.sessions.test_calendar import SESSION_ID, START, an_event
from wingman.sessions.calendar import calendar_file
from wingman.sessions.models import SessionEvent

SCRIPT = Path(__file__).with_name("read_calendars.mjs")
TEXTS = (
    'Café Central; second floor, left: ask for "Leo" \\o/',
    "One\nTwo\n\nThree",
    "מיה בבית קפה",
    "👩‍👩‍👧‍👧 at the 公園, 3-2-1; 東京",
    "C:\\new\\notes, \\n is no line break; \\,",
    "BEGIN:VEVENT END:VEVENT",
)
# Every escape at every position of a line of 75 octets.
SHIFTED = [f"{'x' * shift}\\,;\n\\{'y' * 90}" for shift in range(80)]


def planned() -> list[SessionEvent]:
    cancelled = an_event(sequence=2, status="cancelled")
    texts = [*TEXTS, *SHIFTED]
    return [cancelled, *(an_event(venue_name=text, notes=text) for text in texts)]


def by_javascript(files: list[str]) -> Any:
    read = subprocess.run(
        ["node", SCRIPT], input=json.dumps(files), capture_output=True, text=True, check=True
    )
    return json.loads(read.stdout)


def by_python(file: str) -> dict[str, Any]:
    calendar: Any = icalendar.Calendar.from_ical(file)
    (event,) = calendar.walk("VEVENT")
    return {
        "method": calendar["METHOD"],
        "uid": event["UID"],
        "sequence": event["SEQUENCE"],
        "status": event["STATUS"],
        "start": event["DTSTART"].dt,
        "end": event["DTEND"].dt,
        "summary": event["SUMMARY"],
        "location": event["LOCATION"],
        "description": event.get("DESCRIPTION"),
    }


def test_each_reader_finds_the_planned_session() -> None:
    events = planned()
    files = [calendar_file(event) for event in events]

    for event, file, others in zip(events, files, by_javascript(files), strict=True):
        session = event.session
        expected = {
            "method": "PUBLISH",
            "uid": str(SESSION_ID),
            "sequence": event.sequence,
            "status": "CANCELLED" if session.status == "cancelled" else "CONFIRMED",
            "start": START,
            "end": START + timedelta(hours=1),
            "summary": "Meeting Leo",
            "location": session.venue_name,
            "description": session.notes,
        }
        assert by_python(file) == expected
        written = {name: _iso(value) for name, value in expected.items()}
        assert others["ical.js"] == written
        if "\\n" not in session.venue_name:  # node-ical 0.26 reads this as a line break
            assert others["node-ical"] == written


def _iso(value: Any) -> Any:
    return f"{value:%Y-%m-%dT%H:%M:%S.000Z}" if hasattr(value, "isoformat") else value
