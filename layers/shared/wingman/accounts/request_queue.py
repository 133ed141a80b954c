"""Puts requests to Supabase Auth into their queue."""

from wingman.accounts.attempts import Kind
from wingman.accounts.models import Registration
from wingman.accounts.requests import Request, sealed
from wingman.accounts.settings import RequestQueueSettings
from wingman.kit.clients.auth import Client
from wingman.kit.clients.queue import Queue
from wingman.kit.settings import SupabaseServiceSettings, load


def send_registration(queue: Queue, client: Client, registration: Registration) -> None:
    names = registration.model_dump(exclude={"password"})
    password = registration.password.get_secret_value()
    _send(queue, Request(kind=Kind.REGISTER, password=password, **vars(client), **names))


def send_recovery(queue: Queue, client: Client, address: str) -> None:
    _send(queue, Request(kind=Kind.FORGOT, email=address, **vars(client)))


def _send(queue: Queue, request: Request) -> None:
    secret = load(SupabaseServiceSettings).supabase_secret_key.get_secret_value()
    url = load(RequestQueueSettings).auth_request_queue_url
    queue.send(url, [{"sealed": sealed(secret, request)}])
