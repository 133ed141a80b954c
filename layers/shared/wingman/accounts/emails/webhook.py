"""The Send Email hook's request as clients see it; only a description of models.EmailRequest."""

from collections.abc import Mapping
from typing import Any

_TEXT = {"type": "string"}
REQUEST: Mapping[str, Any] = {
    "type": "object",
    "title": "AuthEmailRequest",
    "description": "Supabase Auth asks for an email. Unknown fields and kinds are ignored; see "
    "https://supabase.com/docs/guides/auth/auth-hooks/send-email-hook.",
    "required": ["user", "email_data"],
    "properties": {
        "user": {
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": _TEXT | {"format": "uuid"},
                "email": _TEXT | {"examples": ["maya@example.com"]},
                "new_email": _TEXT | {"description": "Waits for its confirmation."},
            },
        },
        "email_data": {
            "type": "object",
            "required": ["email_action_type"],
            "properties": {
                "email_action_type": _TEXT | {"examples": ["recovery"]},
                "token": _TEXT | {"description": "A code to be typed.", "examples": ["305805"]},
                "token_hash": _TEXT
                | {
                    "description": "The token of the link; for a change, that of the new address.",
                    "examples": ["7d5b7b1964cf5d388340a7f04f1dbb5eeb6c7b52ef8270e1737a58d0"],
                },
                "token_hash_new": _TEXT
                | {"description": "For a change, the token of the current address."},
            },
        },
    },
}
"""The OpenAPI schema of a request."""
