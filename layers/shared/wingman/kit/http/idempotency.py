"""The `Idempotency-Key` header of requests that create something.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
The SQL function that creates also stores the first answer, in the same transaction.
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
    """Normalise order and spacing, which may differ when a client serialises a request again.

    Swift's JSONEncoder, for example, orders keys differently after each start of the app.
    """
    try:
        return json.dumps(json.loads(body), sort_keys=True).encode()
    except (ValueError, RecursionError):
        return body  # the endpoint's own parser refuses it


IdempotentRequest = Annotated[IdempotencyKey, Depends(_idempotent_request)]


def created(response: Response, path: str, *, replayed: bool) -> None:
    """Name the path of what was created, and mark an answer that repeats the first one."""
    response.headers["Location"] = path
    if replayed:
        response.headers[_REPLAYED] = "true"


def is_replayed(response: Response) -> bool:
    return _REPLAYED in response.headers
