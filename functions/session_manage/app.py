"""/api/sessions: read one's meetings, change or cancel them, confirm or report them."""

from uuid import UUID

from wingman.kit.clients.database import get_user_client
from wingman.kit.clients.queue import queue
from wingman.kit.http import PageQuery, create_app, lambda_handler, limit, limit_with_refund
from wingman.kit.http.callers import CurrentUser
from wingman.kit.settings import RedisSettings, SupabaseSettings
from wingman.notifications.email.limits import EMAIL
from wingman.notifications.settings import QueueSettings
from wingman.reputation.service import cache
from wingman.sessions import calendar, models, service

from fastapi import Response

SESSIONS, EMAILING = "/api/sessions", limit_with_refund(EMAIL, where=models.EMAILED)
app = create_app(SupabaseSettings, RedisSettings, QueueSettings, elsewhere={SESSIONS: {"POST"}})


@app.get(SESSIONS, tags=["sessions"], dependencies=[limit()])
def list_sessions(
    caller: CurrentUser, page: PageQuery, status: models.SessionStatus | None = None
) -> models.SessionPage:
    """List your sessions, newest first."""
    found, cursor = service.list_sessions(get_user_client(caller.token), status, page)
    return models.SessionPage(sessions=found, next_cursor=cursor)


@app.get("/api/sessions/{session_id}", tags=["sessions"], dependencies=[limit()])
def get_session(session_id: UUID, caller: CurrentUser) -> models.Session:
    """Read one of your sessions."""
    return service.get(get_user_client(caller.token), session_id)


@app.patch("/api/sessions/{session_id}", tags=["sessions"], dependencies=[EMAILING])
def update_session(session_id: UUID, change: models.Changes, caller: CurrentUser) -> models.Session:
    """Change time or place before the start and email both users; change notes while it is open."""
    return service.update(get_user_client(caller.token), queue(), cache(), session_id, change)


@app.post("/api/sessions/{session_id}/cancel", tags=["sessions"], dependencies=[limit()])
def cancel_session(
    session_id: UUID, caller: CurrentUser, cancellation: models.Cancellation | None = None
) -> models.Session:
    """Cancel and email the other user; late, of a plan known for 2 hours, it is a no-show."""
    reason = cancellation.reason if cancellation else None
    return service.cancel(get_user_client(caller.token), queue(), cache(), session_id, reason)


@app.post("/api/sessions/{session_id}/confirm", tags=["sessions"], dependencies=[limit()])
def confirm_session(session_id: UUID, caller: CurrentUser) -> models.Session:
    """Confirm that the other user took part, after the start. Two confirmations complete it."""
    return service.confirm(get_user_client(caller.token), queue(), cache(), session_id)


@app.post("/api/sessions/{session_id}/no-show", tags=["sessions"], dependencies=[limit()])
def report_no_show(session_id: UUID, caller: CurrentUser) -> models.Session:
    """Report that the other user did not come, from 15 minutes to 7 days after the start."""
    return service.report_no_show(get_user_client(caller.token), queue(), cache(), session_id)


@app.get(
    "/api/sessions/{session_id}/calendar.ics",
    tags=["sessions"],
    dependencies=[limit()],
    response_class=Response,
    responses={200: {"content": {"text/calendar": {"schema": {"type": "string"}}}}},
)
def get_session_calendar(session_id: UUID, caller: CurrentUser) -> Response:
    """Download a session as a calendar file; a newer file updates the same event (RFC 5545)."""
    return Response(
        service.calendar(get_user_client(caller.token), session_id),
        headers={"Content-Disposition": 'attachment; filename="meeting.ics"'},
        media_type=calendar.MEDIA_TYPE,
    )


handler = lambda_handler(app)
