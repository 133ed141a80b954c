"""The `Idempotency-Key` header; SQL stores the answer in the transaction that creates the object.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

import hashlib
import json
from typing import Annotated

from fastapi import Depends, Header
from starlette.requests import Request
from starlette.responses import Response

from wingman.kit.idempotency import IdempotencyKey

_REPLAYED = "Idempotent-Replayed"


async def _idempotent_request(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=255,
            description="A new one, as a UUID, for each new request; remembered for 24 hours.",
            examples=["0d2f1c1e-8f6a-4d0e-9a55-2d9b0c3f7f10"],
        ),
    ] = None,
) -> IdempotencyKey:
    fingerprint = hashlib.sha256(f"{request.method} {request.url.path}\n".encode())
    fingerprint.update(_canonical(await request.body()))
    return IdempotencyKey(idempotency_key, fingerprint.hexdigest())


def _canonical(body: bytes) -> bytes:
    """Sort a body's keys, whose order Swift's JSONEncoder changes at each start of an app."""
    try:
        return json.dumps(json.loads(body), sort_keys=True).encode()
    except (ValueError, RecursionError):
        return body  # the endpoint's own parser refuses it


IdempotentRequest = Annotated[IdempotencyKey, Depends(_idempotent_request)]


def created(response: Response, path: str, *, replayed: bool) -> None:
    response.headers["Location"] = path
    if replayed:
        response.headers[_REPLAYED] = "true"


def is_replayed(response: Response) -> bool:
    return _REPLAYED in response.headers
