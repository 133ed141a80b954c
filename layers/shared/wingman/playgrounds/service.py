"""Playgrounds: public places for dogs. Their exact coordinates are for everyone."""

import base64
import json
from uuid import UUID

from pydantic import TypeAdapter

from wingman.kit.clients.database import Database
from wingman.kit.errors import InvalidRequest
from wingman.kit.idempotency import IdempotencyKey
from wingman.kit.observability import logger
from wingman.playgrounds import repository
from wingman.playgrounds.models import (
    AddedPlayground,
    NewPlayground,
    Playground,
    PlaygroundChange,
    PlaygroundPage,
    Position,
    Search,
)

_POSITION: TypeAdapter[Position] = TypeAdapter(Position)


def create(database: Database, new: NewPlayground, *, key: IdempotencyKey) -> AddedPlayground:
    """Add a playground. The same key again returns the first answer."""
    added = repository.create(database, new, key)
    logger().info("playground.added", extra={"playground_id": str(added.playground.id)})
    return added


def search(database: Database, wanted: Search) -> PlaygroundPage:
    """List playgrounds: the nearest first, else by name, else the newest favourite first."""
    limit = wanted.limit
    after = None if wanted.cursor is None else _decode(wanted.cursor)
    found = repository.search(database, wanted, limit + 1, after)
    return PlaygroundPage(
        playgrounds=[each.playground for each in found[:limit]],
        next_cursor=_encode(found[limit - 1].position) if len(found) > limit else None,
    )


def get(database: Database, playground_id: UUID) -> Playground:
    return repository.get(database, playground_id)


def change(database: Database, playground_id: UUID, changes: PlaygroundChange) -> Playground:
    changed = repository.change(database, playground_id, changes)
    details = {"playground_id": str(playground_id), "fields": sorted(changes)}
    logger().info("playground.changed", extra=details)
    return changed


def delete(database: Database, playground_id: UUID) -> None:
    """Delete the caller's playground with its favourites."""
    repository.delete(database, playground_id)
    logger().info("playground.deleted", extra={"playground_id": str(playground_id)})


def put_favourite(database: Database, playground_id: UUID) -> None:
    repository.put_favourite(database, playground_id)
    logger().info("playground.favourite_added", extra={"playground_id": str(playground_id)})


def delete_favourite(database: Database, playground_id: UUID) -> None:
    repository.delete_favourite(database, playground_id)
    logger().info("playground.favourite_removed", extra={"playground_id": str(playground_id)})


def _encode(position: Position) -> str:
    rank, name, playground_id = position
    text = json.dumps([rank, name, str(playground_id)], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str) -> Position:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return _POSITION.validate_json(text)
    except ValueError as error:
        message = "must be the unchanged next_cursor of the previous page"
        raise InvalidRequest(fields={"cursor": message}) from error
