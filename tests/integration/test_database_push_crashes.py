"""A sender of pushes that is stopped at every step between claim and completion, in every way."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.test_crash_points import Fault, Killed, Through
from tests.integration.database import Person
from tests.integration.feeds import notified
from tests.integration.pushes import MANY, Phones, new_post
from wingman.kit.errors import DependencyUnavailable
from wingman.notifications.push import service
from wingman.notifications.push.provider import Answer
from wingman.notifications.push.rules import Reply

STEPS = ("claim", "send", "complete")
KINDS = (
    *("killed before", "killed after", "timeout", "lost answer"),
    *("duplicate before", "duplicate after", "overtaken before", "overtaken after"),
)
DEVICES = 2


class _Fault(Fault):
    """A fault of a step; without an answer, the provider is unavailable."""

    def _away(self) -> Any:
        return Answer(Reply.UNAVAILABLE) if self.step == "send" else super()._away()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", STEPS)
def test_a_fault_at_any_step_shows_each_push_once(
    url: str, maya: Person, step: str, kind: str
) -> None:
    phones, post = Phones(url), new_post(url)
    tokens = [phones.give(maya)[1] for _ in range(DEVICES)]
    notified(url, maya)
    again = _again(post.wait, post.send, is_late=kind.startswith("overtaken"))
    fault = _Fault(step, kind.replace("overtaken", "duplicate"), again)
    faulty: Any = {
        "pushes": Through(post.sender.pushes, fault),
        "provider": Through(post.provider, fault),
    }

    with suppress(Killed, DependencyUnavailable):
        service.send(replace(post.sender, **faulty), MANY)
    for _ in range(2):
        post.wait()
        post.send()

    assert fault.met
    assert post.row(maya)["status"] == "sent"
    assert [len(post.provider.trays[token]) for token in tokens] == [1] * DEVICES
    assert len(post.provider.sent) <= 2 * DEVICES


def _again(
    wait: Callable[[], None], send: Callable[[], None], *, is_late: bool
) -> Callable[[], None]:
    """Return a run of another sender; a late one waits until the lease is over."""

    def run() -> None:
        if is_late:
            wait()
        send()

    return run
