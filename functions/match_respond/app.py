"""POST /api/matches/{match_id}/respond: the invited user accepts or declines."""

from uuid import UUID

from wingman.kit.clients.database import get_user_client
from wingman.kit.clients.queue import queue
from wingman.kit.http import create_app, lambda_handler, limit
from wingman.kit.http.callers import CurrentUser
from wingman.kit.settings import RedisSettings, SupabaseSettings
from wingman.matches import service
from wingman.matches.models import Answer, Match
from wingman.notifications.settings import QueueSettings

app = create_app(SupabaseSettings, RedisSettings, QueueSettings)


@app.post("/api/matches/{match_id}/respond", tags=["matches"], dependencies=[limit()])
def respond_to_match(match_id: UUID, answer: Answer, caller: CurrentUser) -> Match:
    """Accept or decline an invitation. The same answer again returns the match unchanged.

    The initiator gets an email. It contains the reason, if you decline with one.
    """
    return service.respond(get_user_client(caller.token), queue(), match_id, answer)


handler = lambda_handler(app)
