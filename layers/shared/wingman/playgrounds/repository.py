"""Playgrounds in Postgres: each step is one SQL function of supabase/schemas."""

from functools import partial
from uuid import UUID

from pydantic import TypeAdapter

from wingman.kit.clients.database import Database, Refusals, call, refused_field
from wingman.kit.errors import AccountDeleted, IdempotencyKeyReused
from wingman.kit.idempotency import IdempotencyKey
from wingman.playgrounds import errors
from wingman.playgrounds.models import (
    AddedPlayground,
    FoundPlayground,
    NewPlayground,
    Playground,
    PlaygroundChange,
    Position,
    Search,
)

# Every SQLSTATE that the functions raise; a test compares them with supabase/schemas.
REFUSALS: Refusals = {
    "WA001": lambda _: AccountDeleted(),
    "WA002": lambda _: IdempotencyKeyReused(),
    "WA003": refused_field,
    "WY001": lambda _: errors.PlaygroundNotFound(),
    "WY002": lambda _: errors.NotOwner(),
    "WY003": lambda error: errors.DailyPlaygroundLimit(retry_after=int(error.detail or 1)),
    "WY004": lambda _: errors.TooManyFavourites(),
}
_call = partial(call, REFUSALS)
_FOUND = TypeAdapter(list[FoundPlayground])


def create(database: Database, new: NewPlayground, key: IdempotencyKey) -> AddedPlayground:
    answer = _call(
        database,
        "create_playground",
        idempotent=key.key is not None,
        p_name=new.name,
        p_latitude=new.latitude,
        p_longitude=new.longitude,
        p_description=new.description,
        p_idempotency_key=key.key,
        p_request_hash=key.request_hash,
    )
    return AddedPlayground.model_validate(answer)


def search(
    database: Database, wanted: Search, limit: int, after: Position | None
) -> list[FoundPlayground]:
    rank, name, playground_id = after or (None, None, None)
    rows = _call(
        database,
        "list_playgrounds",
        idempotent=True,
        p_query=wanted.q,
        p_latitude=wanted.latitude,
        p_longitude=wanted.longitude,
        p_radius=wanted.radius,
        p_unit=wanted.unit,
        p_favourite=wanted.favourite,
        p_limit=limit,
        p_after_rank=rank,
        p_after_name=name,
        p_after_id=str(playground_id) if playground_id else None,
    )
    return _FOUND.validate_python(rows)


def get(database: Database, playground_id: UUID) -> Playground:
    found = _call(database, "get_playground", idempotent=True, p_playground_id=str(playground_id))
    return Playground.model_validate(found)


def change(database: Database, playground_id: UUID, changes: PlaygroundChange) -> Playground:
    changed = _call(
        database,
        "change_playground",
        idempotent=True,
        p_playground_id=str(playground_id),
        p_changes={**changes},
    )
    return Playground.model_validate(changed)


def delete(database: Database, playground_id: UUID) -> None:
    _call(database, "delete_playground", idempotent=False, p_playground_id=str(playground_id))


def put_favourite(database: Database, playground_id: UUID) -> None:
    _call(database, "put_favourite_playground", idempotent=True, p_playground_id=str(playground_id))


def delete_favourite(database: Database, playground_id: UUID) -> None:
    _call(
        database,
        "delete_favourite_playground",
        idempotent=True,
        p_playground_id=str(playground_id),
    )
