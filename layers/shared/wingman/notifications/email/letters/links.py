"""Links in mails that need no login: who, and which kind of mail, signed.

A token never expires: the law and the mail providers ask that "unsubscribe" works in old mails.
It is 2 bytes (version, category), 16 (user) and 16 (HMAC-SHA256, cut) in URL-safe base64.
A calendar token names a version, a user and a session instead, and opens nothing else; the session
decides how long it is of use (docs/decisions/015-email-timing.md).
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from wingman.notifications.email.errors import InvalidToken
from wingman.notifications.email.models import Category

# Part of every link ever sent: a number is never given to another category.
_NUMBERS = {
    Category.MATCH_NOTIFICATIONS: 1,
    Category.SESSION_REMINDERS: 2,
    Category.FEEDBACK_REQUESTS: 3,
    Category.MARKETING_EMAILS: 4,
}
_CATEGORIES = {number: category for category, number in _NUMBERS.items()}
_VERSION = 1
_PURPOSE = b"wingman email link\0"
_CALENDAR_PURPOSE = b"wingman calendar link\0"
_CLAIM_BYTES = {_PURPOSE: 18, _CALENDAR_PURPOSE: 33}
_LONGEST = 100


@dataclass(frozen=True)
class Link:
    """What a valid token says."""

    user_id: UUID
    category: Category


@dataclass(frozen=True)
class CalendarLink:
    """What a valid calendar token says."""

    user_id: UUID
    session_id: UUID


@dataclass(frozen=True)
class Links:
    """Writes the links of this deployment's mails; `api_url` is where readers reach the API."""

    api_url: str
    secret: str

    def unsubscribe(self, link: Link) -> str:
        """Return the address that one click (RFC 8058) posts to, and a person opens."""
        return f"{self.api_url}/api/email/unsubscribe?token={sign(self.secret, link)}"

    def preferences(self, link: Link) -> str:
        """Return the address of the reader's preference page."""
        return f"{self.api_url}/email/preferences?token={sign(self.secret, link)}"

    def calendar(self, link: CalendarLink) -> str:
        """Return the address of one session's calendar file, for one of its two."""
        return f"{self.api_url}/email/calendar.ics?token={sign_calendar(self.secret, link)}"


def sign(secret: str, link: Link) -> str:
    """Return the token for one reader and one kind of mail; the same every time."""
    claim = bytes([_VERSION, _NUMBERS[link.category]]) + link.user_id.bytes
    return _signed(secret, _PURPOSE, claim)


def read(secret: str, token: str) -> Link:
    """Return what a token says. Raises InvalidToken unless it is exactly one that we wrote."""
    version, number, *user = _claim(secret, _PURPOSE, token)
    if version != _VERSION or number not in _CATEGORIES:
        raise InvalidToken
    return Link(UUID(bytes=bytes(user)), _CATEGORIES[number])


def sign_calendar(secret: str, link: CalendarLink) -> str:
    """Return the token for one reader and one session; the same every time."""
    claim = bytes([_VERSION]) + link.user_id.bytes + link.session_id.bytes
    return _signed(secret, _CALENDAR_PURPOSE, claim)


def read_calendar(secret: str, token: str) -> CalendarLink:
    """Return what a calendar token says. Raises InvalidToken, also for any other token of ours."""
    claim = _claim(secret, _CALENDAR_PURPOSE, token)
    if claim[0] != _VERSION:
        raise InvalidToken
    return CalendarLink(UUID(bytes=claim[1:17]), UUID(bytes=claim[17:]))


def _signed(secret: str, purpose: bytes, claim: bytes) -> str:
    return _encoded(claim + _mac(secret, purpose, claim))


def _claim(secret: str, purpose: bytes, token: str) -> bytes:
    """Take a token apart; its length goes with its purpose, which is signed too."""
    raw = _decoded(token)
    claim, mac = raw[: _CLAIM_BYTES[purpose]], raw[_CLAIM_BYTES[purpose] :]
    if not hmac.compare_digest(mac, _mac(secret, purpose, claim)):
        raise InvalidToken
    return claim


def _mac(secret: str, purpose: bytes, claim: bytes) -> bytes:
    return hmac.digest(secret.encode(), purpose + claim, hashlib.sha256)[:16]


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(token: str) -> bytes:
    """Decode one spelling only: base64 leaves bits over that nobody signs."""
    if len(token) > _LONGEST or not token.isascii():
        raise InvalidToken
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        raise InvalidToken from None
    if _encoded(raw) != token:
        raise InvalidToken
    return raw
