"""Carries out the requests to Supabase Auth that wait in their queue."""

from collections.abc import Callable

from wingman.accounts import attempts, provider, repository, requests
from wingman.accounts.attempts import Kind, Outcome
from wingman.accounts.errors import EmailTaken, RegistrationClosed
from wingman.accounts.models import Registration
from wingman.accounts.requests import Request
from wingman.accounts.settings import SealedRequestSettings
from wingman.kit.clients.auth import Auth, Client
from wingman.kit.clients.database import Database
from wingman.kit.errors import InvalidRequest
from wingman.kit.observability import logger
from wingman.kit.settings import load


def carry_out(database: Database, auth_for: Callable[[Client], Auth], sealed: str) -> None:
    """Call Supabase Auth once; a refusal that a client would have read is only logged.

    Raises DependencyUnavailable and RateLimited for a request that is to be tried again.
    """
    request = requests.opened(load(SealedRequestSettings).keys, sealed)
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
