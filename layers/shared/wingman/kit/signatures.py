"""Verification of webhooks that are signed by the rules of Svix (Standard Webhooks).

https://docs.svix.com/receiving/verifying-payloads/how-manual
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(minutes=5)
_SCHEME = "v1,"
_MAX_ID = 255


def verified_id(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str | None:
    """Return the id of an event, or None if its signature or its timestamp is not valid.

    The secret is base64 after `whsec_`. The header may hold several signatures during a rotation.
    """
    event_id, sent, signatures = (
        headers.get(f"svix-{name}", "") for name in ("id", "timestamp", "signature")
    )
    if not 0 < len(event_id) <= _MAX_ID or not _is_recent(sent, now):
        return None
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{event_id}.{sent}.".encode() + body, hashlib.sha256)
    expected = f"{_SCHEME}{base64.b64encode(digest).decode()}".encode()
    # Every signature is compared, so that the duration reveals nothing.
    right = [hmac.compare_digest(expected, one.encode()) for one in signatures.split()]
    return event_id if any(right) else None


def _is_recent(sent: str, now: datetime) -> bool:
    if not sent.isascii() or not sent.isdecimal() or len(sent) > len("9999999999"):
        return False
    return abs(now - datetime.fromtimestamp(int(sent), UTC)) <= TOLERANCE
