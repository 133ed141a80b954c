"""/auth: open an account, log in, stay logged in, log out, ask for a new password."""

from typing import Any

from wingman.accounts import models as m
from wingman.accounts import recovery, registration, sign_ins
from wingman.accounts.addresses import claimed
from wingman.accounts.settings import RegistrationSettings, RequestQueueSettings
from wingman.kit.clients.database import get_service_client
from wingman.kit.clients.queue import queue
from wingman.kit.http import create_app, lambda_handler, limit, limit_public, limit_secrets
from wingman.kit.http.callers import CurrentUser
from wingman.kit.http.secrets import AuthForClient
from wingman.kit.limits.limits import PUBLIC
from wingman.kit.settings import RedisSettings, SupabaseServiceSettings, TokenSettings
from wingman.realtime.service import realtime
from wingman.realtime.settings import RealtimeSettings

from fastapi.responses import JSONResponse, Response

NEEDS = (SupabaseServiceSettings, TokenSettings, RedisSettings)
app = create_app(*NEEDS, RegistrationSettings, RequestQueueSettings, RealtimeSettings)
OR_LATER: dict[int | str, Any] = {202: {"model": m.ConfirmationRequired}}
SECRET: dict[str, Any] = {"tags": ["accounts"], "dependencies": [limit_secrets()]}


@app.post("/auth/register", status_code=201, response_model=m.Tokens, responses=OR_LATER, **SECRET)
def open_account(wanted: m.Registration, auth: AuthForClient, response: Response) -> Any:
    """Open an account; 202 if the link in an email has to be opened first.

    A 202 does not show whether there is an account. Until an address is confirmed, each
    registration replaces the password and the links of the one before.
    """
    opened = registration.register(auth, queue(), wanted)
    if isinstance(opened, m.ConfirmationRequired):
        return JSONResponse(opened.model_dump(), status_code=202)
    response.headers["Location"] = "/api/account"
    return opened


@app.post("/auth/login", tags=["accounts"], dependencies=[limit_secrets(claimed)])
def log_in(credentials: m.Credentials, auth: AuthForClient) -> m.Tokens:
    """Log in with an email address and its password."""
    return sign_ins.log_in(auth, get_service_client(), credentials)


@app.post("/auth/refresh", tags=["accounts"], dependencies=[limit_public(PUBLIC)])
def refresh_session(renewal: m.Renewal, auth: AuthForClient) -> m.Tokens:
    """Exchange a refresh token for new tokens.

    A repeat within 10 seconds, or with the token before the newest one, returns the session. An
    older token ends the session.
    """
    return sign_ins.refresh(auth, get_service_client(), realtime(), renewal)


@app.post(
    "/auth/logout",
    tags=["accounts"],
    status_code=204,
    response_class=Response,
    dependencies=[limit()],
)
def log_out(caller: CurrentUser, auth: AuthForClient, wanted: m.Logout | None = None) -> None:
    """End this session, or all of your sessions, and their access tokens."""
    scope = (wanted or m.Logout()).scope
    sign_ins.log_out(auth, get_service_client(), realtime(), caller.id, caller.token, scope)


@app.post("/auth/password/forgot", status_code=202, **SECRET)
def request_password_reset(forgotten: m.Forgotten, auth: AuthForClient) -> m.Accepted:
    """Have a link for a new password emailed. The answer does not show whether it was."""
    return recovery.forget(auth, queue(), forgotten)


handler = lambda_handler(app)
