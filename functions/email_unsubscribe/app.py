"""The links in emails: one-click unsubscribe and preferences, without a login."""

from http import HTTPStatus
from typing import Any

from wingman.kit.errors import ProblemError
from wingman.kit.http import create_app, html, lambda_handler, limit_link, problems
from wingman.kit.http.bodies import RequestFields, documented
from wingman.kit.settings import RedisSettings, SupabaseServiceSettings
from wingman.notifications.email.letters.settings import BrandSettings
from wingman.notifications.email.readers.pages import FORM, Page, pages
from wingman.notifications.email.readers.self_service import (
    BODY,
    ONE_CLICK,
    Unsubscribed,
    reader,
    self_service,
)
from wingman.notifications.email.settings import LinkSettings

from fastapi.responses import HTMLResponse
from starlette.requests import Request
from starlette.responses import Response

app = create_app(SupabaseServiceSettings, RedisSettings, BrandSettings, LinkSettings)
UNSUBSCRIBE, PREFERENCES = "/api/email/unsubscribe", "/email/preferences"
OPEN: dict[str, Any] = {"tags": ["email"], "dependencies": [limit_link(reader)]}
PAGE: dict[str, Any] = OPEN | {"response_class": HTMLResponse}
WISH = documented(ONE_CLICK, BODY)
OR_PAGE: dict[int | str, Any] = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}


@app.get(UNSUBSCRIBE, **PAGE)
def ask_to_unsubscribe(token: str = "") -> HTMLResponse:
    """Show a page with an unsubscribe button; changes nothing."""
    return show(self_service().ask(token))


@app.post(UNSUBSCRIBE, response_model=Unsubscribed, responses=OR_PAGE, openapi_extra=WISH, **OPEN)
def unsubscribe(request: Request, fields: RequestFields, token: str = "") -> Any:
    """Turn off a category of emails: the form of RFC 8058, or JSON `{token, category?}`."""
    answer, page = self_service().unsubscribe(token, fields)
    return show(page) if html.wants_page(request) else answer


@app.get(PREFERENCES, **PAGE)
def show_preference_page(token: str = "") -> HTMLResponse:
    """Show the preferences of an email's reader as a form; changes nothing."""
    return show(self_service().show(token))


@app.post(PREFERENCES, openapi_extra=documented(FORM), **PAGE)
def save_preference_page(fields: RequestFields, token: str = "") -> HTMLResponse:
    """Save the form and show it again, with an explanation if it is not valid."""
    page = self_service().save(token, fields)
    return show(page, HTTPStatus.UNPROCESSABLE_ENTITY if page.is_refusal else HTTPStatus.OK)


@app.exception_handler(ProblemError)
def explain(request: Request, error: ProblemError) -> Response:
    """Explain errors to people on a page and to programs in JSON."""
    answer = problems.problem(request, error)
    by_program = request.method == "POST" and request.url.path == UNSUBSCRIBE
    if by_program and not html.wants_page(request):
        return answer
    page = pages().error_page(error, request.state.request_id)
    return html.page(page.html, page.style, error.status, error.headers)


def show(page: Page, status: int = HTTPStatus.OK) -> HTMLResponse:
    return html.page(page.html, page.style, status)


handler = lambda_handler(app)
