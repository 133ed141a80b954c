"""/api/profile: the caller's profile, location and preferences; /api/profiles: others' cards."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from wingman.kit.clients.database import get_user_client
from wingman.kit.http import CACHEABLE, REVALIDATED, create_app, created, lambda_handler
from wingman.kit.http.callers import CurrentUser
from wingman.kit.http.limiting import limit, limit_with_refund
from wingman.kit.settings import RedisSettings, SupabaseSettings
from wingman.profiles.dogs import models, service
from wingman.profiles.dogs.limits import LOCATION

from fastapi import Response

PATH, READ = "/api/profile", [limit(), REVALIDATED]
app = create_app(SupabaseSettings, RedisSettings)


@app.get(PATH, tags=["profile"], dependencies=READ, responses=CACHEABLE)
def get_profile(caller: CurrentUser) -> models.OwnProfile:
    """Read your profile, and what is missing before others see it."""
    return service.get(get_user_client(caller.token))


CREATED: dict[int | str, Any] = {201: {"model": models.OwnProfile, "description": "Created"}}


@app.put(PATH, tags=["profile"], dependencies=[limit()], responses=CREATED)
def put_profile(
    profile: models.NewProfile, caller: CurrentUser, response: Response
) -> models.OwnProfile:
    """Create your profile, or replace it: a missing field gets its default. Photos stay."""
    stored = service.put(get_user_client(caller.token), profile)
    if stored.created:
        response.status_code = HTTPStatus.CREATED
        created(response, PATH, replayed=False)
    return stored.profile


@app.patch(PATH, tags=["profile"], dependencies=[limit()])
def change_profile(change: models.ProfileChanges, caller: CurrentUser) -> models.OwnProfile:
    """Change your profile; missing fields stay. Matches see it even if it is not visible."""
    return service.change(get_user_client(caller.token), change)


@app.put(f"{PATH}/location", tags=["profile"], dependencies=[limit_with_refund(LOCATION)])
def put_location(place: models.Coordinates, caller: CurrentUser) -> models.Location:
    """Say where you are. Others learn it only to about a kilometre."""
    return service.put_location(get_user_client(caller.token), place)


@app.delete(f"{PATH}/location", tags=["profile"], dependencies=[limit()], status_code=204)
def delete_location(caller: CurrentUser) -> None:
    """Forget where you are. Until you say it again, your profile is not published."""
    service.delete_location(get_user_client(caller.token))


@app.get(f"{PATH}/preferences", tags=["profile"], dependencies=READ, responses=CACHEABLE)
def get_profile_preferences(caller: CurrentUser) -> models.ProfilePreferences:
    """Read which dogs you look for; these are defaults until you change something."""
    return service.preferences(get_user_client(caller.token))


@app.put(f"{PATH}/preferences", tags=["profile"], dependencies=[limit()])
def put_profile_preferences(
    changes: models.ProfilePreferenceChanges, caller: CurrentUser
) -> models.ProfilePreferences:
    """Change which dogs you look for; missing fields stay. A unit alone converts the distance."""
    return service.change_preferences(get_user_client(caller.token), changes)


@app.get("/api/profiles/{user_id}", tags=["profile"], dependencies=READ, responses=CACHEABLE)
def get_card(user_id: UUID, caller: CurrentUser) -> models.Card:
    """Read a user's profile as others see it. One that is hidden exists only for its matches."""
    return service.card(get_user_client(caller.token), user_id)


handler = lambda_handler(app)
