"""A session as an iCalendar file (RFC 5545); a package would add 20 ms to a cold start."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from wingman.kit.text import BIDI_CONTROLS
from wingman.sessions.models import SessionEvent, SessionStatus

MEDIA_TYPE = "text/calendar; method=PUBLISH"
"""With the METHOD of the file (RFC 5545 section 8.1)."""
# A plan has no end, but calendars show events without one as instants.
USUAL_LENGTH = timedelta(hours=1)
_CONTROLS = {chr(code) for code in [*range(32), *range(127, 160)]} - {"\t", "\n"}
_REMOVED = _CONTROLS | BIDI_CONTROLS
_LINE_BREAK = re.compile("\r\n|[\r\x85\u2028\u2029]")
_UNIT = re.compile(r"\\.|.", re.DOTALL)  # an escape or a character
_MAX_OCTETS = 75  # RFC 5545 section 3.1, without the line break


def calendar_file(event: SessionEvent) -> str:
    """Write one event; a session keeps its UID, and SEQUENCE counts its revisions."""
    return "".join(f"{line}\r\n" for row in _rows(event) for line in _folded(row))


def _rows(event: SessionEvent) -> Iterator[str]:
    session = event.session
    cancelled = session.status is SessionStatus.CANCELLED
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield "PRODID:-//Wingman//Sessions//EN"
    yield "METHOD:PUBLISH"
    yield "BEGIN:VEVENT"
    yield f"UID:{session.id}"
    yield f"SEQUENCE:{event.sequence}"
    yield f"DTSTAMP:{_utc(session.updated_at)}"
    yield f"CREATED:{_utc(session.created_at)}"
    yield f"LAST-MODIFIED:{_utc(session.updated_at)}"
    yield f"DTSTART:{_utc(session.scheduled_time)}"
    yield f"DTEND:{_utc(session.scheduled_time + USUAL_LENGTH)}"
    yield f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}"
    yield f"SUMMARY:{_escaped(f'Meeting {event.partner_name}')}"
    yield f"LOCATION:{_escaped(session.venue_name)}"
    if session.notes:
        yield f"DESCRIPTION:{_escaped(session.notes)}"
    yield "END:VEVENT"
    yield "END:VCALENDAR"


def _utc(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    """Escape a TEXT value (section 3.3.11), without marks that reorder the text beside it."""
    text = _LINE_BREAK.sub("\n", text)
    text = "".join(character for character in text if character not in _REMOVED)
    for character, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(character, escaped)
    return text


def _folded(row: str) -> Iterator[str]:
    """Fold a line to 75 octets, outside of escapes: Google and Outlook would show the backslash."""
    part, octets = "", 0
    for unit in _UNIT.findall(row):
        size = len(unit.encode())
        if octets + size > _MAX_OCTETS:
            yield part
            part, octets = " ", 1
        part += unit
        octets += size
    yield part
