"""During an outage of the provider, emails wait; after it, they are sent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.notifications.email.sending.fakes import LOST, House, Killed, house, invitation
from wingman.notifications.email.sending import service
from wingman.notifications.email.sending.provider import BatchReply
from wingman.notifications.email.sending.rules import Reply
from wingman.notifications.models import Priority

LEFT_ALONE = BatchReply(Reply.LEFT_ALONE, retry_after=timedelta(seconds=1), error="breaker open")
EVERY_QUICK_TRY = 4


def provider_is_back(on: House) -> None:
    on.provider.faults.clear()
    on.outbox.paused.clear()
    on.clock.advance(minutes=2)


def test_an_open_breaker_pauses_both_lanes_and_counts_no_failure() -> None:
    on = house()
    on.provider.faults = [LEFT_ALONE] * EVERY_QUICK_TRY
    emails = [on.outbox.add(invitation()) for _ in range(300)]

    service.send(on.sender, emails)

    until = on.clock.now + timedelta(seconds=5)
    assert on.outbox.paused == dict.fromkeys(Priority, (until, "breaker open"))
    assert len(on.provider.requests) == EVERY_QUICK_TRY  # and none for the other 200
    rows = on.outbox.rows.values()
    assert {(row.status, row.send_group, row.email.retry_count) for row in rows} == {
        ("pending", None, 0)
    }

    provider_is_back(on)
    service.send(on.sender, emails)
    assert {email.email_id for email in on.provider.inbox} == set(emails)
    assert len(on.provider.inbox) == 300


def test_a_provider_that_recovers_within_seconds_gets_the_email_in_the_same_run() -> None:
    on = house()
    on.provider.faults = [LEFT_ALONE, LEFT_ALONE]
    email = on.outbox.add(invitation())

    service.send(on.sender, [email])

    assert on.outbox.status(email) == "sent"
    # At least as long as the breaker asks for.
    assert [1 <= nap <= 1.6 for nap in on.naps] == [True, True]
    assert on.outbox.paused == {}


def test_a_failure_counts_even_if_the_breaker_stops_its_repetition() -> None:
    on = house()
    on.provider.faults = [LOST, LEFT_ALONE, LEFT_ALONE, LEFT_ALONE]
    email = on.outbox.add(invitation())

    service.send(on.sender, [email])

    row = on.outbox.rows[email]
    assert (row.status, row.email.retry_count) == ("pending", 1)
    assert row.send_group is not None
    assert row.due_at > on.clock.now

    provider_is_back(on)
    service.send(on.sender, [email])
    assert len(on.provider.inbox) == 1


def test_a_group_that_may_have_been_sent_is_kept_while_the_breaker_is_open() -> None:
    on = house()
    on.provider.faults = [Killed, *[LEFT_ALONE] * EVERY_QUICK_TRY]
    email = on.outbox.add(invitation())
    with pytest.raises(Killed):
        service.send(on.sender, [email])
    group = on.outbox.rows[email].send_group

    on.clock.advance(minutes=2)
    service.send(on.sender, [email])

    row = on.outbox.rows[email]
    assert (row.send_group, row.email.retry_count) == (group, 0)
    provider_is_back(on)
    service.send(on.sender, [email])
    assert len(on.provider.inbox) == 1


def test_no_repetition_starts_that_would_outlive_the_lease() -> None:
    on = house()
    on.provider.faults = [BatchReply(Reply.RATE_LIMITED, retry_after=timedelta(seconds=3))]
    email = on.outbox.add(invitation())

    service.send(replace(on.sender, lease_seconds=15), [email])

    assert on.naps == []
    assert on.outbox.status(email) == "pending"
