"""Writes a push for Firebase Cloud Messaging, which passes it on to Android, iOS and the web.

https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
"""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from wingman.notifications.email.letters.contents import Content
from wingman.notifications.email.letters.rendering import short
from wingman.notifications.push import rules
from wingman.notifications.push.models import ClaimedPush, Target

MAX_BYTES = 4096
"""The most that FCM passes on; its own limit counts less than the whole message."""
_PREVIEW = 140
# Push services take topics of 32 characters of the URL-safe base64 alphabet (RFC 8030, 5.4).
_TOPIC = 32


def body_of(line: str, content: Content, *, previews: bool) -> str:
    """Return the line, and the words of another user if the reader wants them shown."""
    words = content.words if previews else None
    return f"{line}\n{short(words, _PREVIEW)}" if words else line


def message(
    push: ClaimedPush,
    target: Target,
    *,
    title: str,
    body: str,
    link: str,
    until: datetime,
    now: datetime,
) -> Mapping[str, Any]:
    """Write the request for one device.

    A repeat replaces what it repeats, by the tag of each platform. `collapse_key` is not used: FCM
    keeps only four per device. The notification is always shown, because browsers take the
    permission away from apps whose pushes show nothing. Raises ValueError above MAX_BYTES.
    """
    tag, seconds = rules.tag(push), max(int((until - now).total_seconds()), 0)
    urgent = not push.can_wait
    data = {
        "notification_id": str(push.id),
        "kind": push.kind,
        # So that an app can drop what is not for the user who has logged in since.
        "user_id": str(push.user_id),
        "match_id": str(push.match_id or ""),
        "session_id": str(push.facts.get("session_id") or ""),
    }
    written = {
        "token": target.token,
        "notification": {"title": title, "body": body},
        "data": {name: value for name, value in data.items() if value},
        "android": {
            "priority": "HIGH" if urgent else "NORMAL",
            "ttl": f"{seconds}s",
            "notification": {"tag": tag, "notification_count": push.badge},
        },
        "apns": {
            "headers": {
                "apns-collapse-id": tag,
                "apns-expiration": str(int(until.timestamp())),
                "apns-priority": "10" if urgent else "5",
            },
            "payload": {"aps": {"badge": push.badge, "sound": "default"}},
        },
        "webpush": {
            "headers": {
                "TTL": str(seconds),
                "Topic": sha256(tag.encode()).hexdigest()[:_TOPIC],
                "Urgency": "high" if urgent else "normal",
            },
            # The same tag replaces without a sound, unless the app says otherwise.
            "notification": {"tag": tag, "renotify": True},
            "fcm_options": {"link": link},
        },
    }
    size = len(json.dumps(written, ensure_ascii=False).encode()) - len(target.token)
    if size >= MAX_BYTES:
        raise ValueError(f"a push of {size} bytes")
    return {"message": written}
