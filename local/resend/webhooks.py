"""Events as Resend posts them, signed as Svix does.

https://docs.svix.com/receiving/verifying-payloads/how-manual
"""

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from local.resend.messages import Email

EVENTS = ("delivered", "bounced", "complained", "opened")
_DETAILS: dict[str, dict[str, Any]] = {
    "bounced": {
        "bounce": {
            "type": "Permanent",
            "subType": "General",
            "message": "The recipient's server permanently rejected the email.",
        }
    },
}


class Webhooks:
    def __init__(self, secret: str, url: str) -> None:
        self._secret = secret
        self._url = url

    async def send(self, email: Email, event: str) -> dict[str, Any]:
        """Post one signed event; return its id and the receiver's answer."""
        event_id, body = f"msg_{uuid4().hex}", json.dumps(_event(email, event))
        headers = {"content-type": "application/json", **signed(self._secret, event_id, body)}
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            answer = await client.post(self._url, content=body, headers=headers)
        return {"delivered": answer.is_success, "event_id": event_id, "status": answer.status_code}


def _event(email: Email, event: str) -> dict[str, Any]:
    return {
        "type": f"email.{event}",
        "created_at": datetime.now(UTC).isoformat(),
        "data": {
            "email_id": email.id,
            "created_at": email.accepted_at,
            "from": email.sender,
            "to": email.to,
            "subject": email.subject,
            "tags": {tag["name"]: tag["value"] for tag in email.tags},
            **_DETAILS.get(event, {}),
        },
    }


def signed(secret: str, event_id: str, body: str, timestamp: int | None = None) -> dict[str, str]:
    """Return the Svix headers: HMAC-SHA256 over `id.timestamp.body` with the secret's bytes."""
    sent = str(timestamp if timestamp is not None else int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{event_id}.{sent}.{body}".encode(), hashlib.sha256)
    return {
        "svix-id": event_id,
        "svix-timestamp": sent,
        "svix-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
