"""Events of the product, the emails that they cause, and faults of a sender."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.inbox import Inbox
from tests.support.people import People, Person
from wingman.kit.clients.circuits import breaker
from wingman.kit.clients.database import get_user_client
from wingman.kit.clients.queue import Queue
from wingman.kit.clients.redis import redis
from wingman.kit.errors import DependencyUnavailable
from wingman.notifications.email.dependencies import EMAIL_PROVIDER
from wingman.notifications.email.sending.provider import BatchReply, EmailProvider, OutgoingEmail
from wingman.notifications.email.sending.rules import Reply
from wingman.notifications.models import Due, Priority

ROOT = Path(__file__).parents[2]
_PAST = "now() - interval '1 second'"


@dataclass(frozen=True)
class Story:
    """An event, its readers, and the emails that are recorded but not yet enqueued."""

    people: People
    refs: list[Due]
    readers: list[Person]

    @property
    def message(self) -> dict[str, Any]:
        """The queue message of these emails, as Lambda receives it."""
        body = json.dumps({"email_ids": [str(ref.id) for ref in self.refs]})
        return {"Records": [{"messageId": "059f36b4-87a3-44ab-83d2-661975830a7d", "body": body}]}

    def keep_the_sweep_away(self) -> None:
        """Mark the emails as enqueued: the deployment's own sweep skips them for two minutes."""
        self.update("enqueued_at = now()")

    def expire_leases(self) -> None:
        """End every wait: leases, planned retries, pauses, and the open circuit."""
        redis().run("DEL", EMAIL_PROVIDER.key)
        breaker.cache_clear()
        lanes = list(Priority)
        self.people.connection.execute("select public.resume_emails(%s)", (lanes,))
        self.people.connection.execute(
            f"update private.email_leases set expires_at = {_PAST} where email_ids && %s",  # noqa: S608
            ([ref.id for ref in self.refs],),
        )
        self.update(
            f"lease_expires_at = case when lease_token is not null then {_PAST} end, "
            f"due_at = least(due_at, {_PAST}), enqueued_at = now()"
        )

    def update(self, changes: str) -> None:
        self.people.connection.execute(
            f"update public.email_logs set {changes} where id = any(%s)",  # noqa: S608 - ours
            ([ref.id for ref in self.refs],),
        )

    def rows(self) -> list[tuple[str, str | None]]:
        """Status and message id of each email."""
        return self.people.connection.execute(
            "select delivery_status, resend_message_id from public.email_logs where id = any(%s)",
            ([ref.id for ref in self.refs],),
        ).fetchall()

    def statuses(self) -> set[str]:
        return {status for status, _ in self.rows()}

    def column(self, name: str) -> set[object]:
        """The values of the emails in a column of the log."""
        rows = self.people.connection.execute(
            f"select {name} from public.email_logs where id = any(%s)",  # noqa: S608 - ours
            ([ref.id for ref in self.refs],),
        ).fetchall()
        return {value for (value,) in rows}

    def assert_accepted_exactly_once(self, inbox: Inbox, seconds: float = 10) -> None:
        """Assert that the provider has one copy for each reader, and that the log has its id."""
        accepted = [inbox.wait_for(reader, 1, seconds=seconds)[0] for reader in self.readers]
        assert self.statuses() == {"sent"}
        assert {message for _, message in self.rows()} == {email["id"] for email in accepted}


def new_story(people: People, kind: str) -> Story:
    """Make an `invitation`, an `acceptance` or a `decline`."""
    maya, leo = people.pair()
    invited = get_user_client(maya.token).rpc("request_match", _invitation(leo))
    if kind == "invitation":
        return _story(people, invited, [leo])
    accepts = kind == "acceptance"
    answer = {"p_match_id": invited["match"]["id"], "p_action": "accept" if accepts else "decline"}
    answered = get_user_client(leo.token).rpc("respond_to_match", answer)
    return _story(people, answered, [maya, leo] if accepts else [maya])


