"""POST /api/sessions: plan a meeting on an accepted match."""

from http import HTTPStatus

from wingman.kit.clients.database import get_user_client
from wingman.kit.clients.queue import queue
from wingman.kit.http import (
    IdempotentRequest,
    create_app,
    created,
    lambda_handler,
    limit_with_refund,
)
from wingman.kit.http.callers import CurrentUser
from wingman.kit.settings import RedisSettings, SupabaseSettings
from wingman.notifications.email.limits import EMAIL
from wingman.notifications.settings import QueueSettings
from wingman.reputation import service as reputation
from wingman.sessions import service
from wingman.sessions.models import Plan, Session

from fastapi import Response

app = create_app(SupabaseSettings, RedisSettings, QueueSettings)


@app.post(
    "/api/sessions",
    tags=["sessions"],
    status_code=HTTPStatus.CREATED,
    dependencies=[limit_with_refund(EMAIL)],
)
def create_session(
    plan: Plan, caller: CurrentUser, key: IdempotentRequest, response: Response
) -> Session:
    """Plan a meeting, at least 15 minutes ahead.

    Both users get an email, and reminders a day and two hours before it.
    You can plan or reschedule three times in a row, then once every 100 seconds.
    """
    change = service.create(
        get_user_client(caller.token), queue(), reputation.cache(), plan, key=key
    )
    created(response, f"/api/sessions/{change.session.id}", replayed=change.replayed)
    return change.session


handler = lambda_handler(app)
