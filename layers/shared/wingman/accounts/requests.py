"""Requests to Supabase Auth that are answered before it is called.

They wait in a queue, where no address or password may be read: a message is sealed with a key that
is derived from Supabase's secret key.
"""

from collections.abc import Callable
from typing import Literal
from uuid import UUID, uuid4

from pydantic import BaseModel, Field

from wingman.accounts import attempts, provider, repository
from wingman.accounts.attempts import Kind, Outcome
from wingman.accounts.errors import EmailTaken, RegistrationClosed
from wingman.accounts.models import Registration
from wingman.accounts.settings import RequestQueueSettings
from wingman.kit.clients.auth import Auth, Client
from wingman.kit.clients.database import Database
from wingman.kit.clients.queue import Queue
from wingman.kit.errors import InvalidRequest
from wingman.kit.observability import logger
from wingman.kit.sealing import seal, unseal
from wingman.kit.settings import SupabaseServiceSettings, load

_PURPOSE = "auth-requests"


class Request(BaseModel):
    """A request, as it is sealed; `password` is that of a registration."""

    id: UUID = Field(default_factory=uuid4)
    kind: Literal[Kind.REGISTER, Kind.FORGOT]
    ip: str
    user_agent: str
    email: str
    password: str | None = None
    first_name: str | None = None
    timezone: str | None = None


def send_registration(queue: Queue, client: Client, registration: Registration) -> None:
    """Enqueue a registration. Raises DependencyUnavailable when the queue does not take it."""
    names = registration.model_dump(exclude={"password"})
    password = registration.password.get_secret_value()
    _send(queue, Request(kind=Kind.REGISTER, password=password, **vars(client), **names))


def send_recovery(queue: Queue, client: Client, address: str) -> None:
    """Enqueue a request for an email. Raises as send_registration does."""
    _send(queue, Request(kind=Kind.FORGOT, email=address, **vars(client)))


def sealed(secret: str, request: Request) -> str:
    return seal(secret, _PURPOSE, request.model_dump_json())


def opened(text: str) -> Request:
    """Open a message. Raises NotSealed for one of another origin."""
    return Request.model_validate_json(unseal(_secret(), _PURPOSE, text))


def _send(queue: Queue, request: Request) -> None:
    url = load(RequestQueueSettings).auth_request_queue_url
    queue.send(url, [{"sealed": sealed(_secret(), request)}])


def carry_out(database: Database, auth_for: Callable[[Client], Auth], request: Request) -> None:
    """Call Supabase Auth, once, and at most ten times a day for an address and a network.

    A refusal that the client would have read is only logged. Raises DependencyUnavailable and
    RateLimited for a request that is to be tried again.
    """
    client, kind, address = Client(request.ip, request.user_agent), request.kind, request.email
    if not repository.begin_auth_request(database, request.id, kind, address, client.ip):
        logger().info("auth_requests.skipped", extra={"kind": kind})
        return
    try:
        _call(auth_for(client), request)
    except (EmailTaken, InvalidRequest, RegistrationClosed) as refusal:
        logger().info("auth_requests.refused", extra={"kind": kind, "code": refusal.code})
    attempts.record(
        database, client, kind, Outcome.ACCEPTED, attempt_id=request.id, address=address
    )


def _call(auth: Auth, request: Request) -> None:
    if request.kind is Kind.REGISTER:
        given = request.model_dump(include={"email", "password", "first_name", "timezone"})
        provider.sign_up(auth, Registration.model_validate(given))
    else:
        provider.send_recovery(auth, request.email)


def _secret() -> str:
    return load(SupabaseServiceSettings).supabase_secret_key.get_secret_value()
