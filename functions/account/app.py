"""/api/account and /auth/password: the caller's own account."""

from typing import TYPE_CHECKING

from wingman.accounts.keeping import models as m
from wingman.accounts.keeping import service
from wingman.accounts.keeping.limits import EXPORT
from wingman.kit.clients.database import get_user_client
from wingman.kit.http import create_app, lambda_handler, limit, limit_proofs
from wingman.kit.http.callers import CurrentUser
from wingman.kit.http.charges import client_ip
from wingman.kit.presence.activity import activity
from wingman.kit.presence.logins import logins
from wingman.kit.settings import RedisSettings, SupabaseSettings
from wingman.realtime.service import realtime
from wingman.realtime.settings import RealtimeSettings

from fastapi.responses import Response
from starlette.requests import Request

if TYPE_CHECKING:
    from wingman.kit.clients.auth import Auth

PATH = "/api/account"
# A thousand matches take up to 3 s; supabase/schemas/695_own_account.sql allows 15.
DELETION_SECONDS = 16.0
app = create_app(SupabaseSettings, RedisSettings, RealtimeSettings)


@app.get(PATH, tags=["accounts"], dependencies=[limit()])
def get_account(caller: CurrentUser) -> m.OwnAccount:
    """Read your account and your newest sign-ins."""
    return service.get(get_user_client(caller.token))


@app.delete(
    PATH, tags=["accounts"], status_code=204, response_class=Response, dependencies=[limit_proofs()]
)
def delete_account(request: Request, deletion: m.Deletion, caller: CurrentUser) -> None:
    """Delete your account and everything of yours.

    Matches end, open sessions are cancelled, and the other users of these hear of it.
    """
    database = get_user_client(caller.token, timeout=DELETION_SECONDS)
    agent = request.headers.get("user-agent", "")[:255]
    service.delete(database, realtime(), caller.id, deletion, client_ip(request), agent)


@app.get(f"{PATH}/export", tags=["accounts"], dependencies=[limit(EXPORT)])
def export_account(request: Request, caller: CurrentUser) -> m.AccountExport:
    """Download all that is stored about you."""
    request.state.extra_headers["Cache-Control"] = "no-store"
    return service.export(get_user_client(caller.token), activity(), logins(), caller.id)


@app.put(
    "/auth/password",
    tags=["accounts"],
    status_code=204,
    response_class=Response,
    dependencies=[limit_proofs()],
)
def change_password(request: Request, change: m.PasswordChange, caller: CurrentUser) -> None:
    """Set a new password. Your other sessions end."""
    database = get_user_client(caller.token)
    service.change_password(database, _auth(request), realtime(), caller.token, change)


def _auth(request: Request) -> "Auth":
    # The SDK of Supabase Auth adds 50 ms to a cold start, and only this endpoint needs it.
    from wingman.kit.clients.auth import Client, as_visitor  # noqa: PLC0415

    return as_visitor(Client.of(client_ip(request), request.headers.get("user-agent", "")))


handler = lambda_handler(app)
