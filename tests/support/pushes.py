"""A push provider in memory, with phones and answers that a test plans."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from wingman.notifications.push.provider import Answer, PushProvider
from wingman.notifications.push.rules import Reply


class Crashed(BaseException):
    """The worker's process ends here."""


@dataclass
class MemoryProvider(PushProvider):
    """Shows pushes on phones; for each token, planned `answers` come first."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    sent: list[Mapping[str, Any]] = field(default_factory=list)
    trays: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)
    crash_after: int | None = None

    def send(self, message: Mapping[str, Any]) -> Answer:
        inner = message["message"]
        planned = self.answers.get(inner["token"])
        if planned:
            return planned.pop(0)
        self.sent.append(inner)
        tag = inner["android"]["notification"]["tag"]
        self.trays.setdefault(inner["token"], {})[tag] = inner
        if self.crash_after is not None and len(self.sent) >= self.crash_after:
            raise Crashed
        return Answer(Reply.SENT)

    def plan(self, token: str, reply: Reply, seconds: int | None = None, times: int = 1) -> None:
        wait = None if seconds is None else timedelta(seconds=seconds)
        self.answers.setdefault(token, []).extend([Answer(reply, wait, str(reply))] * times)

    def tokens(self) -> list[str]:
        return [one["token"] for one in self.sent]
