"""The record of attempts to get into an account, with hashes in place of addresses.

A trigger records each new session (supabase/schemas/690_sign_in_attempts.sql).
"""

from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from wingman.accounts import repository
from wingman.kit.clients.database import Database
from wingman.kit.clock import page_by_page
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.observability import logger

if TYPE_CHECKING:
    from wingman.kit.clients.auth import Client  # imports the SDK, which workers do not need

AT_ONCE = 1000
_SECONDS_PER_PAGE = 8.0


class Kind(StrEnum):
    """The purpose of an attempt."""

    SIGN_IN = "sign_in"
    REGISTER = "register"
    REFRESH = "refresh"
    FORGOT = "forgot"
    RESET = "reset"
    CONFIRM = "confirm"


class Outcome(StrEnum):
    """How an attempt ended; `accepted` is a request whose result is not shown."""

    FAILURE = "failure"
    ACCEPTED = "accepted"


def record(
    database: Database,
    client: "Client",
    kind: Kind,
    outcome: Outcome,
    *,
    attempt_id: UUID | None = None,
    address: str | None = None,
    refresh_token: str | None = None,
) -> UUID | None:
    """Record an attempt once; return its user if known. An outage of Postgres is logged."""
    try:
        return repository.record_attempt(
            database,
            client,
            attempt_id=attempt_id or uuid4(),
            kind=kind,
            outcome=outcome,
            address=address,
            refresh_token=refresh_token,
        )
    except DependencyUnavailable as error:
        logger().warning("attempts.not_recorded", extra={"kind": kind}, exc_info=error)
        return None


def prune(database: Database) -> int:
    """Delete attempts that are older than the database's `attempt_days`; return how many."""
    return page_by_page(
        lambda: repository.prune_attempts(database, AT_ONCE), AT_ONCE, seconds=_SECONDS_PER_PAGE
    )
