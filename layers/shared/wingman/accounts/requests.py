"""Requests to Supabase Auth that wait in a queue, sealed with a key from Supabase's secret key."""

from typing import Literal
from uuid import UUID, uuid4

from pydantic import BaseModel, Field

from wingman.accounts.attempts import Kind
from wingman.kit.sealing import seal, unseal

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


def opened(secret: str, text: str) -> Request:
    """Raise NotSealed for a message of another origin."""
    return Request.model_validate_json(unseal(secret, _PURPOSE, text))
