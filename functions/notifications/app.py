"""/api/notifications: the notifications in the app, and the pushes that a user wants."""

from typing import Annotated

from wingman.kit.clients.database import get_user_client
from wingman.kit.http import CACHEABLE, REVALIDATED, create_app, lambda_handler, limit
from wingman.kit.http.callers import CurrentUser
from wingman.kit.settings import RedisSettings, SupabaseSettings
from wingman.notifications.email.letters.settings import BrandSettings
from wingman.notifications.feed import models, service

from fastapi import Query

app = create_app(SupabaseSettings, RedisSettings, BrandSettings)
PATH = "/api/notifications"
PREFERENCES = f"{PATH}/preferences"


@app.get(PATH, tags=["notifications"], dependencies=[limit()])
def list_notifications(
    caller: CurrentUser,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> models.NotificationPage:
    """List what happened, the newest first. Nothing is added below what you have seen.

    A newer notification about the same thing takes the place of the older one. Nothing is listed
    about users who no longer exist for you.
    """
    return service.page(get_user_client(caller.token), limit, cursor)


@app.put(f"{PATH}/read", tags=["notifications"], status_code=204, dependencies=[limit()])
def put_notifications_read(seen: models.ReadUntil, caller: CurrentUser) -> None:
    """Mark a notification, and all that are older, as read."""
    service.read(get_user_client(caller.token), seen.until)


@app.get(
    PREFERENCES,
    tags=["notifications"],
    dependencies=[limit(), REVALIDATED],
    responses=CACHEABLE,
)
def get_push_preferences(caller: CurrentUser) -> models.PushPreferences:
    """Read which pushes you want; these are defaults until you change something."""
    return service.preferences(get_user_client(caller.token))


@app.put(PREFERENCES, tags=["notifications"], dependencies=[limit()])
def put_push_preferences(
    changes: models.PushPreferencesChanges, caller: CurrentUser
) -> models.PushPreferences:
    """Choose which pushes you want; missing fields stay."""
    return service.change_preferences(get_user_client(caller.token), changes)


handler = lambda_handler(app)
