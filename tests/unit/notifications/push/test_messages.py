import json
from datetime import timedelta
from typing import Any

import pytest

from local.emails.samples import CASES, an_invitation
from tests.unit.notifications.push.samples import MATCH, NOW, a_device, a_push
from wingman.notifications.email.letters.brand import Brand
from wingman.notifications.email.letters.contents import Content
from wingman.notifications.email.letters.rendering import line_of
from wingman.notifications.push.messages import MAX_BYTES, body_of, message
from wingman.notifications.push.models import ClaimedPush


def written(push: ClaimedPush, body: str = "Leo said yes", hours: int = 2) -> Any:
    until = NOW + timedelta(hours=hours)
    return message(
        push,
        push.devices[0],
        title="Wingman",
        body=body,
        link="https://app.example/matches/1",
        until=until,
        now=NOW,
    )["message"]


def test_a_repeated_push_replaces_the_first_on_every_platform_and_is_shown() -> None:
    made = written(a_push(match_id=MATCH))

    tag = f"match:{MATCH}"
    assert made["android"]["notification"]["tag"] == tag
    assert made["apns"]["headers"]["apns-collapse-id"] == tag
    assert made["webpush"]["notification"] == {"tag": tag, "renotify": True}
    assert len(made["webpush"]["headers"]["Topic"]) <= 32
    assert made["notification"] == {"title": "Wingman", "body": "Leo said yes"}
    assert "collapse_key" not in json.dumps(made)


def test_a_push_expires_on_every_platform() -> None:
    made = written(a_push())

    assert made["android"]["ttl"] == "7200s"
    assert made["webpush"]["headers"]["TTL"] == "7200"
    ends = NOW + timedelta(hours=2)
    assert made["apns"]["headers"]["apns-expiration"] == str(int(ends.timestamp()))


def test_a_push_names_its_user_and_the_unread_count() -> None:
    push = a_push(badge=7)
    made = written(push)

    assert made["data"]["user_id"] == str(push.user_id)
    assert all(isinstance(value, str) for value in made["data"].values())
    assert made["apns"]["payload"]["aps"]["badge"] == 7
    assert made["android"]["notification"]["notification_count"] == 7


@pytest.mark.parametrize(("can_wait", "priority"), [(True, "NORMAL"), (False, "HIGH")])
def test_only_a_push_that_cannot_wait_wakes_a_device(can_wait: bool, priority: str) -> None:
    assert written(a_push(can_wait=can_wait))["android"]["priority"] == priority


@pytest.mark.parametrize("content", CASES.values(), ids=CASES)
def test_another_users_words_are_shown_only_on_request(content: Content) -> None:
    line = line_of(content, Brand(), "UTC")

    assert body_of(line, content, previews=False) == line
    with_words = body_of(line, content, previews=True)
    assert (with_words != line) == bool(content.words)


def test_the_longest_texts_stay_below_the_limit_of_the_provider() -> None:
    invitation = an_invitation(inviter_name="🐕" * 100, note="👩‍👩‍👧‍👦" * 500)
    body = body_of(line_of(invitation, Brand(), "UTC"), invitation, previews=True)
    push = a_push(devices=(a_device("x" * 1024),))

    made = written(push, body)

    del made["token"]
    assert len(json.dumps(made, ensure_ascii=False).encode()) < MAX_BYTES


def test_a_push_above_the_limit_is_not_sent() -> None:
    with pytest.raises(ValueError, match="bytes"):
        written(a_push(), "x" * MAX_BYTES)


def test_a_token_is_in_no_representation() -> None:
    push = a_push(devices=(a_device("a-secret-token"),))
    assert "a-secret-token" not in repr(push)
