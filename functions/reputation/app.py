"""GET /api/user/reputation/{user_id}: how reliably a user shows up."""

from uuid import UUID

from wingman.kit.clients.database import get_user_client
from wingman.kit.http import CACHED, UserGate, create_app, lambda_handler
from wingman.kit.http.callers import CurrentUser
from wingman.kit.settings import RedisSettings, SupabaseSettings
from wingman.reputation import service
from wingman.reputation.models import Reputation

app = create_app(SupabaseSettings, RedisSettings)


@app.get("/api/user/reputation/{user_id}", tags=["reputation"], responses=CACHED)
def get_reputation(user_id: UUID, caller: CurrentUser, gate: UserGate) -> Reputation:
    """Read a user's reputation. `X-Cache` states its origin: hit, miss, stale or bypass."""
    cache = service.cache()
    found = gate.look_up(cache, service.key(user_id))
    database = get_user_client(caller.token)
    answer = service.get(database, cache, found, user_id, reader_id=caller.id)
    return gate.respond(answer)


handler = lambda_handler(app)
