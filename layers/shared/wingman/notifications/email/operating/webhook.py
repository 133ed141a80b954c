"""The provider's events as clients see them; events.py reads what it needs of them.

https://resend.com/docs/dashboard/webhooks/event-types
"""

from collections.abc import Mapping
from typing import Any

_TEXT = {"type": "string"}
_TIME = {"type": "string", "format": "date-time"}
_REASON = {"type": "object", "properties": {"type": _TEXT, "message": _TEXT, "reason": _TEXT}}
_DATA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "email_id": _TEXT | {"description": "The provider's id of the email."},
        "created_at": _TIME,
        "to": {"type": "array", "items": _TEXT, "examples": [["maya@example.com"]]},
        "tags": {
            "type": "object",
            "additionalProperties": _TEXT,
            "description": "`email_id` is our id of the email.",
            "examples": [{"email_id": "6f1c0f0e-0000-4000-8000-000000000003"}],
        },
        "bounce": _REASON | {"examples": [{"type": "Permanent", "message": "No such mailbox."}]},
    },
}
EVENT: Mapping[str, Any] = {
    "type": "object",
    "title": "ResendEvent",
    "description": "An event of the email provider. Unknown fields and types are ignored.",
    "required": ["type", "data"],
    "properties": {
        "type": _TEXT | {"examples": ["email.bounced"]},
        "created_at": _TIME,
        "data": _DATA,
    },
}
"""The OpenAPI schema of an event."""
