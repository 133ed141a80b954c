"""Pushes are sent at least once, through crashes, refusals and outages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.integration.connections import connected
from tests.integration.database import (
    WORKER,
    Person,
    call,
    look,
    new_person,
)
from tests.integration.feeds import feed, notified, notify
from tests.integration.pushes import Phones, Post, new_post
from tests.support.pushes import Crashed
from wingman.notifications.push import service
from wingman.notifications.push.rules import Reply


@pytest.fixture
def phones(url: str) -> Phones:
    return Phones(url)


@pytest.fixture
def post(url: str) -> Post:
    return new_post(url)


def test_a_worker_that_dies_before_it_records_is_followed_by_one_that_replaces(
    url: str, maya: Person, phones: Phones, post: Post
) -> None:
    tokens = [phones.give(maya)[1] for _ in range(3)]
    notified(url, maya)
    post.provider.crash_after = 2

    with pytest.raises(Crashed):
        post.send()
    post.provider.crash_after = None
    post.send()
    assert len(post.provider.sent) == 2, "the lease still holds"
    post.wait()
    post.send()

    assert len(post.provider.sent) == 5
    assert [len(post.provider.trays[token]) for token in tokens] == [1, 1, 1]
    assert post.row(maya)["status"] == "sent"


def test_a_retry_skips_the_devices_that_have_the_push(
    url: str, maya: Person, phones: Phones, post: Post
) -> None:
    _, first = phones.give(maya)
    _, second = phones.give(maya)
    notified(url, maya)
    post.provider.plan(second, Reply.UNAVAILABLE)

    post.send()
    row = post.row(maya)
    assert (row["status"], row["retry_count"], len(row["sent_to"])) == ("pending", 1, 1)
    assert row["due_at"] > datetime.now(UTC) + timedelta(seconds=5)
    post.wait()
    post.send()

    assert post.provider.tokens() == [first, second]
    assert post.row(maya)["status"] == "sent"


@pytest.mark.parametrize("reply", [Reply.UNREGISTERED, Reply.REJECTED])
def test_a_bad_device_does_not_stop_the_others(
    url: str, maya: Person, phones: Phones, post: Post, reply: Reply
) -> None:
    tokens = [phones.give(maya)[1] for _ in range(3)]
    notified(url, maya)
    post.provider.plan(tokens[0], reply)

    post.send()

    assert sorted(post.provider.tokens()) == sorted(tokens[1:])
    assert post.row(maya)["status"] == "sent"
    left = look(url, "select token from private.devices where user_id = %s", maya.user_id)
    gone = set(tokens) - {row["token"] for row in left}
    assert gone == ({tokens[0]} if reply is Reply.UNREGISTERED else set())


def test_only_the_token_that_is_dead_is_forgotten(
    url: str, maya: Person, phones: Phones, post: Post
) -> None:
    session_id, old = phones.give(maya)
    notified(url, maya)
    claim = post.sender.pushes.claim(10, 60)
    [device] = claim.pushes[0].devices
    renewed = uuid4().hex
    call(
        url,
        replace(maya, session_id=session_id),
        "put_device",
        p_device_id=device.id,
        p_platform="ios",
        p_token=renewed,
    )

    post.provider.plan(old, Reply.UNREGISTERED)
    service._send_claimed(post.sender, claim)

    left = look(url, "select token from private.devices where user_id = %s", maya.user_id)
    assert [row["token"] for row in left] == [renewed]


@pytest.mark.parametrize("reply", [Reply.REFUSED, Reply.RATE_LIMITED, Reply.LEFT_ALONE])
def test_a_refusal_of_all_pushes_pauses_them_and_forgets_no_device(
    url: str, maya: Person, leo: Person, phones: Phones, post: Post, reply: Reply
) -> None:
    _, hers = phones.give(maya)
    phones.give(leo)
    for person in (maya, leo):
        notified(url, person)
    post.provider.plan(hers, reply, seconds=40)

    post.send()
    late = new_person(url)
    phones.give(late)
    notified(url, late)
    post.send()

    assert post.provider.sent == []
    assert [post.row(one)["status"] for one in (maya, leo)] == ["pending", "pending"]
    assert [post.row(one)["retry_count"] for one in (maya, leo)] == [0, 0]
    assert call(url, WORKER, "sweep_pushes", p_limit=100) == []
    assert (
        len(
            look(
                url,
                "select 1 from private.devices where user_id in (%s, %s)",
                maya.user_id,
                leo.user_id,
            )
        )
        == 2
    )
    post.wait()
    post.send()
    assert len(post.provider.sent) == 3


def test_an_outage_of_an_hour_loses_nothing_and_sends_nothing_stale(
    url: str, maya: Person, leo: Person, phones: Phones, post: Post
) -> None:
    _, hers = phones.give(maya)
    _, his = phones.give(leo)
    for person in (maya, leo):
        notified(url, person)
    for token in (hers, his):
        post.provider.plan(token, Reply.UNAVAILABLE, times=6)
    for _ in range(6):
        post.send()
        post.wait()
    look(
        url,
        "update public.notifications set listed_at = now() - interval '25 hours'"
        " where user_id = %s",
        leo.user_id,
    )

    post.send()

    assert post.provider.tokens() == [hers]
    assert (post.row(maya)["status"], post.row(leo)["reason"]) == ("sent", "no_longer_useful")


def test_a_lost_queue_message_is_swept_once(
    url: str, maya: Person, phones: Phones, post: Post
) -> None:
    phones.give(maya)
    notified(url, maya)
    (listed,) = feed(url, maya)

    swept = call(url, WORKER, "sweep_pushes", p_limit=100)

    assert swept == [{"channel": "push", "id": listed["id"], "priority": "urgent"}]
    assert call(url, WORKER, "sweep_pushes", p_limit=100) == []


def test_a_reminder_is_pushed_when_it_is_due(
    url: str, maya: Person, phones: Phones, post: Post
) -> None:
    phones.give(maya)
    with connected(url) as connection:
        due = notify(connection, maya, due_at=datetime.now(UTC) + timedelta(hours=1))
    assert due == []
    post.send()
    look(url, "update public.notifications set due_at = now() where user_id = %s", maya.user_id)

    call(url, WORKER, "list_due_notifications", p_limit=100)
    post.send()

    assert len(post.provider.sent) == 1


def test_a_worker_that_lost_its_lease_settles_nothing(
    url: str, maya: Person, phones: Phones, post: Post
) -> None:
    phones.give(maya)
    notified(url, maya)
    late = post.sender.pushes.claim(10, 60)
    post.wait()
    held = post.sender.pushes.claim(10, 60)

    service._send_claimed(post.sender, late)

    assert post.row(maya)["lease_token"] == held.lease_token


def test_two_workers_never_claim_the_same_push(url: str, phones: Phones, post: Post) -> None:
    people = [new_person(url) for _ in range(6)]
    for person in people:
        phones.give(person)
        notified(url, person)

    claims = [post.sender.pushes.claim(4, 60) for _ in range(2)]

    ids = [push.id for claim in claims for push in claim.pushes]
    assert len(ids) == len(set(ids)) == 6
