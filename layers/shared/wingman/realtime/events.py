"""The events of API Gateway's WebSocket API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-proxy-integration.html
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from wingman.realtime.registry import Connection
from wingman.realtime.tickets import Holder


@dataclass(frozen=True)
class Peer:
    """The client at the other end of a connection."""

    connection: Connection
    holder: Holder
    ip: str
    request_id: str

    @property
    def ends_at(self) -> datetime:
        return datetime.fromtimestamp(self.holder.ends_at, UTC)


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, hide_input_in_errors=True)


class _Query(_Part):
    ticket: str


class Question(_Part):
    """The authorizer is asked whether a ticket may open a connection."""

    type: Literal["REQUEST"]
    method_arn: str
    query_string_parameters: _Query


class _Identity(_Part):
    source_ip: str


class _Context(_Part):
    event_type: Literal["CONNECT", "MESSAGE", "DISCONNECT"]
    connection_id: str
    request_id: str
    connected_at: int
    identity: _Identity
    authorizer: Holder


class RouteEvent(_Part):
    """A connection opens, sends a frame, or has closed.

    The type says which, not the route: a client chooses the route of a frame.
    """

    request_context: _Context
    body: str | None = None
    is_base64_encoded: bool = False

    @property
    def text(self) -> str:
        """The frame; nothing for a binary one, which no client sends."""
        return "" if self.is_base64_encoded else self.body or ""

    @property
    def kind(self) -> str:
        return self.request_context.event_type

    @property
    def peer(self) -> Peer:
        context = self.request_context
        return Peer(
            Connection(
                context.connection_id,
                context.authorizer.user_id,
                context.authorizer.session_id,
                datetime.fromtimestamp(context.connected_at / 1000, UTC),
            ),
            context.authorizer,
            context.identity.source_ip,
            context.request_id,
        )
