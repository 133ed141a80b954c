"""Each mail is accepted exactly once, through the real database and a provider that misbehaves.

The senders run here, in this process or in one that is killed, beside those of the deployment:
whoever comes first, the provider must accept each mail once.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import resend

from functions.email_sender import app as email_sender
from functions.session_reminders import app as session_reminders
from tests.support.functions import Context
from tests.support.inbox import Inbox
from tests.support.people import People, Person
from wingman.emails import provider as adapter
from wingman.emails import service as emails
from wingman.emails.models import EmailRef
from wingman.emails.provider import BatchReply, EmailProvider, OutgoingEmail
from wingman.kit import database, settings
from wingman.kit.database import get_user_client
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.queue import Queue, SqsQueue
from wingman.kit.transport import http_client

ROOT = Path(__file__).parents[2]
# Longer than the quick repeats within one run.
OUTLASTING = 6


@dataclass(frozen=True)
class Story:
    """What happened in the product, and the mails that must follow."""

    refs: list[EmailRef]
    readers: list[Person]

    @property
    def message(self) -> dict[str, Any]:
        """The queue message of these mails, as Lambda is given it."""
        body = json.dumps({"email_ids": [str(ref.id) for ref in self.refs]})
        return {"Records": [{"messageId": "059f36b4-87a3-44ab-83d2-661975830a7d", "body": body}]}


@pytest.fixture(autouse=True)
def worker(stack: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make this process a fresh container with the environment of both workers."""
    for name, value in _environment(stack).items():
        monkeypatch.setenv(name, value)
    _forget()
    emails.sender()
    yield
    database._session().close()
    resend.default_http_client.connection.close()  # type: ignore[union-attr]
    _forget()


def _forget() -> None:
    clients: Sequence[Any] = (
        settings._load,
        database._session,
        database.get_service_client,
        emails.outbox,
        emails.sender,
        adapter.provider,
    )
    for cached in clients:
        cached.cache_clear()


def _environment(stack: Mapping[str, str]) -> dict[str, str]:
    aws = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    return {**stack, **aws, "APP_URL": "http://localhost:3000"}


Tell = Callable[[], Story]


@pytest.fixture(params=["invitation", "acceptance", "decline"])
def tell(request: pytest.FixtureRequest, people: People) -> Tell:
    """Let something happen whose mails are recorded and not yet handed to any queue."""

    def story() -> Story:
        maya, leo = people.pair()
        invited = get_user_client(maya.token).rpc("request_match", _invitation(leo))
        if request.param == "invitation":
            return _story(people, invited, [leo])
        action = "accept" if request.param == "acceptance" else "decline"
        answer = {"p_match_id": invited["match"]["id"], "p_action": action}
        answered = get_user_client(leo.token).rpc("respond_to_match", answer)
        return _story(people, answered, [maya, leo] if action == "accept" else [maya])

    return story


def _invitation(invitee: Person) -> dict[str, object]:
    return {
        "p_invitee_id": str(invitee.id),
        "p_venue_suggestion": "Café Kranzler",
        "p_note": "Coffee?",
        "p_max_daily": 10,
    }


def _story(people: People, change: Mapping[str, Any], readers: list[Person]) -> Story:
    story = Story([EmailRef.model_validate(ref) for ref in change["emails"]], readers)
    assert len(story.refs) == len(readers)
    _keep_the_sweep_away(people, story)
    return story


def _keep_the_sweep_away(people: People, story: Story) -> None:
    """The deployment's own sweep leaves alone, for two minutes, what was just handed out."""
    _update(people, story, "enqueued_at = now()")


def _expire_leases(people: People, story: Story) -> None:
    """Let the time of a lease pass, and of a planned retry."""
    past = "now() - interval '1 second'"
    _update(
        people,
        story,
        f"lease_expires_at = case when lease_token is not null then {past} end, "
        f"due_at = least(due_at, {past}), enqueued_at = now()",
    )


def _update(people: People, story: Story, changes: str) -> None:
    people.connection.execute(
        f"update public.email_logs set {changes} where id = any(%s)",  # noqa: S608 - ours
        ([ref.id for ref in story.refs],),
    )


def _rows(people: People, story: Story) -> list[tuple[str, str | None]]:
    return people.connection.execute(
        "select delivery_status, resend_message_id from public.email_logs where id = any(%s)",
        ([ref.id for ref in story.refs],),
    ).fetchall()


def deliver(story: Story) -> None:
    assert email_sender.handler(story.message, Context(30_000)) == {"batchItemFailures": []}


def assert_accepted_exactly_once(people: People, inbox: Inbox, story: Story) -> None:
    """The provider holds one copy for each reader, and the log knows it by its id."""
    accepted = [inbox.wait_for(reader, 1, seconds=10)[0] for reader in story.readers]
    rows = _rows(people, story)
    assert [status for status, _ in rows] == ["sent"] * len(rows)
    assert {message for _, message in rows} == {mail["id"] for mail in accepted}
    _expire_leases(people, story)
    deliver(story)
    assert [len(inbox.of(reader)) for reader in story.readers] == [1] * len(story.readers)


def test_one_message_delivered_five_times_at_once(tell: Tell, people: People, inbox: Inbox) -> None:
    story, together = tell(), Barrier(5)

    def deliver_together(_: int) -> None:
        together.wait(10)
        deliver(story)

    with ThreadPoolExecutor(5) as threads:
        list(threads.map(deliver_together, range(5)))

    assert_accepted_exactly_once(people, inbox, story)


