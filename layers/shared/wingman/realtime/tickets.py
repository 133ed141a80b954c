"""Tickets, each of which opens one connection (docs/decisions/043-realtime.md).

Redis keeps the hash of a ticket, and the user's access token sealed with the ticket itself: neither
the ticket nor Redis alone yields the token.
"""

import hashlib
import secrets
import time
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from wingman.kit.clients.commands import Commands
from wingman.kit.clients.lua import read_lua
from wingman.kit.clock import utc_now
from wingman.kit.errors import InvalidRequest
from wingman.kit.limits.limiter import Step
from wingman.kit.sealing import seal, unseal

LASTS = timedelta(seconds=30)
# API Gateway closes a connection after 2 hours; the rest is for the client to open the next one.
LONGEST_CONNECTION = timedelta(minutes=110)
# An authorizer's answer has at most 8 kB, and the token is its largest part.
LONGEST_TOKEN = 7000
# API Gateway closes a connection that is silent for 10 minutes, and routers forget it earlier.
HEARTBEAT_SECONDS = 120
_PURPOSE = "realtime-ticket"


class Holder(BaseModel):
    """The user of a ticket, and of the connection that it opens.

    `ends_at`: seconds since 1970, when the token expires or the connection has lasted long enough.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    user_id: UUID
    session_id: UUID
    token: str
    ends_at: int

    @property
    def seconds_left(self) -> int:
        return max(0, self.ends_at - int(time.time()))


class Ticket(BaseModel):
    """Permission to open one connection, at `url?ticket=…`, until `expires_at`.

    `heartbeat_s`: send a ping this often. `max_age_s`: the connection ends then at the latest, and
    not after the access token; open the next one before.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "wss://realtime.example.com/live",
                    "ticket": "4f9b2c1e8f6a4d0e9a552d9b0c3f7f10d5a8a3e6d0b",
                    "expires_at": "2026-12-01T12:00:30.000Z",
                    "heartbeat_s": 120,
                    "max_age_s": 3540,
                }
            ]
        }
    )

    url: str
    ticket: str
    expires_at: datetime
    heartbeat_s: int
    max_age_s: int

    @classmethod
    def of(cls, holder: Holder, url: str, ticket: str) -> Self:
        return cls(
            url=url,
            ticket=ticket,
            expires_at=utc_now() + LASTS,
            heartbeat_s=HEARTBEAT_SECONDS,
            max_age_s=holder.seconds_left,
        )


def holder(user_id: UUID, session_id: UUID, token: str, token_expires_at: int) -> Holder:
    """Return the holder of a ticket for the user of a token. Raises InvalidRequest."""
    if len(token) > LONGEST_TOKEN:
        reason = f"must have at most {LONGEST_TOKEN} characters"
        raise InvalidRequest(fields={"authorization": reason})
    latest = int(time.time() + LONGEST_CONNECTION.total_seconds())
    ends_at = min(token_expires_at, latest)
    return Holder(user_id=user_id, session_id=session_id, token=token, ends_at=ends_at)


def issuing(holder: Holder) -> tuple[str, Step]:
    """Return a ticket, and the step of the limiter's call that makes it valid."""
    ticket = secrets.token_urlsafe(32)
    sealed = seal(ticket, _PURPOSE, holder.model_dump_json())
    arguments = [sealed, round(LASTS.total_seconds() * 1000)]
    return ticket, Step(read_lua(__file__, "ticket"), [_key(ticket)], arguments)


def redeem(commands: Commands, ticket: str) -> Holder | None:
    """Return the holder of a ticket, and make it invalid. Raises as Commands.run does."""
    sealed = commands.run("GETDEL", _key(ticket))
    return sealed and Holder.model_validate_json(unseal(ticket, _PURPOSE, sealed))


def _key(ticket: str) -> str:
    return f"ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"
