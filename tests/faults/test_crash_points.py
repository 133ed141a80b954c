"""A sender is stopped at every step between claim and completion, in every way.

The database, Redis and the provider's sandbox are real. A step is a call that the sender makes; the
fault occurs just before or after it. Whatever happens, the next senders get each email accepted
once.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.faults.emails import Story, elsewhere, new_story
from tests.faults.test_exactly_once import worker
from tests.support.inbox import Inbox
from tests.support.people import People
from wingman.kit.clients.commands import Command, Commands
from wingman.kit.clients.redis import redis
from wingman.kit.errors import DependencyUnavailable
from wingman.notifications.email.sending import service as emails
from wingman.notifications.email.sending.bucket import RedisBucket
from wingman.notifications.email.sending.delivery import Sender
from wingman.notifications.email.sending.provider import BatchReply
from wingman.notifications.email.sending.rules import Reply
from wingman.notifications.models import Priority

__all__ = ["worker"]  # the fixture that makes this process a container

STEPS = ("claim", "form_send_group", "reserve", "send_batch", "learn", "complete")
IN_REDIS = {"reserve", "learn"}
A_MINUTE = 60.0
LASTING = ("timeout", "lost answer")
KINDS = (
    *("killed before", "killed after", *LASTING),
    *("duplicate before", "duplicate after"),
    "overtaken before",
    "overtaken after",
)


class Killed(BaseException):
    """The process was killed."""


@dataclass
class Fault:
    """A fault of one step: its first call fails; a fault in LASTING fails every call."""

    step: str
    kind: str
    again: Callable[[], object]
    met: bool = False
    calls: Counter[str] = field(default_factory=Counter)

    def around(self, step: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def faulty(*arguments: Any, **options: Any) -> Any:
            self.calls[step] += 1
            if step != self.step or (self.met and self.kind not in LASTING):
                return call(*arguments, **options)
            self.met = True
            return self._meet(lambda: call(*arguments, **options))

        return faulty

    def _meet(self, call: Callable[[], Any]) -> Any:
        match self.kind:
            case "killed before":
                raise Killed
            case "killed after":
                call()
                raise Killed
            case "timeout":
                return self._away()
            case "lost answer":
                call()
                return self._away()
            case "duplicate before":
                elsewhere(self.again)
                return call()
            case _:
                answer = call()
                elsewhere(self.again)
                return answer

    def _away(self) -> Any:
        """Fail as the step's adapter does without an answer."""
        if self.step == "send_batch":
            return BatchReply(Reply.UNKNOWN, error="HttpClientError")
        raise DependencyUnavailable("redis" if self.step in IN_REDIS else "supabase")


class Through:
    """A collaborator with the fault in its steps."""

    def __init__(self, real: Any, fault: Fault) -> None:
        self._real, self._fault = real, fault

    def __getattr__(self, step: str) -> Any:
        return self._fault.around(step, getattr(self._real, step))


class ThroughRedis(Commands):
    """Redis, with the fault in the steps of the bucket."""

    def __init__(self, real: Commands, fault: Fault) -> None:
        self._real, self._fault = real, fault

    def run(self, *command: object) -> Any:
        step = next((str(word) for word in command if word in IN_REDIS), "")
        return self._fault.around(step, self._real.run)(*command)

    def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        return self._real.pipeline(commands)


def send(sender: Sender, ids: Sequence[UUID]) -> None:
    """Run one invocation; only its effect on the database counts."""
    try:
        emails.send(sender, ids)
    except (Killed, DependencyUnavailable):
        return


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", STEPS)
def test_a_fault_at_any_step_sends_each_email_once(
    people: People, inbox: Inbox, step: str, kind: str
) -> None:
    # The stack's own sender, which runs every minute, may come first; then try another email.
    assert any(strike(new_story(people, "acceptance"), inbox, step, kind) for _ in range(3))


def strike(story: Story, inbox: Inbox, step: str, kind: str) -> bool:
    """Check that each email is sent once despite the fault; return whether the fault occurred."""
    ids = [ref.id for ref in story.refs]
    bucket = f"test:{uuid4()}"
    sound = replace(emails.sender(), bucket=RedisBucket(redis(), key=bucket), sleep=lambda _: None)
    sound.bucket.reserve(Priority.URGENT, A_MINUTE)  # loads the script into Redis

    def again() -> None:
        if kind.startswith("overtaken"):
            story.expire_leases()
        send(sound, ids)

    fault = Fault(step, kind.replace("overtaken", "duplicate"), again)
    faulty: Any = {
        "outbox": Through(sound.outbox, fault),
        "provider": Through(sound.provider, fault),
        "bucket": RedisBucket(ThroughRedis(redis(), fault), key=bucket),
    }
    send(replace(sound, **faulty), ids)
    if fault.met and step in IN_REDIS and kind in LASTING:
        # Without Redis, the sender uses the container's share and calls the provider once.
        assert story.statuses() == {"sent"}
        assert fault.calls["send_batch"] == 1
    for _ in range(2):
        story.expire_leases()
        send(sound, ids)

    # Only the stack's own sender could still be sending.
    story.assert_accepted_exactly_once(inbox, seconds=3)
    return fault.met
