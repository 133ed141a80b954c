"""/api/blocks and /api/reports: block users, and report them to the operators."""

from http import HTTPStatus
from uuid import UUID

from wingman.kit.clients.database import get_user_client
from wingman.kit.clients.queue import queue
from wingman.kit.http import PageQuery, create_app, lambda_handler, limit
from wingman.kit.http.callers import CurrentUser
from wingman.kit.settings import RedisSettings, SupabaseSettings
from wingman.notifications.settings import QueueSettings
from wingman.realtime.service import realtime
from wingman.realtime.settings import RealtimeSettings
from wingman.reputation.service import cache
from wingman.safety import service
from wingman.safety.limits import BLOCKS, REPORTS
from wingman.safety.models import BlockPage, NewReport, Report

app = create_app(SupabaseSettings, RedisSettings, QueueSettings, RealtimeSettings)
ONE = "/api/blocks/{user_id}"


@app.get("/api/blocks", tags=["safety"], dependencies=[limit()])
def list_blocks(caller: CurrentUser, page: PageQuery) -> BlockPage:
    """List the users whom you have blocked, newest first."""
    blocks, cursor = service.list_blocks(get_user_client(caller.token), page)
    return BlockPage(blocks=blocks, next_cursor=cursor)


@app.put(ONE, tags=["safety"], status_code=HTTPStatus.NO_CONTENT, dependencies=[limit(BLOCKS)])
def put_block(user_id: UUID, caller: CurrentUser) -> None:
    """Block a user. Neither of you exists for the other from now on.

    A match of yours ends, and so does a planned meeting. The other user does not learn of the
    block. The answer is the same for an id that no user has.
    """
    service.block(get_user_client(caller.token), queue(), cache(), realtime(), user_id)


@app.delete(ONE, tags=["safety"], status_code=HTTPStatus.NO_CONTENT, dependencies=[limit(BLOCKS)])
def delete_block(user_id: UUID, caller: CurrentUser) -> None:
    """Take back a block. A match that it ended stays ended."""
    service.unblock(get_user_client(caller.token), cache(), user_id)


@app.post(
    "/api/reports",
    tags=["safety"],
    status_code=HTTPStatus.CREATED,
    dependencies=[limit(REPORTS)],
)
def create_report(new: NewReport, caller: CurrentUser) -> Report:
    """Report a user to the operators. The same report again returns the first one.

    A photo or message of the user can be named; the operators see it even if it is deleted. The
    answer is the same for an id that no user has. A report does not block.
    """
    return service.report(get_user_client(caller.token), cache(), new)


handler = lambda_handler(app)
