"""/api/sessions/{session_id}/feedback: say how a meeting was."""

from http import HTTPStatus
from uuid import UUID

from wingman.kit.clients.database import get_user_client
from wingman.kit.http import create_app, created, lambda_handler, limit
from wingman.kit.http.callers import CurrentUser
from wingman.kit.settings import RedisSettings, SupabaseSettings
from wingman.sessions import feedback as service
from wingman.sessions.models import Answer, GivenFeedback

from fastapi import Response

PATH = "/api/sessions/{session_id}/feedback"
app = create_app(SupabaseSettings, RedisSettings)


@app.post(
    PATH,
    tags=["sessions"],
    status_code=HTTPStatus.CREATED,
    dependencies=[limit()],
    responses={200: {"model": GivenFeedback, "description": "You have said the same before."}},
)
def give_feedback(
    session_id: UUID, feedback: Answer, caller: CurrentUser, response: Response
) -> GivenFeedback:
    """Say how a session was, once it is over. The other user never reads it."""
    given = service.give(get_user_client(caller.token), session_id, feedback)
    created(response, PATH.format(session_id=session_id), replayed=given.replayed)
    if given.replayed:
        response.status_code = HTTPStatus.OK
    return given.feedback


@app.get(PATH, tags=["sessions"], dependencies=[limit()])
def get_feedback(session_id: UUID, caller: CurrentUser) -> GivenFeedback:
    """Read your own feedback on a session."""
    return service.get(get_user_client(caller.token), session_id)


handler = lambda_handler(app)
