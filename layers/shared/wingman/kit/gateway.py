"""HTTP events of API Gateway, read and answered without a web framework.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wingman.kit.limits.networks import client_address
from wingman.kit.tracing.requests import request_id


@dataclass(frozen=True)
class HttpRequest:
    """A request; the names of headers are in lower case. `answer_headers` go into its answer."""

    method: str
    headers: Mapping[str, str]
    body: bytes
    ip: str
    request_id: str
    answer_headers: dict[str, str] = field(default_factory=dict)

    @property
    def bearer_token(self) -> str | None:
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" and token.strip() else None

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def read(event: Mapping[str, Any]) -> HttpRequest:
    """Read an event (payload format 2.0) of an invocation."""
    http = event.get("requestContext", {}).get("http", {})
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    body = event.get("body") or ""
    return HttpRequest(
        method=http.get("method", ""),
        headers=headers,
        body=base64.b64decode(body) if event.get("isBase64Encoded") else body.encode(),
        ip=client_address(headers, http.get("sourceIp", "unknown")),
        request_id=request_id(),
    )


def respond(request: HttpRequest, status: int, body: object, media_type: str) -> dict[str, Any]:
    """Answer with JSON; lone surrogates, which clients may have sent, are replaced."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return {
        "statusCode": int(status),
        "headers": {
            "Content-Type": media_type,
            "X-Request-Id": request.request_id,
            # The CORS headers name one origin or none, so a cache must not reuse them for another.
            "Vary": "Origin",
            **request.answer_headers,
        },
        "body": text.encode(errors="replace").decode(),
        "isBase64Encoded": False,
    }
