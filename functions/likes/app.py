"""/api/likes and /api/passes: like users or pass on them, and read one's likes and passes."""

from uuid import UUID

from wingman.kit.clients.database import get_user_client
from wingman.kit.clients.queue import queue
from wingman.kit.http import PageQuery, create_app, lambda_handler, limit
from wingman.kit.http.callers import CurrentUser
from wingman.kit.settings import RedisSettings, SupabaseSettings
from wingman.likes import models, service
from wingman.likes.limits import LIKES
from wingman.notifications.settings import QueueSettings
from wingman.realtime.service import realtime
from wingman.realtime.settings import RealtimeSettings
from wingman.reputation.service import cache

app = create_app(SupabaseSettings, RedisSettings, QueueSettings, RealtimeSettings)
LIKE, PASS = "/api/likes/{user_id}", "/api/passes/{user_id}"


@app.put(LIKE, tags=["likes"], dependencies=[limit(LIKES)])
def like_user(user_id: UUID, caller: CurrentUser) -> models.GivenLike:
    """Like a user, in place of a pass. If they like you too, you have a match.

    The same like again returns the time of the first one. An open invitation between the two of
    you is accepted by your likes. A plain like notifies no one; a match notifies both.
    """
    return service.like(get_user_client(caller.token), queue(), realtime(), user_id)


@app.delete(LIKE, tags=["likes"], status_code=204, dependencies=[limit()])
def unlike_user(user_id: UUID, caller: CurrentUser) -> None:
    """Take back a like. The match that came of it ends, which keeps the two of you apart."""
    service.unlike(get_user_client(caller.token), queue(), cache(), realtime(), user_id)


@app.get("/api/likes", tags=["likes"], dependencies=[limit()])
def list_likes(
    caller: CurrentUser, page: PageQuery, direction: models.Direction
) -> models.LikePage:
    """List the likes that you gave, or those of users whom you have neither matched nor passed."""
    found, cursor = service.list_likes(get_user_client(caller.token), direction, page)
    return models.LikePage(likes=found, next_cursor=cursor)


@app.put(PASS, tags=["likes"], dependencies=[limit(LIKES)])
def pass_user(user_id: UUID, caller: CurrentUser) -> models.GivenPass:
    """Pass on a user for 30 days, in place of a like.

    The same pass again returns the times of the first one. It ends the match that came of a like.
    """
    return service.pass_on(get_user_client(caller.token), queue(), cache(), realtime(), user_id)


@app.delete(PASS, tags=["likes"], status_code=204, dependencies=[limit()])
def undo_pass(user_id: UUID, caller: CurrentUser) -> None:
    """Undo a pass."""
    service.undo_pass(get_user_client(caller.token), user_id)


@app.get("/api/passes", tags=["likes"], dependencies=[limit()])
def list_passes(caller: CurrentUser, page: PageQuery) -> models.PassPage:
    """List the users whom you have passed in the last 30 days."""
    found, cursor = service.list_passes(get_user_client(caller.token), page)
    return models.PassPage(passes=found, next_cursor=cursor)


handler = lambda_handler(app)
