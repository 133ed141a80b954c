"""Webhooks that are signed by the rules of kit/signatures.py, as clients see them."""

from collections.abc import Mapping
from typing import Any

from fastapi import Depends
from fastapi.security import APIKeyHeader

from wingman.kit.signatures import Family


def _signature(family: Family, scheme: str) -> Any:
    return Depends(
        APIKeyHeader(
            name=f"{family}-signature",
            scheme_name=scheme,
            description="`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; see "
            "https://docs.svix.com/receiving/verifying-payloads/how-manual. Several are separated "
            "by spaces.",
            auto_error=False,  # the endpoint checks the signature itself
        )
    )


SIGNATURE = _signature("svix", "SvixSignature")
STANDARD_SIGNATURE = _signature("webhook", "StandardWebhooksSignature")


def documented(schema: Mapping[str, Any], family: Family = "svix") -> dict[str, Any]:
    sent = {"pattern": r"^\d{1,10}$"}
    return {
        "parameters": [
            _header(f"{family}-id", "msg_2mXkBvF0Tq", "The id of the event.", maxLength=255),
            _header(f"{family}-timestamp", "1795846314", "Seconds since 1970.", **sent),
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
    }


def _header(name: str, example: str, description: str, **schema: Any) -> dict[str, Any]:
    where = {"name": name, "in": "header", "required": True, "description": description}
    return where | {"schema": {"type": "string", "minLength": 1, **schema}, "example": example}
