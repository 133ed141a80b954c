"""Photos in PostgreSQL: steps of their users, of the worker and of time."""

from typing import Any
from uuid import uuid4

from tests.integration.connections import Connection, Row
from tests.integration.database import WORKER, Person, call, invoke, look
from tests.support.storage import MemoryCdn, MemoryStorage
from wingman.kit.clients.database import Database
from wingman.photos import sweep

RESERVATION = {"p_content_type": "image/jpeg", "p_size_bytes": 1000}


LEASE = 600


def unhurried(url: str) -> None:
    """Give workers of this database ten minutes, so that a slow machine fails no photo."""
    look(url, "update private.app_settings set photo_seconds = %s", LEASE)


def reserve(url: str, person: Person, **changes: object) -> dict[str, Any]:
    """Reserve a photo; return it with its upload key."""
    answer: dict[str, Any] = call(url, person, "reserve_photo", **RESERVATION | changes)
    return {**answer["photo"], "upload_key": answer["upload_key"], "replayed": answer["replayed"]}


def reserving(connection: Connection) -> Any:
    return invoke(connection, "reserve_photo", **RESERVATION)


def new_path() -> str:
    return f"public/{uuid4().hex}"


def finish(url: str, claimed: dict[str, Any], path: str) -> bool:
    result: bool = call(
        *(url, WORKER, "finish_photo"),
        p_id=claimed["id"],
        p_lease=claimed["lease"],
        p_path=path,
        p_width=1080,
        p_height=720,
        p_placeholder="1QcSHQRnh493V4dIh4eXh1h4kJUI",
    )
    return result


def claim(url: str, key: str) -> dict[str, Any]:
    claimed: dict[str, Any] = call(url, WORKER, "claim_photo", p_key=key)
    return claimed


def ready(url: str, person: Person) -> dict[str, Any]:
    """Add a photo that a worker has checked; return it with key and path."""
    photo, path = reserve(url, person), new_path()
    assert finish(url, claim(url, photo["upload_key"]), path)
    return photo | {"path": path}


def shown(url: str, person: Person) -> list[dict[str, Any]]:
    photos: list[dict[str, Any]] = call(url, person, "list_photos")
    return photos


def ids(url: str, person: Person) -> list[str]:
    return [photo["id"] for photo in shown(url, person)]


def seen_by_others(url: str, person: Person) -> list[dict[str, Any]]:
    [row] = look(url, "select private.photos_json(%s) as photos", person.user_id)
    photos: list[dict[str, Any]] = row["photos"]
    return photos


def pass_time(url: str, photo_id: str, **time: int) -> None:
    """Move a photo into the past, and the end of its lease with it."""
    look(
        url,
        "update public.photos set created_at = created_at - span.span,"
        " lease_expires_at = lease_expires_at - span.span, settled_at = settled_at - span.span"
        " from make_interval(hours => %s, secs => %s) as span (span) where id = %s",
        *(time.get("hours", 0), time.get("seconds", 0), photo_id),
    )


def doomed(url: str) -> list[str]:
    return [row["key"] for row in look(url, "select key from private.doomed_objects order by key")]


def objects(path: str) -> list[str]:
    return [f"{path}/1080.webp", f"{path}/320.webp"]


def make_visible(url: str, *people: Person) -> None:
    """Make the database treat only these profiles as visible."""
    named = ", ".join(f"'{person.user_id}'::uuid" for person in people)
    look(
        url,
        "create or replace function private.is_visible(p_user_id uuid) returns boolean"
        f" language sql stable as $$ select p_user_id = any (array[{named}]::uuid[]) $$",
    )


def stored(url: str, person: Person) -> list[Row]:
    return look(
        url, "select * from public.photos where user_id = %s order by sort_order", person.user_id
    )


def delete_doomed(database: Database, bucket: MemoryStorage, cdn: MemoryCdn) -> int:
    """Sweep as every minute does, without the walk; return how many objects left the bucket."""
    deleted = sweep.delete_doomed(database, bucket)
    sweep.invalidate_doomed(database, cdn)
    return deleted
