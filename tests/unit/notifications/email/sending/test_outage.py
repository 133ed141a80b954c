"""The provider is away and left alone: mail waits, loses nothing, and goes when it is back."""

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


def test_what_is_left_alone_pauses_both_lanes_and_counts_as_nothing() -> None:
    on = house()
    on.provider.faults = [LEFT_ALONE] * EVERY_QUICK_TRY
    mails = [on.outbox.add(invitation()) for _ in range(300)]

    service.send(on.sender, mails)

    until = on.clock.now + timedelta(seconds=5)
    assert on.outbox.paused == dict.fromkeys(Priority, (until, "breaker open"))
    assert len(on.provider.requests) == EVERY_QUICK_TRY  # nobody asked for the other 200
    rows = on.outbox.rows.values()
    assert {(row.status, row.send_group, row.email.retry_count) for row in rows} == {
        ("pending", None, 0)
    }

    provider_is_back(on)
    service.send(on.sender, mails)
    assert {mail.email_id for mail in on.provider.inbox} == set(mails)
    assert len(on.provider.inbox) == 300


def test_a_provider_that_is_back_within_seconds_gets_the_mail_in_the_same_run() -> None:
    on = house()
    on.provider.faults = [LEFT_ALONE, LEFT_ALONE]
    mail = on.outbox.add(invitation())

    service.send(on.sender, [mail])

    assert on.outbox.status(mail) == "sent"
    assert [1 <= nap <= 1.6 for nap in on.naps] == [True, True]  # what the breaker said, at least
    assert on.outbox.paused == {}


def test_a_failure_stays_one_when_the_breaker_stops_its_repetition() -> None:
    on = house()
    on.provider.faults = [LOST, LEFT_ALONE, LEFT_ALONE, LEFT_ALONE]
    mail = on.outbox.add(invitation())

    service.send(on.sender, [mail])

    row = on.outbox.rows[mail]
    assert (row.status, row.email.retry_count) == ("pending", 1)
    assert row.send_group is not None
    assert row.due_at > on.clock.now

    provider_is_back(on)
    service.send(on.sender, [mail])
    assert len(on.provider.inbox) == 1


def test_a_group_that_may_be_out_is_kept_while_the_provider_is_left_alone() -> None:
    on = house()
    on.provider.faults = [Killed, *[LEFT_ALONE] * EVERY_QUICK_TRY]
    mail = on.outbox.add(invitation())
    with pytest.raises(Killed):
        service.send(on.sender, [mail])
    group = on.outbox.rows[mail].send_group

    on.clock.advance(minutes=2)
    service.send(on.sender, [mail])

    row = on.outbox.rows[mail]
    assert (row.send_group, row.email.retry_count) == (group, 0)
    provider_is_back(on)
    service.send(on.sender, [mail])
    assert len(on.provider.inbox) == 1


def test_no_repetition_begins_that_would_outlive_the_lease() -> None:
    on = house()
    on.provider.faults = [BatchReply(Reply.RATE_LIMITED, retry_after=timedelta(seconds=3))]
    mail = on.outbox.add(invitation())

    service.send(replace(on.sender, lease_seconds=15), [mail])

    assert on.naps == []
    assert on.outbox.status(mail) == "pending"
