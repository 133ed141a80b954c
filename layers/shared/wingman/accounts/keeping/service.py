"""The caller's own account: reading, password, export, deletion."""

from typing import TYPE_CHECKING
from uuid import UUID

from wingman.accounts import sessions
from wingman.accounts.errors import WrongPassword
from wingman.accounts.keeping import repository
from wingman.accounts.keeping.models import (
    AccountExport,
    Deletion,
    OwnAccount,
    PasswordChange,
    SeenActivity,
)
from wingman.kit.clients.commands import RedisError
from wingman.kit.clients.database import Database
from wingman.kit.clock import utc_now
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.observability import logger
from wingman.kit.presence.departures import depart
from wingman.realtime import frames
from wingman.realtime import service as realtime
from wingman.realtime.service import Realtime

if TYPE_CHECKING:
    # It imports the SDK of Supabase Auth, which only a change of password needs.
    from wingman.kit.clients.auth import Auth
    from wingman.kit.presence.activity import Activity
    from wingman.kit.presence.logins import Logins


def get(database: Database) -> OwnAccount:
    return repository.get(database)


def change_password(
    database: Database, auth: "Auth", live: Realtime, token: str, change: PasswordChange
) -> None:
    """Set a new password, and end all other sessions. Raises WrongPassword."""
    from wingman.accounts import provider  # noqa: PLC0415 - as above

    current = change.current_password.get_secret_value()
    client = auth.client
    if not repository.prove_password(database, current, client.ip, client.user_agent):
        raise WrongPassword
    provider.change_password(auth, token, current, change.password.get_secret_value())
    sessions.end_own(database, live)
    logger().info("accounts.password_changed")


def export(database: Database, seen: "Activity", logins: "Logins", user_id: UUID) -> AccountExport:
    parts = repository.export(database)
    logger().info("accounts.exported", extra={"parts": sorted(parts)})
    facts = {"exported_at": utc_now(), "activity": _activity(seen, logins, user_id)}
    return AccountExport.model_validate(dict(parts) | facts)


def delete(
    database: Database,
    live: Realtime,
    user_id: UUID,
    deletion: Deletion,
    ip: str,
    user_agent: str,
) -> None:
    """Delete the caller's account, and end its tokens and connections. Raises WrongPassword."""
    password = deletion.password.get_secret_value()
    deleted = repository.delete(database, password, ip, user_agent)
    if deleted is None:
        raise WrongPassword
    logger().info("accounts.deleted")
    try:
        depart(live.commands, [user_id])
    except (DependencyUnavailable, RedisError) as error:  # the sweep does it within a minute
        logger().warning("departures.redis_away", extra={"count": 1}, exc_info=error)
        return
    realtime.end_users(live, [user_id])
    ended = deleted.ended_matches.items()
    realtime.deliver_each(live, {partner: frames.match_ended(match) for partner, match in ended})


def _activity(seen: "Activity", logins: "Logins", user_id: UUID) -> SeenActivity | None:
    hours = seen.hours_of(user_id)
    if hours is None:
        return None
    login = logins.get(user_id)
    return SeenActivity(last_active=login.last_active if login else None, hours=list(hours))
