"""Logging in, staying logged in, and logging out."""

from typing import Literal
from uuid import UUID

from wingman.accounts import attempts, provider, sessions
from wingman.accounts.attempts import Kind, Outcome
from wingman.accounts.errors import InvalidCredentials, InvalidRefreshToken, RefreshTokenReused
from wingman.accounts.models import Credentials, Renewal, Tokens
from wingman.accounts.timing import evenly
from wingman.kit.clients.auth import Auth
from wingman.kit.clients.database import Database
from wingman.kit.observability import logger
from wingman.realtime.service import Realtime


def log_in(auth: Auth, database: Database, credentials: Credentials) -> Tokens:
    """Open a session. Raises InvalidCredentials, after the same time for an unknown address."""
    address = credentials.email
    with evenly():
        try:
            return provider.log_in(auth, address, credentials.password.get_secret_value())
        except InvalidCredentials:
            attempts.record(database, auth.client, Kind.SIGN_IN, Outcome.FAILURE, address=address)
            raise


def refresh(auth: Auth, database: Database, live: Realtime, renewal: Renewal) -> Tokens:
    """Exchange a refresh token. Reuse of an old one ends its session and access tokens."""
    token = renewal.refresh_token
    try:
        return provider.refresh(auth, token)
    except InvalidRefreshToken as error:
        attempts.record(database, auth.client, Kind.REFRESH, Outcome.FAILURE, refresh_token=token)
        if isinstance(error, RefreshTokenReused):  # its user may no longer be known
            sessions.finish_ended(database, live)
        raise


def log_out(
    auth: Auth,
    database: Database,
    live: Realtime,
    user_id: UUID,
    access_token: str,
    scope: Literal["local", "global"],
) -> None:
    """End the session of a token or all sessions of its user, and their access tokens with them."""
    provider.log_out(auth, access_token, scope)
    sessions.end(database, live, user_id)
    logger().info("sessions.logged_out", extra={"scope": scope})
