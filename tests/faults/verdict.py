"""Compares the log with the provider's list of emails; they share no code."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

MISTAKES = (
    "accepted twice",
    "accepted after a no",
    "sent by the log, never accepted",
    "accepted, not sent by the log",
    "lost",
    "given up without a reason",
    "unknown without an opt-out",
)


@dataclass
class Outcome:
    """The outcome of the emails, and what they went through."""

    seed: int
    emails: int
    seconds: float
    statuses: Counter[str] = field(default_factory=Counter)
    mistakes: dict[str, list[str]] = field(default_factory=dict)
    """The emails on which the log and the provider's list disagree, by what is wrong."""
    events: Counter[str] = field(default_factory=Counter)


class Acceptance(NamedTuple):
    """An email in the provider's list: when it was taken, in which request."""

    at: datetime
    key: str


@dataclass(frozen=True)
class Facts:
    """An email in the log and at the provider; `ends` besides "sent" may be its status.

    `late` after a no; `shrunk` when an email that was left out for a no had been in its request, so
    that this could not be repeated as it was.
    """

    status: str
    reason: str | None
    copies: int
    ends: Collection[str]
    late: bool
    shrunk: bool


def mistake(email: Facts) -> str | None:
    """Return what is wrong with an email, if anything is."""
    status, copies = email.status, email.copies
    settled = {"sent", "unknown", *email.ends}
    wrong = {
        "accepted twice": copies > 1,
        "accepted after a no": email.late,
        "sent by the log, never accepted": status == "sent" and copies == 0,
        "accepted, not sent by the log": copies == 1 and status not in settled,
        "lost": copies == 0 and status not in email.ends,
        "given up without a reason": status != "sent" and not email.reason,
        "unknown without an opt-out": status == "unknown" and not email.shrunk,
    }
    return next((name for name in MISTAKES if wrong[name]), None)
