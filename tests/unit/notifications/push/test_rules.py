from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.unit.notifications.push.samples import NOW, a_push
from wingman.notifications.email.letters.kinds import content
from wingman.notifications.push import rules
from wingman.notifications.push.rules import Reply, SkipReason


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({}, None),
        ({"wanted": False}, SkipReason.PREFERENCE_OFF),
        ({"holds": False}, SkipReason.SUPERSEDED),
        ({"seen": True}, SkipReason.SEEN),
        ({"devices": ()}, SkipReason.NO_DEVICE),
        ({"devices": (), "has_been_sent": True}, None),
        ({"recorded_at": NOW - timedelta(hours=23, minutes=59)}, None),
        ({"recorded_at": NOW - timedelta(days=1)}, SkipReason.NO_LONGER_USEFUL),
    ],
)
def test_a_push_is_skipped_for_a_reason(facts: dict[str, Any], reason: SkipReason | None) -> None:
    push = a_push(**facts)
    assert rules.skip_reason(push, content(push.kind, push.facts), NOW) == reason


def test_a_push_lives_no_longer_than_its_content() -> None:
    starts = NOW + timedelta(hours=2)
    facts = {
        "session_id": str(uuid4()),
        "partner_name": "Leo",
        "venue_name": "Zoo",
        "scheduled_time": starts.isoformat(),
    }
    push = a_push(kind="session_reminder_2h", facts=facts)

    assert rules.useful_until(push, content(push.kind, facts)) == starts


@pytest.mark.parametrize(
    ("can_wait", "hour", "leaves_at"), [(True, 23, 8), (True, 12, 12), (False, 23, 23)]
)
def test_only_a_push_that_can_wait_keeps_to_quiet_hours(
    can_wait: bool, hour: int, leaves_at: int
) -> None:
    push = a_push(
        can_wait=can_wait, quiet_hours_start=time(22), quiet_hours_end=time(8), timezone="UTC"
    )

    leaves = rules.when(push, datetime(2026, 12, 1, hour, tzinfo=UTC))

    assert leaves.at.hour == leaves_at


def test_the_same_subject_has_one_tag_and_others_have_another() -> None:
    session, match = uuid4(), uuid4()
    tags = [
        rules.tag(a_push(subject_id=session, match_id=match)),
        rules.tag(a_push(subject_id=session, match_id=match, kind="session_cancelled")),
        rules.tag(a_push(subject_id=uuid4(), match_id=match)),
        rules.tag(a_push(match_id=match)),
        rules.tag(a_push(match_id=match, kind="message")),
        rules.tag(a_push(match_id=uuid4())),
        rules.tag(a_push(id=UUID(int=1))),
        rules.tag(a_push(id=UUID(int=2))),
    ]

    assert tags[0] == tags[1]
    assert len(set(tags)) == len(tags) - 1
    assert max(len(tag.encode()) for tag in tags) <= 64


@pytest.mark.parametrize(
    ("reply", "asked", "seconds"),
    [
        (Reply.SENT, None, None),
        (Reply.UNREGISTERED, None, None),
        (Reply.REJECTED, 5, None),
        (Reply.UNAVAILABLE, None, None),
        (Reply.UNAVAILABLE, 30, 30),
        (Reply.RATE_LIMITED, None, 60),
        (Reply.RATE_LIMITED, 90, 90),
        (Reply.REFUSED, None, 300),
        (Reply.LEFT_ALONE, None, 10),
    ],
)
def test_a_reply_about_all_devices_stops_all_pushes(
    reply: Reply, asked: int | None, seconds: int | None
) -> None:
    wait = None if asked is None else timedelta(seconds=asked)
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert rules.pause(reply, wait) == expected


@pytest.mark.parametrize(("retries", "least", "most"), [(0, 10, 15), (3, 80, 120), (60, 900, 1350)])
def test_a_retry_waits_ten_seconds_and_then_longer(retries: int, least: int, most: int) -> None:
    for _ in range(20):
        assert least <= rules.backoff(retries).total_seconds() <= most
