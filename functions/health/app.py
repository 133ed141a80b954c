"""GET /health: the state of all dependencies. GET /api/features: the enabled features."""

from http import HTTPStatus

from wingman.kit.http import (
    CACHEABLE,
    create_app,
    lambda_handler,
    limit_always_open,
    limit_public,
)
from wingman.kit.limits.limits import PUBLIC
from wingman.kit.settings import RedisSettings, SupabaseServiceSettings, SupabaseSettings
from wingman.notifications.email.settings import ProviderSettings
from wingman.status.features import Features, features
from wingman.status.health import Health, check_health
from wingman.status.settings import FeatureSettings

from fastapi import Response

app = create_app(
    SupabaseSettings,
    SupabaseServiceSettings,
    RedisSettings,
    ProviderSettings,
    FeatureSettings,
)


@app.get(
    "/health",
    tags=["health"],
    response_model_exclude_none=True,
    responses={HTTPStatus.SERVICE_UNAVAILABLE: {"model": Health}},
    dependencies=[limit_always_open(PUBLIC)],
)
def get_health(response: Response) -> Health:
    """Check all dependencies: 200 if the service can serve, 503 without the database."""
    health = check_health()
    if health.status == "unhealthy":
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return health


@app.get("/api/features", tags=["health"], responses=CACHEABLE, dependencies=[limit_public(PUBLIC)])
def get_features(response: Response) -> Features:
    """Return the features that an app should show; without `ai_coaching` the coach answers 404."""
    response.headers["Cache-Control"] = "public, max-age=60"
    return features()


handler = lambda_handler(app)
