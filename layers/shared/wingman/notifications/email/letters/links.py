"""Signed links in emails that need no login.

A token never expires, because law and email providers require "unsubscribe" to work in old emails.
It is the URL-safe base64 of 2 bytes (version, category), 16 (user) and 16 (truncated HMAC-SHA256).
A calendar or feedback token names a version, a user and a session instead, and gives access to
nothing else; the session decides how long it is useful (docs/decisions/015-email-timing.md).
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from wingman.notifications.email.errors import InvalidToken
from wingman.notifications.email.models import Category

# These numbers are in every link ever sent: never reuse one for another category.
_NUMBERS = {
    Category.MATCH_NOTIFICATIONS: 1,
    Category.SESSION_REMINDERS: 2,
    Category.FEEDBACK_REQUESTS: 3,
    Category.MARKETING_EMAILS: 4,
    Category.MESSAGES: 5,
}
_CATEGORIES = {number: category for category, number in _NUMBERS.items()}
_VERSION = 1
_PURPOSE = b"wingman email link\0"
_CALENDAR_PURPOSE = b"wingman calendar link\0"
_FEEDBACK_PURPOSE = b"wingman feedback link\0"
_CLAIM_BYTES = {_PURPOSE: 18, _CALENDAR_PURPOSE: 33, _FEEDBACK_PURPOSE: 33}
_LONGEST = 100


@dataclass(frozen=True)
class Link:
    user_id: UUID
    category: Category


@dataclass(frozen=True)
class CalendarLink:
    user_id: UUID
    session_id: UUID


@dataclass(frozen=True)
class FeedbackLink:
    user_id: UUID
    session_id: UUID


@dataclass(frozen=True)
class Links:
    """The links of this deployment's emails; `api_url` is the public address of the API."""

    api_url: str
    secret: str

    def unsubscribe(self, link: Link) -> str:
        """Return the address for one-click unsubscribe (RFC 8058) and for the link in the text."""
        return f"{self.api_url}/api/email/unsubscribe?token={sign(self.secret, link)}"

    def preferences(self, link: Link) -> str:
        return f"{self.api_url}/email/preferences?token={sign(self.secret, link)}"

    def calendar(self, link: CalendarLink) -> str:
        return f"{self.api_url}/email/calendar.ics?token={sign_calendar(self.secret, link)}"

    def feedback(self, link: FeedbackLink) -> str:
        return f"{self.api_url}/email/feedback?token={sign_feedback(self.secret, link)}"


def sign(secret: str, link: Link) -> str:
    """Return the token for a reader and a category; the same every time."""
    claim = bytes([_VERSION, _NUMBERS[link.category]]) + link.user_id.bytes
    return _signed(secret, _PURPOSE, claim)


def read(keys: tuple[str, ...], token: str) -> Link:
    """Verify a token with any of the keys. Raises InvalidToken."""
    version, number, *user = _claim(keys, _PURPOSE, token)
    if version != _VERSION or number not in _CATEGORIES:
        raise InvalidToken
    return Link(UUID(bytes=bytes(user)), _CATEGORIES[number])


def sign_calendar(secret: str, link: CalendarLink) -> str:
    return _signed(secret, _CALENDAR_PURPOSE, _session_claim(link.user_id, link.session_id))


def read_calendar(keys: tuple[str, ...], token: str) -> CalendarLink:
    return CalendarLink(*_session_of(_claim(keys, _CALENDAR_PURPOSE, token)))


def sign_feedback(secret: str, link: FeedbackLink) -> str:
    return _signed(secret, _FEEDBACK_PURPOSE, _session_claim(link.user_id, link.session_id))


def read_feedback(keys: tuple[str, ...], token: str) -> FeedbackLink:
    return FeedbackLink(*_session_of(_claim(keys, _FEEDBACK_PURPOSE, token)))


def _session_claim(user_id: UUID, session_id: UUID) -> bytes:
    return bytes([_VERSION]) + user_id.bytes + session_id.bytes


def _session_of(claim: bytes) -> tuple[UUID, UUID]:
    if claim[0] != _VERSION:
        raise InvalidToken
    return UUID(bytes=claim[1:17]), UUID(bytes=claim[17:])


def _signed(secret: str, purpose: bytes, claim: bytes) -> str:
    return _encoded(claim + _mac(secret, purpose, claim))


def _claim(keys: tuple[str, ...], purpose: bytes, token: str) -> bytes:
    """Split and verify a token; the signed purpose fixes its length."""
    raw = _decoded(token)
    claim, mac = raw[: _CLAIM_BYTES[purpose]], raw[_CLAIM_BYTES[purpose] :]
    if not any(hmac.compare_digest(mac, _mac(key, purpose, claim)) for key in keys):
        raise InvalidToken
    return claim


def _mac(secret: str, purpose: bytes, claim: bytes) -> bytes:
    return hmac.digest(secret.encode(), purpose + claim, hashlib.sha256)[:16]


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(token: str) -> bytes:
    """Decode canonical base64 only: the spare bits at its end are not signed."""
    if len(token) > _LONGEST or not token.isascii():
        raise InvalidToken
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        raise InvalidToken from None
    if _encoded(raw) != token:
        raise InvalidToken
    return raw
