"""Findings of a check: one line each, with advice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """The severity; `fail` makes the command fail."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    level: Level
    subject: str
    text: str
    advice: str = ""

    def __str__(self) -> str:
        line = f"{self.level:<5} {self.subject:<12} {self.text}"
        return f"{line}\n{'':<18} → {self.advice}" if self.advice else line


Findings = Iterator[Finding]
Check = Callable[[], Findings]


def ok(subject: str, text: str) -> Finding:
    return Finding(Level.OK, subject, text)


def warn(subject: str, text: str, advice: str) -> Finding:
    return Finding(Level.WARN, subject, text, advice)


def fail(subject: str, text: str, advice: str) -> Finding:
    return Finding(Level.FAIL, subject, text, advice)
