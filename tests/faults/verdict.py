"""Compares the email log with the provider's list of accepted emails, which share no code."""

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
    """The outcome of a run: the emails, their mistakes, and the faults that occurred."""

    seed: int
    emails: int
    seconds: float
    statuses: Counter[str] = field(default_factory=Counter)
    mistakes: dict[str, list[str]] = field(default_factory=dict)
    """The emails on which the log and the provider's list disagree, by mistake."""
    events: Counter[str] = field(default_factory=Counter)


class Acceptance(NamedTuple):
    """The time and the idempotency key with which the provider accepted an email."""

    at: datetime
    key: str


@dataclass(frozen=True)
class Facts:
    """An email in the log and at the provider; besides "sent", it may have a status in `ends`.

    `late`: accepted after an opt-out. `shrunk`: an opt-out had removed another email from its
    request, so the request could not be repeated unchanged.
    """

    status: str
    reason: str | None
    copies: int
    ends: Collection[str]
    late: bool
    shrunk: bool


def mistake(email: Facts) -> str | None:
    """Return the mistake in an email's history, if there is one."""
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
