"""The links in emails about accounts: pages for people, and the same steps in JSON for apps."""

from typing import Annotated, Any

from wingman.accounts import models as m
from wingman.accounts import recovery
from wingman.kit.clients.database import get_service_client
from wingman.kit.errors import InvalidRequest, ProblemError
from wingman.kit.http import create_app, html, lambda_handler, limit_public, limit_secrets
from wingman.kit.http.bodies import RequestFields, documented, parsed
from wingman.kit.http.secrets import AuthForClient
from wingman.kit.limits.limits import PUBLIC
from wingman.kit.settings import RedisSettings, SupabaseServiceSettings, load
from wingman.notifications.email.letters.settings import BrandSettings
from wingman.notifications.email.readers.pages import pages
from wingman.realtime.service import realtime
from wingman.realtime.settings import RealtimeSettings

from fastapi import Query
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.requests import Request

app = create_app(SupabaseServiceSettings, RedisSettings, BrandSettings, RealtimeSettings)
CONFIRM, RESET = "/auth/confirm", "/auth/password/reset"
TAGS: dict[str, Any] = {"tags": ["accounts"]}
SHOWN = TAGS | {"dependencies": [limit_public(PUBLIC)], "response_class": HTMLResponse}
USED = TAGS | {"dependencies": [limit_secrets()], "response_model": m.Tokens}
OR_PAGE: dict[int | str, Any] = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}
OR_LATER = OR_PAGE | {202: {"model": m.ConfirmationRequired}}
FORMS = documented(recovery.CONFIRMATION), documented(recovery.RESET)
Kind = Annotated[str, Query(alias="type")]


@app.get(CONFIRM, **SHOWN)
def show_confirmation_page(token: str = "", kind: Kind = "") -> HTMLResponse:
    """Show a page with one button; changes nothing, because programs follow links in emails."""
    return html.show(pages().account_link_page(recovery.read_link(token, kind).type))


@app.post(CONFIRM, responses=OR_LATER, openapi_extra=FORMS[0], **USED)
def confirm_email(
    request: Request, fields: RequestFields, auth: AuthForClient, token: str = "", kind: Kind = ""
) -> Any:
    """Use the token of an email; a change of address needs those of both emails, 202 until then."""
    wanted = parsed(m.Confirmation, {"token": token, "type": kind, **fields})
    answer = recovery.confirm(auth, get_service_client(), wanted)
    if html.wants_page(request):
        return used(wanted.type, answer)
    return answer if isinstance(answer, m.Tokens) else JSONResponse(answer.model_dump(), 202)


@app.get(RESET, **SHOWN)
def show_reset_page(token: str = "") -> HTMLResponse:
    """Show a page that asks for a new password; changes nothing."""
    recovery.read_link(token, m.LinkKind.SIGNUP)
    return html.show(pages().password_reset_page())


@app.post(RESET, responses=OR_PAGE, openapi_extra=FORMS[1], **USED)
def reset_password(
    request: Request, fields: RequestFields, auth: AuthForClient, token: str = ""
) -> Any:
    """Set a new password with the token of an email; all other sessions end."""
    try:
        wanted = parsed(m.Reset, {"token": token, **fields})
        tokens = recovery.reset(auth, get_service_client(), realtime(), wanted)
    except InvalidRequest as error:
        if html.wants_page(request) and (problem := error.fields.get("password")):
            return html.show(pages().password_reset_page(problem), error.status)
        raise
    return used("recovery", tokens) if html.wants_page(request) else tokens


def used(kind: str, answer: m.Tokens | m.ConfirmationRequired) -> HTMLResponse:
    in_app = answer.handed_to(load(BrandSettings).app_url) if isinstance(answer, m.Tokens) else None
    return html.show(pages().account_link_used_page(kind, in_app))


app.add_exception_handler(ProblemError, html.explained_by(lambda *of: pages().error_page(*of)))
handler = lambda_handler(app)
