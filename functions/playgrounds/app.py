"""/api/playgrounds: add, find, change and delete playgrounds, and mark favourites."""

from typing import Annotated
from uuid import UUID

from wingman.kit.clients.database import get_user_client
from wingman.kit.http import IdempotentRequest, create_app, created, lambda_handler, limit
from wingman.kit.http import limit_with_refund as refunding
from wingman.kit.http.callers import CurrentUser
from wingman.kit.settings import RedisSettings, SupabaseSettings
from wingman.playgrounds import models, service
from wingman.playgrounds.limits import NEW_PLAYGROUNDS, SEARCHES

from fastapi import Query, Response

app = create_app(SupabaseSettings, RedisSettings)
PATH = "/api/playgrounds"
ONE, FAVOURITE = f"{PATH}/{{playground_id}}", f"{PATH}/{{playground_id}}/favourite"


@app.post(PATH, tags=["playgrounds"], status_code=201, dependencies=[refunding(NEW_PLAYGROUNDS)])
def create_playground(
    new: models.NewPlayground, caller: CurrentUser, key: IdempotentRequest, response: Response
) -> models.Playground:
    """Add a playground, which all users find. Yours alone to change and delete."""
    added = service.create(get_user_client(caller.token), new, key=key)
    created(response, f"{PATH}/{added.playground.id}", replayed=added.replayed)
    return added.playground


@app.get(PATH, tags=["playgrounds"], dependencies=[limit(SEARCHES)])
def list_playgrounds(
    caller: CurrentUser, search: Annotated[models.Search, Query()]
) -> models.PlaygroundPage:
    """Find playgrounds near a place, by name, or among your favourites; or by all of these.

    With a place the nearest come first, within a radius of at most 100 km; 10 of your unit unless
    you name another. By name, the exact one and those that begin like it come first, then similar
    ones. Without either, your newest favourite comes first.
    """
    return service.search(get_user_client(caller.token), search)


@app.get(ONE, tags=["playgrounds"], dependencies=[limit()])
def get_playground(playground_id: UUID, caller: CurrentUser) -> models.Playground:
    """Read one playground."""
    return service.get(get_user_client(caller.token), playground_id)


@app.patch(ONE, tags=["playgrounds"], dependencies=[limit()])
def change_playground(
    playground_id: UUID, changes: models.PlaygroundChanges, caller: CurrentUser
) -> models.Playground:
    """Change a playground that you have added; missing fields stay."""
    return service.change(get_user_client(caller.token), playground_id, changes)


@app.delete(ONE, tags=["playgrounds"], status_code=204, dependencies=[limit()])
def delete_playground(playground_id: UUID, caller: CurrentUser) -> None:
    """Delete a playground that you have added. Favourites of it go too."""
    service.delete(get_user_client(caller.token), playground_id)


@app.put(FAVOURITE, tags=["playgrounds"], status_code=204, dependencies=[limit()])
def put_favourite_playground(playground_id: UUID, caller: CurrentUser) -> None:
    """Make a playground one of your favourites; your profile shows the ten newest."""
    service.put_favourite(get_user_client(caller.token), playground_id)


@app.delete(FAVOURITE, tags=["playgrounds"], status_code=204, dependencies=[limit()])
def delete_favourite_playground(playground_id: UUID, caller: CurrentUser) -> None:
    """Take a playground out of your favourites."""
    service.delete_favourite(get_user_client(caller.token), playground_id)


handler = lambda_handler(app)