@pytest.mark.parametrize("count", [3, OUTLASTING])
def test_the_provider_accepts_and_its_answer_is_lost(
    tell: Tell, people: People, inbox: Inbox, count: int
) -> None:
    story = tell()
    inbox.fault("lost_response", count, match=story.readers[0].email)

    deliver(story)
    _expire_leases(people, story)
    deliver(story)

    assert_accepted_exactly_once(people, inbox, story)


@pytest.mark.parametrize("mode", ["error_500", "rate_limited", "timeout"])
def test_the_provider_fails_after_it_lost_an_answer(
    tell: Tell, people: People, inbox: Inbox, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = tell()
    monkeypatch.setattr(adapter, "TIMEOUT_SECONDS", 1.0)
    inbox.fault("lost_response", 1, match=story.readers[0].email)
    inbox.fault(mode, 1 if mode == "timeout" else OUTLASTING, match=story.readers[0].email)

    for _ in range(4):
        deliver(story)
        _expire_leases(people, story)

    assert_accepted_exactly_once(people, inbox, story)


# A sender that is stopped where it hurts: the provider has accepted, nobody has recorded it.
KILLED_SENDER = """
import sys, uuid
from wingman.emails import provider, service

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
    environment = os.environ | {"PYTHONPATH": str(ROOT / "layers" / "shared")}
    ids = [str(ref.id) for ref in story.refs]
    with subprocess.Popen(
        [sys.executable, "-c", KILLED_SENDER, *ids],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as sender:
        assert sender.stdout is not None
        told = sender.stdout.readlines(1)
        sender.send_signal(signal.SIGKILL)
    assert told == ["accepted\n"]


def test_a_sender_is_killed_after_the_provider_accepted(
    tell: Tell, people: People, inbox: Inbox
) -> None:
    story = tell()

    kill_a_sender_after_the_provider_accepted(story)
    deliver(story)
    assert {status for status, _ in _rows(people, story)} == {"sending"}
    _expire_leases(people, story)
    deliver(story)

    assert_accepted_exactly_once(people, inbox, story)


def test_a_sender_is_killed_twice(tell: Tell, people: People, inbox: Inbox) -> None:
    story = tell()

    for _ in range(2):
        kill_a_sender_after_the_provider_accepted(story)
        _expire_leases(people, story)
    deliver(story)

    assert_accepted_exactly_once(people, inbox, story)


class BrokenQueue(Queue):
    """SQS is away just after the commit."""

    def send(self, *_: object) -> None:
        raise DependencyUnavailable("sqs")


def test_the_enqueue_fails_after_the_commit_and_the_sweep_sends_it(
    tell: Tell,
    people: People,
    inbox: Inbox,
    stack: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story, url = tell(), f"{stack['AWS_ENDPOINT_URL']}/"

    assert emails.enqueue(BrokenQueue(), story.refs) == 0
    _update(people, story, "enqueued_at = null")
    with http_client(timeout=5) as client:
        monkeypatch.setattr(session_reminders, "queue", lambda: SqsQueue(url, "us-east-1", client))
        session_reminders.handler({}, Context(60_000))

    for reader in story.readers:
        inbox.wait_for(reader, 1, seconds=60)
    _wait_until_recorded(people, story)
    assert_accepted_exactly_once(people, inbox, story)


def _wait_until_recorded(people: People, story: Story) -> None:
    for _ in range(100):
        if {status for status, _ in _rows(people, story)} == {"sent"}:
            return
        people.connection.execute("select pg_sleep(0.1)")


@dataclass
class Overtaken(EmailProvider):
    """A slow way to the provider: the lease runs out on it and another sender takes over."""

    real: EmailProvider
    take_over: Callable[[], None]
    when: str

    def send_batch(self, messages: Sequence[OutgoingEmail], idempotency_key: str) -> BatchReply:
        if self.when == "before":
            self.take_over()
        reply = self.real.send_batch(messages, idempotency_key)
        if self.when == "after":
            self.take_over()
        return reply


@dataclass
class Meeting(EmailProvider):
    """A sender that begins its first request together with another one."""

    real: EmailProvider
    meet: Callable[[], object]
    met: bool = False

    def send_batch(self, messages: Sequence[OutgoingEmail], idempotency_key: str) -> BatchReply:
        if not self.met:
            self.met = True
            self.meet()
        return self.real.send_batch(messages, idempotency_key)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lease_expires_during_a_slow_send_and_a_second_sender_takes_over(
    tell: Tell, people: People, inbox: Inbox, when: str
) -> None:
    story, sender = tell(), emails.sender()

    def take_over() -> None:
        _expire_leases(people, story)
        deliver(story)

    slow = replace(sender, provider=Overtaken(sender.provider, take_over, when))
    emails.send(slow, [ref.id for ref in story.refs])

    assert_accepted_exactly_once(people, inbox, story)


def test_two_senders_ask_for_one_group_at_the_same_moment(
    tell: Tell, people: People, inbox: Inbox
) -> None:
    story, sender, together = tell(), emails.sender(), Barrier(2)
    ids = [ref.id for ref in story.refs]
    second = replace(sender, provider=Meeting(sender.provider, lambda: together.wait(10)))

    def take_over() -> None:
        _expire_leases(people, story)
        emails.send(second, ids)

    def meet() -> None:
        other.append(threads.submit(take_over))
        together.wait(10)

    other: list[Future[None]] = []
    with ThreadPoolExecutor(1) as threads:
        emails.send(replace(sender, provider=Meeting(sender.provider, meet)), ids)
    other[0].result()

    _expire_leases(people, story)
    deliver(story)
    assert_accepted_exactly_once(people, inbox, story)
