"""`DELETE /api/account` leaves only hashes in tables, Redis, objects and queues."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import boto3
import httpx
import psycopg
import pytest
from psycopg import sql
from redis import Redis

from tests.support.api import Api
from tests.support.functions import Function
from tests.support.meetings import match
from tests.support.people import People, Person
from tests.support.supabase_auth import PASSWORD, Account, SupabaseAuth

Load = Callable[..., Function]
Found = list[tuple[str, str]]

# A word unique to this run.
WORD = "".join(chr(ord("a") + number % 26) for number in uuid4().bytes)
NAME, WORDS = WORD.title(), f"{WORD} stripes at noon"
# The mark that refuses old tokens lasts a week; rate-limit buckets last minutes.
KEPT_KEYS = ("departed:user:", "ratelimit:")
# Hashes of an email or IP address: a new account cannot escape the limits.
HASHES = {"address_hash", "ip_hash"}
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def tables(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    rows = connection.execute(
        "select table_schema, table_name from information_schema.tables"
        " where table_type = 'BASE TABLE'"
        " and table_schema not in ('pg_catalog', 'information_schema', 'extensions')"
    )
    return [(schema, name) for schema, name in rows.fetchall()]


def contents(connection: psycopg.Connection[Any]) -> Iterator[tuple[str, str]]:
    """Yield each row of each table as text, with the name of its table."""
    for schema, name in tables(connection):
        rows = connection.execute(
            sql.SQL("select to_jsonb(found)::text from {} as found").format(
                sql.Identifier(schema, name)
            )
        )
        for (row,) in rows.fetchall():
            yield f"{schema}.{name}", row


def in_tables(people: People, needles: list[str]) -> Found:
    return [
        (table, needle)
        for table, row in contents(people.connection)
        for needle in needles
        if needle.lower() in row.lower()
    ]


def in_redis(url: str, needles: list[str]) -> Found:
    with Redis.from_url(url, decode_responses=True) as redis:
        kept = {str(key): f"{key} {value_of(redis, str(key))}".lower() for key in redis.scan_iter()}
    return [
        (key, needle)
        for key, text in kept.items()
        for needle in needles
        if needle.lower() in text and not key.startswith(KEPT_KEYS)
    ]


def value_of(redis: Any, key: str) -> object:
    match str(redis.type(key)):
        case "string":
            return redis.get(key)
        case "hash":
            return redis.hgetall(key)
        case "list":
            return redis.lrange(key, 0, -1)
        case "set":
            return redis.smembers(key)
        case "zset":
            return redis.zrange(key, 0, -1)
        case other:
            raise AssertionError(f"{key} is a {other}")


def aws(stack: dict[str, str], service: Any) -> Any:
    return boto3.client(
        service,
        endpoint_url=stack["AWS_ENDPOINT_URL"],
        region_name=stack["AWS_REGION"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def in_objects(stack: dict[str, str], needles: list[str], before: set[str]) -> Found:
    """Find new objects that contain a needle in their key or body."""
    found = []
    for name, body in objects(stack).items():
        text = (name + body.decode("latin-1")).lower()
        found += [(name, each) for each in needles if name not in before and each.lower() in text]
    return found


def objects(stack: dict[str, str]) -> dict[str, bytes]:
    """Return the objects in the bucket of photos."""
    client, bucket = aws(stack, "s3"), stack["PHOTOS_BUCKET"]
    listed = client.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {
        each["Key"]: client.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
        for each in listed
    }


def in_queues(stack: dict[str, str], needles: list[str]) -> Found:
    client = aws(stack, "sqs")
    found = []
    for url in client.list_queues().get("QueueUrls", []):
        waiting = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        for message in waiting.get("Messages", []):
            text = message["Body"].lower()
            found += [(url, needle) for needle in needles if needle.lower() in text]
    return found


def rows_of(people: People, others: list[Person]) -> dict[str, list[str]]:
    """Return all rows that contain an id of one of these users, by table."""
    found: dict[str, list[str]] = {}
    ids = [str(each.id) for each in others]
    for table, row in contents(people.connection):
        if any(one in row for one in ids):
            found.setdefault(table, []).append(row)
    return {table: sorted(rows) for table, rows in found.items()}


@pytest.fixture
def leaver(auth: SupabaseAuth, people: People, no_hook: None) -> tuple[Account, Person]:
    """A user with a password, a session of Supabase Auth, and a name that no one else has."""
    account = auth.new(user_metadata={"first_name": NAME})
    session = auth.client().auth.sign_in_with_password(account.credentials).session
    assert session
    return account, Person(account.id, account.email, NAME, session.access_token)


def met(people: People, one: Person, other: Person, status: str, starts_in: timedelta) -> str:
    row = people.connection.execute(
        "insert into public.wingman_sessions (match_id, venue_name, scheduled_time, status)"
        " values (%s, %s, now() + %s, %s) returning id",
        (match(people, one, other), "Café Central", starts_in, status),
    ).fetchone()
    assert row
    return str(row[0])


def lived(api: Api, people: People, auth: SupabaseAuth, me: Person) -> dict[str, UUID | str]:
    """Use every part of the product; return the ids of the rows that this creates."""
    leo, ada = people.new("Leo"), people.new("Ada")
    planned = met(people, me, leo, "scheduled", timedelta(hours=3))
    over = met(people, ada, me, "completed", timedelta(hours=-3))
    feedback = {"rating": 4, "text": WORDS}
    given = api.call("POST", f"/api/sessions/{over}/feedback", me, json=feedback)
    assert given.status_code == 201, given.text
    invited = api.invited(me, people.new("Eve"), note=WORDS, venue_suggestion=f"Café {WORD}")
    api.call("PUT", f"/api/email/preferences/{me.id}", me, json={"marketing_emails": True})
    api.call("GET", f"/api/user/reputation/{me.id}", me)
    profile = {"display_name": NAME, "age": 4, "bio": WORDS}
    assert api.call("PUT", "/api/profile", me, json=profile).status_code == 201
    place = {"latitude": 47.12345, "longitude": 8.54321}
    api.call("PUT", "/api/profile/location", me, json=place)
    upload = {"content_type": "image/png", "size_bytes": len(PNG)}
    photo = api.call("POST", "/api/photos", me, json=upload)
    assert photo.status_code == 201
    form = photo.json()["upload"]
    stored = httpx.post(form["url"], data=form["fields"], files={"file": PNG}, timeout=30)
    assert stored.status_code == 204, stored.text
    auth.post("/recover", {"email": me.email})
    return {
        "planned": planned,
        "over": over,
        "invited": invited,
        "photo": photo.json()["photo"]["id"],
    }


def test_after_a_deletion_only_hashes_are_left_and_others_keep_all(
    api: Api,
    people: People,
    auth: SupabaseAuth,
    leaver: tuple[Account, Person],
    stack: dict[str, str],
    function: Load,
) -> None:
    account, me = leaver
    bystanders = [people.new(f"Person{number}") for number in range(10)]
    for one, other in zip(bystanders[::2], bystanders[1::2], strict=True):
        met(people, one, other, "scheduled", timedelta(days=1))
    ids = lived(api, people, auth, me)
    needles = [str(me.id), me.id.hex, me.email, WORD, *map(str, ids.values())]
    assert {table for table, _ in in_tables(people, needles)} >= {
        *("auth.users", "auth.sessions", "public.user_profiles", "public.wingman_sessions"),
        *("public.meeting_feedback", "public.dog_profiles", "public.photos"),
        "private.sign_in_attempts",
    }
    assert in_redis(stack["REDIS_URL"], needles)
    before = rows_of(people, bystanders)

    answer = api.call("DELETE", "/api/account", me, json={"password": PASSWORD})
    assert answer.status_code == 204, answer.text
    for name in ("session_reminders", "photo_sweep"):
        sweep = function(name)
        sweep.invoke(sweep.event("every_minute"), milliseconds=50_000)

    assert in_tables(people, needles) == []
    assert in_redis(stack["REDIS_URL"], needles) == []
    assert in_objects(stack, needles, set()) == []
    assert in_queues(stack, needles) == []
    assert rows_of(people, bystanders) == before
    left = people.connection.execute(
        "select to_jsonb(attempt) from private.sign_in_attempts as attempt"
        " where attempt.address_hash = private.keyed_hash(%s)",
        (account.email,),
    ).fetchall()
    assert left, "the hashes of attempts stay"
    assert all(row["user_id"] is None and row["user_agent"] is None for (row,) in left)
    assert json.dumps([row for (row,) in left]).count("@") == 0
