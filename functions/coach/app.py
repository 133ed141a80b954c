"""POST /api/coach/tips: tips for a challenge or a meeting, from a language model."""

from wingman.coach import service
from wingman.coach.limits import daily_tips
from wingman.coach.models import Ask, Tips
from wingman.coach.provider import coach
from wingman.coach.settings import CoachSettings
from wingman.kit.clients.database import get_user_client
from wingman.kit.http import CACHED, LimitedRoute, UserGate, create_app, lambda_handler
from wingman.kit.http.callers import CurrentUser
from wingman.kit.limits.limiter import limiter
from wingman.kit.settings import RedisSettings, SupabaseSettings, load

from fastapi import APIRouter

router = APIRouter(route_class=LimitedRoute)


@router.post("/api/coach/tips", tags=["coach"], responses=CACHED)
def get_tips(ask: Ask, caller: CurrentUser, gate: UserGate) -> Tips:
    """Ask for tips. A language model gets your question without addresses, numbers and names.

    Repeating a question does not count towards the daily limit. This path exists only if coaching
    is enabled.
    """
    cache, budget = service.cache(), daily_tips()
    found = gate.look_up(cache, service.key(ask, caller.id, load(CoachSettings).coach_model))
    answer = service.tips(
        get_user_client(caller.token),
        coach,
        limiter(),
        cache,
        found,
        ask,
        budget={budget.key(str(caller.id)): budget},
    )
    return gate.respond(answer)


app = create_app(SupabaseSettings, RedisSettings, CoachSettings)
if load(CoachSettings).enable_ai_coaching:
    app.include_router(router)

handler = lambda_handler(app)
