"""Forgotten passwords, and the links in emails about accounts."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from wingman.accounts import attempts, provider, request_queue, sessions
from wingman.accounts.attempts import Kind, Outcome
from wingman.accounts.errors import InvalidToken
from wingman.accounts.models import (
    SHORTEST_PASSWORD,
    Accepted,
    Confirmation,
    ConfirmationRequired,
    Forgotten,
    LinkKind,
    Reset,
    Tokens,
)
from wingman.accounts.timing import evenly
from wingman.kit.clients.auth import Auth
from wingman.kit.clients.database import Database
from wingman.kit.clients.queue import Queue
from wingman.kit.observability import logger
from wingman.realtime.service import Realtime

_TOKEN = {"type": "string", "minLength": 1, "examples": ["4f1aPX0nQ2mS"]}
_KIND = {"type": "string", "enum": list(LinkKind)}
CONFIRMATION: Mapping[str, Any] = {
    "type": "object",
    "title": "Confirmation",
    "description": "Both fields may also be in the query, where links have them.",
    "properties": {"token": _TOKEN, "type": _KIND},
}
"""The OpenAPI schema of a form that confirms."""
RESET: Mapping[str, Any] = {
    "type": "object",
    "title": "Reset",
    "description": "The token may also be in the query, where links have it.",
    "required": ["password"],
    "properties": {
        "token": _TOKEN,
        "password": {"type": "string", "minLength": SHORTEST_PASSWORD, "format": "password"},
    },
}
"""The OpenAPI schema of a form that sets a new password."""


def forget(auth: Auth, queue: Queue, forgotten: Forgotten) -> Accepted:
    """Queue the request, so that neither answer nor time shows whether there is an account."""
    request_queue.send_recovery(queue, auth.client, forgotten.email)
    return Accepted()


def reset(auth: Auth, database: Database, live: Realtime, wanted: Reset) -> Tokens:
    """Set a new password; other sessions end. Raises InvalidToken, WeakPassword."""
    password = wanted.password.get_secret_value()
    with evenly():
        try:
            tokens = provider.reset_password(auth, wanted.token, password)
        except InvalidToken:
            attempts.record(database, auth.client, Kind.RESET, Outcome.FAILURE)
            raise
    sessions.end(database, live, tokens.user.id)
    logger().info("accounts.password_reset")
    return tokens


def confirm(
    auth: Auth, database: Database, confirmation: Confirmation
) -> Tokens | ConfirmationRequired:
    """Use the token of an email; a change of address needs those of both. Raises InvalidToken."""
    with evenly():
        try:
            tokens = provider.verify(auth, confirmation.type, confirmation.token)
        except InvalidToken:
            attempts.record(database, auth.client, Kind.CONFIRM, Outcome.FAILURE)
            raise
    logger().info("accounts.confirmed", extra={"kind": confirmation.type})
    return tokens or ConfirmationRequired()


def read_link(token: str, kind: str) -> Confirmation:
    """Check the shape of a link, for its page. Raises InvalidToken."""
    try:
        return Confirmation.model_validate({"token": token, "type": kind})
    except ValidationError:
        raise InvalidToken from None
