"""Queued requests to Supabase Auth, sealed with a key derived from Supabase's secret key."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID, uuid4

from pydantic import BaseModel, Field

from wingman.accounts.attempts import Kind
from wingman.kit.sealing import NotSealed, seal, unseal

_PURPOSE = "auth-requests"


class Request(BaseModel):
    """A request; `password` is that of a registration."""

    id: UUID = Field(default_factory=uuid4)
    kind: Literal[Kind.REGISTER, Kind.FORGOT]
    ip: str
    user_agent: str
    email: str
    password: str | None = None
    first_name: str | None = None
    timezone: str | None = None


def sealed(secret: str, request: Request) -> str:
    return seal(secret, _PURPOSE, request.model_dump_json())


def opened(secrets: Sequence[str], text: str) -> Request:
    """Open a request that one of the secrets has sealed. Raises NotSealed."""
    for secret in secrets:
        try:
            return Request.model_validate_json(unseal(secret, _PURPOSE, text))
        except NotSealed:
            continue
    raise NotSealed
