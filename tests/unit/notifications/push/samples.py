"""Claimed pushes for tests without a database."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from wingman.notifications.devices.models import Platform
from wingman.notifications.push.models import ClaimedPush, Target

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
MATCH = UUID("6f1c0f0e-0000-4000-8000-000000000001")


def a_device(token: str = "token", platform: Platform = Platform.IOS) -> Target:  # noqa: S107
    return Target(id=uuid4(), platform=platform, token=token)


def a_push(**facts: Any) -> ClaimedPush:
    given: dict[str, Any] = {
        "id": uuid4(),
        "user_id": uuid4(),
        "kind": "match_accepted",
        "facts": {"match_id": str(MATCH), "partner_name": "Leo", "role": "inviter"},
        "match_id": None,
        "subject_id": None,
        "recorded_at": NOW,
        "retry_count": 0,
        "timezone": "Europe/Berlin",
        "can_wait": False,
        "quiet_hours_start": None,
        "quiet_hours_end": None,
        "wanted": True,
        "previews": False,
        "holds": True,
        "seen": False,
        "badge": 3,
        "devices": (a_device(),),
        "has_been_sent": False,
    }
    return ClaimedPush(**given | facts)
