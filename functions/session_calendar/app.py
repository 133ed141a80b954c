"""The calendar link in emails: one session as a file, without a login."""

from typing import Any

from wingman.kit.clients.database import get_service_client
from wingman.kit.errors import ProblemError
from wingman.kit.http import create_app, html, lambda_handler, limit_link, problems
from wingman.kit.settings import RedisSettings, SupabaseServiceSettings, load
from wingman.notifications.email.letters import links
from wingman.notifications.email.letters.links import CalendarLink
from wingman.notifications.email.letters.settings import BrandSettings
from wingman.notifications.email.readers.pages import pages
from wingman.notifications.email.settings import LinkSettings
from wingman.sessions import calendar, service

from fastapi import Response
from starlette.requests import Request

app = create_app(SupabaseServiceSettings, RedisSettings, BrandSettings, LinkSettings)
PATH = "/email/calendar.ics"


def read(token: str) -> CalendarLink:
    return links.read_calendar(load(LinkSettings).keys, token)


LIMITED = limit_link(lambda token: read(token).user_id)
DOCUMENTED: dict[int | str, Any] = {
    200: {"content": {"text/calendar": {"schema": {"type": "string"}}}}
}


@app.get(
    PATH,
    tags=["email"],
    dependencies=[LIMITED],
    response_class=Response,
    responses=DOCUMENTED,
)
def open_session_calendar(token: str = "") -> Response:
    """Download the session of an email as a calendar file, in its current state.

    The link works without a login, so the file contains no more than the email. It ends a day after
    the start.
    """
    link = read(token)
    return Response(
        service.calendar_by_link(get_service_client(), link.session_id, link.user_id),
        headers=html.PRIVATE | {"Content-Disposition": 'attachment; filename="meeting.ics"'},
        media_type=calendar.MEDIA_TYPE,
    )


@app.exception_handler(ProblemError)
def explain(request: Request, error: ProblemError) -> Response:
    """Explain errors to people on a page and to programs in JSON."""
    answer = problems.problem(request, error)
    if not html.wants_page(request):
        return answer
    page = pages().error_page(error, request.state.request_id)
    return html.page(page.html, page.style, error.status, error.headers)


handler = lambda_handler(app)
