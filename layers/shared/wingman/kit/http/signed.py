"""Webhooks that are signed by the rules of Svix (kit/signatures.py), as clients see them."""

from collections.abc import Mapping
from typing import Any

from fastapi import Depends
from fastapi.security import APIKeyHeader

SIGNATURE = Depends(
    APIKeyHeader(
        name="svix-signature",
        scheme_name="SvixSignature",
        description="`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; see "
        "https://docs.svix.com/receiving/verifying-payloads/how-manual. Several are separated "
        "by spaces.",
        auto_error=False,  # the endpoint checks the signature itself
    )
)


def documented(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI description of a signed event with a body of `schema`."""
    return {
        "parameters": [
            _header("svix-id", "msg_2mXkBvF0Tq", "The id of the event.", maxLength=255),
            _header("svix-timestamp", "1795846314", "Seconds since 1970.", pattern=r"^\d{1,10}$"),
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
    }


def _header(name: str, example: str, description: str, **schema: Any) -> dict[str, Any]:
    where = {"name": name, "in": "header", "required": True, "description": description}
    return where | {"schema": {"type": "string", "minLength": 1, **schema}, "example": example}
