"""Each email is accepted exactly once, with the real database and a provider that misbehaves.

The senders run in this process, or in one that is killed, beside those of the deployment. Whichever
comes first, the provider must accept each email once.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import psycopg
import pytest
import resend

from tests.faults.emails import (
    BrokenQueue,
    Disturbed,
    Refusing,
    Story,
    kill_a_sender_after_the_provider_accepted,
    new_story,
)
from tests.support.functions import Context, imported
from tests.support.inbox import Inbox
from tests.support.people import People
from wingman.kit import settings
from wingman.kit.clients import circuits, database, redis
from wingman.kit.clients.queue import SqsQueue
from wingman.kit.clients.transport import http_client
from wingman.kit.resilience import retry
from wingman.notifications import service as notifications
from wingman.notifications.email.sending import bucket
from wingman.notifications.email.sending import provider as adapter
from wingman.notifications.email.sending import service as emails
from wingman.notifications.email.sending.repository import outbox

email_sender, session_reminders = imported("email_sender"), imported("session_reminders")
# More faults than one run meets: the breaker opens after the third failure.
OUTLASTING = 4
_SENDER = emails.sender
TIME_FOR_ONE_TRY = 12_000


@pytest.fixture(autouse=True)
def worker(
    stack: dict[str, str], monkeypatch: pytest.MonkeyPatch, closed_breakers: None
) -> Iterator[None]:
    """Make this process a new container with the environment of both workers."""
    aws = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    for name, value in {**stack, **aws, "APP_URL": "http://localhost:3000"}.items():
        monkeypatch.setenv(name, value)
    _forget()
    sender = replace(emails.sender(), sleep=lambda seconds: time.sleep(seconds / 20))
    monkeypatch.setattr(emails, "sender", lambda: sender)
    yield
    database._session().close()
    resend.default_http_client.connection.close()  # type: ignore[union-attr]
    _forget()


def _forget() -> None:
    clients: Sequence[Any] = (
        settings._load,
        circuits.breaker,
        retry.budgets,
        database._session,
        database.get_service_client,
        redis.redis,
        bucket.bucket,
        outbox,
        _SENDER,
        adapter.provider,
    )
    for cached in clients:
        cached.cache_clear()


@pytest.fixture(params=["invitation", "acceptance", "decline"])
def story(request: pytest.FixtureRequest, people: People) -> Story:
    return new_story(people, request.param)


def deliver(story: Story, *, milliseconds: int = 30_000) -> None:
    answer = email_sender.handler(story.message, Context(milliseconds))
    assert answer == {"batchItemFailures": []}


def test_one_message_delivered_five_times_at_once(story: Story, inbox: Inbox) -> None:
    together = Barrier(5)

    def deliver_together(_: int) -> None:
        together.wait(10)
        deliver(story)

    with ThreadPoolExecutor(5) as threads:
        list(threads.map(deliver_together, range(5)))

    story.assert_accepted_exactly_once(inbox)


@pytest.mark.parametrize("count", [3, OUTLASTING])
def test_the_provider_accepts_and_its_answer_is_lost(
    story: Story, inbox: Inbox, count: int
) -> None:
    inbox.fault("lost_response", count, match=story.readers[0].email)

    deliver(story)
    story.expire_leases()
    deliver(story)

    story.assert_accepted_exactly_once(inbox)


@pytest.mark.parametrize("mode", ["error_500", "rate_limited", "timeout"])
def test_the_next_run_fails_after_an_answer_was_lost(
    story: Story, inbox: Inbox, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "TIMEOUT_SECONDS", 0.5)
    inbox.fault("lost_response", 1, match=story.readers[0].email)
    inbox.fault(mode, 1, match=story.readers[0].email)

    for _ in range(2):
        deliver(story, milliseconds=TIME_FOR_ONE_TRY)
        story.expire_leases()
    deliver(story)

    story.assert_accepted_exactly_once(inbox)


def test_the_same_run_is_rate_limited_after_an_answer_was_lost(story: Story, inbox: Inbox) -> None:
    inbox.fault("lost_response", 1, match=story.readers[0].email)
    inbox.fault("rate_limited", OUTLASTING, match=story.readers[0].email)

    for _ in range(3):
        deliver(story)
        story.expire_leases()

    story.assert_accepted_exactly_once(inbox)


@pytest.mark.parametrize("times", [1, 2])
def test_a_sender_is_killed_after_the_provider_accepted(
    story: Story, inbox: Inbox, times: int
) -> None:
    for _ in range(times):
        kill_a_sender_after_the_provider_accepted(story)
        deliver(story)
        assert story.statuses() == {"sending"}
        story.expire_leases()

    deliver(story)

    story.assert_accepted_exactly_once(inbox)


@pytest.mark.alone  # the deployed sender sends it
def test_the_enqueue_fails_after_the_commit_and_the_sweep_sends_it(
    story: Story, inbox: Inbox, stack: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert notifications.enqueue(BrokenQueue(), story.refs) == 0
    story.update("enqueued_at = null")

    with http_client("email", timeout=5) as client:
        queue = SqsQueue(f"{stack['AWS_ENDPOINT_URL']}/", "us-east-1", client)
        monkeypatch.setattr(session_reminders, "queue", lambda: queue)
        session_reminders.handler({}, Context(60_000))

    for reader in story.readers:
        inbox.wait_for(reader, 1, seconds=60)
    wait_until(lambda: story.statuses() == {"sent"}, story.people.connection)
    story.assert_accepted_exactly_once(inbox)


def wait_until(condition: Callable[[], bool], connection: psycopg.Connection[Any]) -> None:
    for _ in range(100):
        if condition():
            return
        connection.execute("select pg_sleep(0.1)")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lease_expires_during_a_slow_send_and_a_second_sender_takes_over(
    story: Story, inbox: Inbox, when: str
) -> None:
    def take_over() -> None:
        story.expire_leases()
        deliver(story)

    sender = emails.sender()
    slow = Disturbed(sender.provider, **{when: take_over})
    emails.send(replace(sender, provider=slow), [ref.id for ref in story.refs])

    story.assert_accepted_exactly_once(inbox)


def test_a_late_refusal_frees_no_email_that_another_sender_handed_over(
    story: Story, inbox: Inbox
) -> None:
    def take_over() -> None:
        story.expire_leases()
        kill_a_sender_after_the_provider_accepted(story)

    refused = Disturbed(Refusing(), before=take_over)
    emails.send(replace(emails.sender(), provider=refused), [ref.id for ref in story.refs])
    assert story.statuses() == {"sending"}
    story.expire_leases()
    deliver(story)

    story.assert_accepted_exactly_once(inbox)


def test_two_senders_send_one_group_at_the_same_moment(story: Story, inbox: Inbox) -> None:
    sender, together = emails.sender(), Barrier(2)
    ids = [ref.id for ref in story.refs]
    second = replace(sender, provider=Disturbed(sender.provider, lambda: together.wait(10)))
    taken_over: list[Future[None]] = []

    def take_over() -> None:
        story.expire_leases()
        emails.send(second, ids)

    def meet() -> None:
        taken_over.append(threads.submit(take_over))
        together.wait(10)

    with ThreadPoolExecutor(1) as threads:
        emails.send(replace(sender, provider=Disturbed(sender.provider, meet)), ids)
    taken_over[0].result()
    story.expire_leases()
    deliver(story)

    story.assert_accepted_exactly_once(inbox)