@dataclass(frozen=True)
class Meeting:
    """Two people and their planned meeting; only its reminders are due now."""

    session_id: str
    reminders: Story

    def cancel(self) -> None:
        self._do("cancel_session", p_reason="A cold.")

    def move(self) -> None:
        plan = {"p_venue_name": "Zoo", "p_scheduled_time": None, "p_notes": None}
        self._do("update_session", **plan, p_changes=["venue_name"])

    def _do(self, step: str, **more: object) -> None:
        client = get_user_client(self.reminders.readers[0].token)
        client.rpc(step, {"p_session_id": self.session_id, **more})


def remind(people: People) -> Meeting:
    """Plan a meeting of two people whose reminders are due."""
    maya, leo = people.pair()
    match = get_user_client(maya.token).rpc("request_match", _invitation(leo))["match"]["id"]
    accepted = {"p_match_id": match, "p_action": "accept"}
    get_user_client(leo.token).rpc("respond_to_match", accepted)
    plan = {
        "p_match_id": match,
        "p_venue_name": "Park",
        "p_scheduled_time": (datetime.now(UTC) + timedelta(days=2)).isoformat(),
    }
    session_id = get_user_client(maya.token).rpc("create_session", plan)["session"]["id"]
    recorded = people.connection.execute(
        "update public.email_logs set due_at = now(), enqueued_at = now(), delivery_status ="
        " case email_template when 'session_reminder_24h' then 'pending' else 'cancelled' end"
        " where user_id = any(%s) and delivery_status = 'pending'"
        " returning id, priority, delivery_status = 'pending'",
        ([maya.id, leo.id],),
    ).fetchall()
    refs = [Due(id=one, priority=lane) for one, lane, is_due in recorded if is_due]
    return Meeting(session_id, Story(people, refs, [maya, leo]))


def _invitation(invitee: Person) -> dict[str, object]:
    return {
        "p_invitee_id": str(invitee.id),
        "p_venue_suggestion": "Café Kranzler",
        "p_note": "Coffee?",
        "p_max_daily": 10,
    }


def _story(people: People, change: Mapping[str, Any], readers: list[Person]) -> Story:
    story = Story(people, [Due.model_validate(ref) for ref in change["due"]], readers)
    assert len(story.refs) == len(readers)
    story.keep_the_sweep_away()
    return story


# A sender that stops after the provider has accepted, before the acceptance is recorded.
_STOPPED_SENDER = """
import sys, uuid
from wingman.notifications.email.sending import provider
from wingman.notifications.email.sending import service

class Stopped(provider.ResendProvider):
    def send_batch(self, messages, key):
        reply = super().send_batch(messages, key)
        print(reply.reply, flush=True)
        sys.stdin.read()

sender = service.sender()
object.__setattr__(sender, "provider", Stopped())
service.send(sender, [uuid.UUID(one) for one in sys.argv[1:]])
print("nothing to send", flush=True)
"""


def kill_a_sender_after_the_provider_accepted(story: Story) -> None:
    """Send in a separate process, and kill it between acceptance and recording."""
    with subprocess.Popen(
        [sys.executable, "-c", _STOPPED_SENDER, *(str(ref.id) for ref in story.refs)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "layers" / "shared")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as sender:
        assert sender.stdout is not None
        printed = next(line for line in sender.stdout if not line.startswith("{"))  # a metric
        sender.send_signal(signal.SIGKILL)
    assert printed == "accepted\n"


class BrokenQueue(Queue):
    """A queue that fails just after the commit."""

    def send(self, *_: object, **__: object) -> None:
        raise DependencyUnavailable("sqs")


@dataclass
class Disturbed(EmailProvider):
    """The provider, with an action that runs once, before or after a request."""

    real: EmailProvider
    before: Callable[[], object] | None = None
    after: Callable[[], object] | None = None

    def send_batch(self, messages: Sequence[OutgoingEmail], idempotency_key: str) -> BatchReply:
        before, self.before = self.before, None
        elsewhere(before)
        reply = self.real.send_batch(messages, idempotency_key)
        after, self.after = self.after, None
        elsewhere(after)
        return reply


def elsewhere(happening: Callable[[], object] | None) -> None:
    """Run an action as another container would, with its own deadline and retries."""
    if happening is not None:
        Context().run(happening)


class Refusing(EmailProvider):
    """A provider that answers every request with a rate limit."""

    def send_batch(self, messages: Sequence[OutgoingEmail], idempotency_key: str) -> BatchReply:
        return BatchReply(Reply.RATE_LIMITED)
