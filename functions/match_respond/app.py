"""/api/matches/{match_id}: the invited user accepts or declines, and either ends the match."""

from uuid import UUID

from wingman.kit.clients.database import get_user_client
from wingman.kit.clients.queue import queue
from wingman.kit.http import create_app, lambda_handler, limit
from wingman.kit.http.callers import CurrentUser
from wingman.kit.settings import RedisSettings, SupabaseSettings
from wingman.matches import service
from wingman.matches.models import Answer, Match
from wingman.notifications.settings import QueueSettings
from wingman.realtime.service import realtime
from wingman.realtime.settings import RealtimeSettings
from wingman.reputation.service import cache

app = create_app(SupabaseSettings, RedisSettings, QueueSettings, RealtimeSettings)


@app.post("/api/matches/{match_id}/respond", tags=["matches"], dependencies=[limit()])
def respond_to_match(match_id: UUID, answer: Answer, caller: CurrentUser) -> Match:
    """Accept or decline an invitation. The same answer again returns the match unchanged.

    The initiator gets an email. It contains the reason, if you decline with one.
    """
    return service.respond(get_user_client(caller.token), queue(), realtime(), match_id, answer)


@app.post("/api/matches/{match_id}/unmatch", tags=["matches"], dependencies=[limit()])
def unmatch(match_id: UUID, caller: CurrentUser) -> Match:
    """End an accepted match, which keeps the two of you apart. Again, it returns the same match.

    The open session is cancelled; shortly before its start, that counts as a no-show, as cancelling
    it does. The other user is notified without a reason.
    """
    return service.unmatch(get_user_client(caller.token), queue(), cache(), realtime(), match_id)


handler = lambda_handler(app)
