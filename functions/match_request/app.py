"""/api/matches: invite a user, read one's matches, withdraw an invitation."""

from http import HTTPStatus
from uuid import UUID

from wingman.kit.clients.database import get_user_client
from wingman.kit.clients.queue import queue
from wingman.kit.http import (
    IdempotentRequest,
    PageQuery,
    create_app,
    created,
    lambda_handler,
    limit,
)
from wingman.kit.http.callers import CurrentUser
from wingman.kit.settings import RedisSettings, SupabaseSettings, load
from wingman.matches import service
from wingman.matches.limits import MATCH_REQUESTS
from wingman.matches.models import Invitation, Match, MatchPage, MatchStatus
from wingman.matches.settings import MatchSettings
from wingman.notifications.settings import QueueSettings

from fastapi import Response

app = create_app(SupabaseSettings, RedisSettings, QueueSettings, MatchSettings)


@app.post(
    "/api/matches",
    tags=["matches"],
    status_code=HTTPStatus.CREATED,
    dependencies=[limit(MATCH_REQUESTS)],
)
def request_match(
    invitation: Invitation, caller: CurrentUser, key: IdempotentRequest, response: Response
) -> Match:
    """Invite a user to meet. They get an email and have 48 hours to answer."""
    change = service.request(
        get_user_client(caller.token),
        queue(),
        invitation,
        key=key,
        max_daily=load(MatchSettings).max_daily_matches,
    )
    created(response, f"/api/matches/{change.match.id}", replayed=change.replayed)
    return change.match


@app.get("/api/matches", tags=["matches"], dependencies=[limit()])
def list_matches(
    caller: CurrentUser, page: PageQuery, status: MatchStatus | None = None
) -> MatchPage:
    """List your matches, newest first."""
    matches, cursor = service.list_matches(get_user_client(caller.token), status, page)
    return MatchPage(matches=matches, next_cursor=cursor)


@app.get("/api/matches/{match_id}", tags=["matches"], dependencies=[limit()])
def get_match(match_id: UUID, caller: CurrentUser) -> Match:
    """Read one of your matches."""
    return service.get(get_user_client(caller.token), match_id)


@app.post("/api/matches/{match_id}/withdraw", tags=["matches"], dependencies=[limit()])
def withdraw_match(match_id: UUID, caller: CurrentUser) -> Match:
    """Withdraw an invitation that has not been answered."""
    return service.withdraw(get_user_client(caller.token), queue(), match_id)


handler = lambda_handler(app)
