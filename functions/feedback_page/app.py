"""The feedback link in emails: a page that asks how a meeting was, without a login."""

from typing import Any

from wingman.kit.clients.database import get_service_client
from wingman.kit.errors import InvalidRequest, ProblemError
from wingman.kit.http import create_app, html, lambda_handler, limit_link
from wingman.kit.http.bodies import RequestFields, documented
from wingman.kit.settings import RedisSettings, SupabaseServiceSettings, load
from wingman.notifications.email.letters import links
from wingman.notifications.email.letters.links import FeedbackLink
from wingman.notifications.email.letters.settings import BrandSettings
from wingman.notifications.email.readers.pages import pages
from wingman.notifications.email.settings import LinkSettings
from wingman.sessions import feedback

from fastapi.responses import HTMLResponse

app = create_app(SupabaseServiceSettings, RedisSettings, BrandSettings, LinkSettings)
PATH = "/email/feedback"


def read(token: str) -> FeedbackLink:
    return links.read_feedback(load(LinkSettings).keys, token)


OPEN: dict[str, Any] = {
    "tags": ["email"],
    "dependencies": [limit_link(lambda token: read(token).user_id)],
    "response_class": HTMLResponse,
}


@app.get(PATH, **OPEN)
def show_feedback_page(token: str = "") -> HTMLResponse:
    """Ask how a meeting was; changes nothing. The link ends 30 days after the start."""
    link = read(token)
    question = feedback.question(get_service_client(), link.session_id, link.user_id)
    if question.answered:
        return html.show(pages().feedback_given_page())
    return html.show(pages().feedback_page(question.partner_name, {}))


@app.post(PATH, openapi_extra=documented(feedback.FORM), **OPEN)
def save_feedback_page(fields: RequestFields, token: str = "") -> HTMLResponse:
    """Save the form, or show it again with an explanation if it is not valid."""
    link, database = read(token), get_service_client()
    try:
        feedback.give_by_link(database, link.session_id, link.user_id, feedback.of_form(fields))
    except InvalidRequest as error:
        question = feedback.question(database, link.session_id, link.user_id)
        return html.show(
            pages().feedback_page(question.partner_name, fields, error.detail), error.status
        )
    return html.show(pages().feedback_given_page())


app.add_exception_handler(ProblemError, html.explained_by(lambda *of: pages().error_page(*of)))

handler = lambda_handler(app)
