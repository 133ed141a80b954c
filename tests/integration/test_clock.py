"""Every part of the stack has the same time, even when `make test CLOCK=…` shifts it."""

import time
from datetime import UTC, datetime

import httpx
import psycopg
import pytest
from redis import Redis

from tests.support.api import Api
from tests.support.people import People

APART = 30.0  # seconds: the machine may be busy


def test_all_clocks_agree(stack: dict[str, str], api: Api) -> None:
    with psycopg.connect(stack["DATABASE_URL"]) as connection:
        [(postgres,)] = connection.execute("select now()").fetchall()
    with Redis.from_url(stack["REDIS_URL"]) as redis:
        seconds, _ = redis.time()
    function = datetime.fromisoformat(api.call("GET", "/health").json()["timestamp"])

    times = [postgres.timestamp(), float(seconds), function.timestamp(), time.time()]
    assert max(times) - min(times) < APART


@pytest.mark.parametrize(("ends_in", "status"), [(3600, 200), (-3600, 401)])
def test_postgrest_accepts_a_token_until_it_expires(
    stack: dict[str, str], people: People, ends_in: int, status: int
) -> None:
    now = int(datetime.now(UTC).timestamp())
    token = people.token(people.new().id, iat=now, exp=now + ends_in)
    answer = httpx.post(
        f"{stack['SUPABASE_URL']}/rest/v1/rpc/ping",
        headers={
            "apikey": stack["SUPABASE_PUBLISHABLE_KEY"],
            "x-backend-key": stack["BACKEND_KEY"],
            "authorization": f"Bearer {token}",
        },
    )
    assert answer.status_code == status
