"""Redis over Upstash's REST API: one reused connection, a short timeout, retries only when safe."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import httpx
from upstash_redis import Redis
from upstash_redis.errors import UpstashError
from upstash_redis.http import SyncHttpClient

from wingman.kit.clients.commands import Command, Commands, RedisError
from wingman.kit.clients.dependencies import REDIS
from wingman.kit.clients.transport import http_client, never_sent
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.resilience.breaker import Breaker
from wingman.kit.resilience.retry import Retry
from wingman.kit.settings import RedisSettings, load

TIMEOUT_SECONDS = 0.25
# Commands that are safe to repeat. Scripts are not: one may have charged a bucket.
IDEMPOTENT = frozenset({"DEL", "EXPIRE", "GET", "HGETALL", "HMGET", "HSET", "MGET", "PING", "SET"})

_Reply = TypeVar("_Reply")


@cache
def redis_breaker() -> Breaker:
    """Return the container's breaker of Redis, whose circuit cannot be shared through Redis."""
    return Breaker(REDIS)


# Every caller can continue without Redis, so it is not worth a long wait. Breakers and limits call
# it inside calls to other services; one attempt is enough there (`yields`).
with_redis_retry = Retry(
    1, REDIS.name, redis_breaker, first_wait=0.01, longest_wait=0.02, patience=0.1, yields=True
)


class UpstashCommands(Commands):
    def __init__(self, client: "_Redis") -> None:
        self._client = client

    def run(self, *command: object) -> Any:
        retry = with_redis_retry.replace(idempotent=command[0] in IDEMPOTENT)
        return retry.run(lambda: _translated(lambda: self._client.execute([*command])))

    def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        retry = with_redis_retry.replace(idempotent=all(each[0] in IDEMPOTENT for each in commands))
        return retry.run(lambda: _translated(lambda: self._client.pipe(commands)))

    def ping(self) -> None:
        """Ping without breaker and retries. Raises DependencyUnavailable, RedisError."""
        _translated(lambda: self._client.execute(["PING"]))


def _translated(call: Callable[[], _Reply]) -> _Reply:
    try:
        return call()
    except UpstashError as error:
        raise RedisError(str(error)) from error
    except httpx.HTTPError as error:
        raise DependencyUnavailable("redis", not_executed=never_sent(error)) from error
    except (ValueError, KeyError, TypeError) as error:
        # A proxy's HTML error page makes the SDK's decoding fail in one of these ways.
        raise DependencyUnavailable("redis") from error


class _Http(SyncHttpClient):
    """Upstash's HTTP client on our connection; the SDK's own has no timeout and always retries."""

    def __init__(self, client: httpx.Client) -> None:
        self._encoding = None
        self._retries = 0
        self._retry_interval = 0.0
        self._sync_token_cb = None
        self._client = client

    def post(self, url: str, headers: Mapping[str, str], commands: Sequence[Command]) -> Any:
        return self._client.post(url, headers=headers, json=[[*words] for words in commands]).json()


class _Redis(Redis):
    """Without the second TLS context that the SDK's constructor loads."""

    def __init__(self, url: str, token: str, client: httpx.Client) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._allow_telemetry = False
        self._read_your_writes = False
        self._sync_token = ""
        self._http = self._front = _Http(client)

    def pipe(self, commands: Sequence[Command]) -> list[Any]:
        """Run a pipeline; the SDK's own loses all replies when one of them is an error."""
        answers = self._front.post(f"{self._url}/pipeline", self._headers, commands)
        return [
            RedisError(answer["error"]) if "error" in answer else answer["result"]
            for answer in answers
        ]


@cache
def redis() -> UpstashCommands:
    settings = load(RedisSettings)
    client = http_client(REDIS.name, timeout=TIMEOUT_SECONDS, connect_timeout=TIMEOUT_SECONDS)
    token = settings.upstash_redis_rest_token.get_secret_value()
    return UpstashCommands(_Redis(settings.upstash_redis_rest_url, token, client))
