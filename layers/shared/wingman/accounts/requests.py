"""Requests to Supabase Auth that are answered before it is called, as they wait in a queue.

No address or password may be read there: a message is sealed with a key that is derived from
Supabase's secret key. See request_queue.py and request_worker.py.
"""

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
    """Open a message. Raises NotSealed for one of another origin."""
    return Request.model_validate_json(unseal(secret, _PURPOSE, text))
