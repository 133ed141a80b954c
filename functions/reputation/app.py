"""GET /api/user/reputation/{user_id}: how reliably somebody shows up."""

from uuid import UUID

from fastapi import Response

from wingman.kit.auth import CurrentUser
from wingman.kit.cache import Source
from wingman.kit.database import get_user_client
from wingman.kit.http import UserGate, create_app, lambda_handler
from wingman.kit.settings import RedisSettings, SupabaseSettings
from wingman.reputation import service
from wingman.reputation.models import Reputation

app = create_app(SupabaseSettings, RedisSettings)


SHOWN = {"X-Cache": {"schema": {"type": "string", "enum": [source.value for source in Source]}}}


@app.get("/api/user/reputation/{user_id}", tags=["reputation"], responses={200: {"headers": SHOWN}})
def get_reputation(
    user_id: UUID, caller: CurrentUser, gate: UserGate, response: Response
) -> Reputation:
    """Read a user's reputation. `X-Cache` says where it comes from: hit, miss, stale, bypass."""
    cache = service.cache()
    found = gate.look_up(cache, service.key(user_id))
    answer = service.get(get_user_client(caller.token), cache, found, user_id)
    response.headers["X-Cache"] = answer.source
    return answer.value


handler = lambda_handler(app)
