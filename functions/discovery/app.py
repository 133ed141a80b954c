"""GET /api/discovery: profiles that the caller may like."""

from typing import Annotated

from wingman.discovery import lists, models, service
from wingman.discovery.keys import key
from wingman.discovery.limits import DISCOVERY
from wingman.kit.clients.database import get_user_client
from wingman.kit.http import CACHED, Gate, create_app, gate, lambda_handler
from wingman.kit.http.callers import CurrentUser
from wingman.kit.settings import RedisSettings, SupabaseSettings

from fastapi import Query, Response

app = create_app(SupabaseSettings, RedisSettings)


@app.get("/api/discovery", tags=["discovery"], responses=CACHED)
def discover_profiles(
    caller: CurrentUser,
    limits: Annotated[Gate, gate(DISCOVERY)],
    wanted: Annotated[models.Wanted, Query()],
    response: Response,
) -> models.DiscoveryPage:
    """List profiles, the best first. Each of them accepts your like at this moment.

    A cursor follows one list: pages repeat and lose no profile, whatever you like or pass in the
    meantime. After half an hour, or when your preferences or your location change, it is
    `cursor_expired`. `stage` says how far the list goes: as you prefer, wider, or anywhere.
    """
    response.headers["Cache-Control"] = "private, no-store"
    cache = lists.cache()
    found = limits.look_up(cache, key(caller.id))
    return limits.respond(service.get(get_user_client(caller.token), cache, found, wanted))


handler = lambda_handler(app)
