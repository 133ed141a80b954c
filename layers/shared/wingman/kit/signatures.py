"""Verification of signed webhooks.

https://docs.svix.com/receiving/verifying-payloads/how-manual
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

TOLERANCE = timedelta(minutes=5)
_SCHEME = "v1,"
_MAX_ID = 255


Family = Literal["svix", "webhook"]
"""How the names of the headers begin: by Svix's rules, or by those of Standard Webhooks."""


def verified_id(
    secret: str, headers: Mapping[str, str], body: bytes, now: datetime, family: Family = "svix"
) -> str | None:
    """Return the id of an event, or None; the header may hold several signatures in a rotation."""
    event_id, sent, signatures = (
        headers.get(f"{family}-{name}", "") for name in ("id", "timestamp", "signature")
    )
    if not 0 < len(event_id) <= _MAX_ID or not _is_recent(sent, now):
        return None
    key = base64.b64decode(secret.rpartition("whsec_")[2])
    digest = hmac.digest(key, f"{event_id}.{sent}.".encode() + body, hashlib.sha256)
    expected = f"{_SCHEME}{base64.b64encode(digest).decode()}".encode()
    # Every signature is compared, so that the duration reveals nothing.
    right = [hmac.compare_digest(expected, one.rstrip(",").encode()) for one in signatures.split()]
    return event_id if any(right) else None


def _is_recent(sent: str, now: datetime) -> bool:
    if not sent.isascii() or not sent.isdecimal() or len(sent) > len("9999999999"):
        return False
    return abs(now - datetime.fromtimestamp(int(sent), UTC)) <= TOLERANCE
