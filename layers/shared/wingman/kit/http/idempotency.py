"""The `Idempotency-Key` header of creating requests.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
The first answer is stored by the SQL function that creates, in the same transaction.
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
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None,
) -> IdempotencyKey:
    fingerprint = hashlib.sha256(f"{request.method} {request.url.path}\n".encode())
    fingerprint.update(_same_for_the_same_values(await request.body()))
    return IdempotencyKey(idempotency_key, fingerprint.hexdigest())


def _same_for_the_same_values(body: bytes) -> bytes:
    """Forget order and spacing: who writes a request again may write its members otherwise.

    Swift's JSONEncoder does, for one, from one start of an app to the next.
    """
    try:
        return json.dumps(json.loads(body), sort_keys=True).encode()
    except (ValueError, RecursionError):
        return body  # refused by whoever reads it


IdempotentRequest = Annotated[IdempotencyKey, Depends(_idempotent_request)]


def tell_replayed(response: Response, *, replayed: bool) -> None:
    """Mark an answer that repeats the first one."""
    if replayed:
        response.headers[_REPLAYED] = "true"


def is_replayed(response: Response) -> bool:
    """Whether an answer was marked so."""
    return _REPLAYED in response.headers
