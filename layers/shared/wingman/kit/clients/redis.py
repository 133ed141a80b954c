"""Redis over Upstash's REST interface: one reused connection, a short timeout, no blind retry."""

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
# Twice is the same as once. Scripts are not in it: one may have charged a bucket.
IDEMPOTENT = frozenset({"DEL", "EXPIRE", "GET", "HGETALL", "HMGET", "HSET", "MGET", "PING", "SET"})

_Reply = TypeVar("_Reply")


@cache
def redis_breaker() -> Breaker:
    """Return the container's breaker of Redis; there is no place to share its circuit."""
    return Breaker(REDIS)


# What Redis gives is worth a quarter of a second, not two. Breakers and limits ask it in the
# middle of a call to something else; whoever does goes on without it, so one attempt is enough.
with_redis_retry = Retry(
    1, REDIS.name, redis_breaker, first_wait=0.01, longest_wait=0.02, patience=0.1, yields=True
)


class UpstashCommands(Commands):
    """Redis behind Upstash's HTTP front."""

    def __init__(self, client: "_Redis") -> None:
        self._client = client

    def run(self, *command: object) -> Any:
        """See Commands.run."""
        retry = with_redis_retry.but(idempotent=command[0] in IDEMPOTENT)
        return retry.run(lambda: _translated(lambda: self._client.execute([*command])))

    def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        """See Commands.pipeline."""
        retry = with_redis_retry.but(idempotent=all(each[0] in IDEMPOTENT for each in commands))
        return retry.run(lambda: _translated(lambda: self._client.pipe(commands)))

    def ping(self) -> None:
        """Call past the breaker, to see whether Redis works.

        Raises DependencyUnavailable or RedisError when it does not.
        """
        _translated(lambda: self._client.execute(["PING"]))


def _translated(call: Callable[[], _Reply]) -> _Reply:
    try:
        return call()
    except UpstashError as error:
        raise RedisError(str(error)) from error
    except httpx.HTTPError as error:
        raise DependencyUnavailable("redis", untouched=never_sent(error)) from error
    except (ValueError, KeyError, TypeError) as error:
        # A proxy's HTML error page surfaces as whatever decoding it stumbles over.
        raise DependencyUnavailable("redis") from error


class _Http(SyncHttpClient):
    """Upstash's HTTP client on our connection: its own has no timeout and retries blindly."""

    def __init__(self, client: httpx.Client) -> None:
        self._encoding = None
        self._retries = 0
        self._retry_interval = 0.0
        self._sync_token_cb = None
        self._client = client

    def post(self, url: str, headers: Mapping[str, str], commands: Sequence[Command]) -> Any:
        """Send commands and return the answer as it came."""
        return self._client.post(url, headers=headers, json=[[*words] for words in commands]).json()


class _Redis(Redis):
    """Upstash's commands without the second TLS context that its constructor would load."""

    def __init__(self, url: str, token: str, client: httpx.Client) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._allow_telemetry = False
        self._read_your_writes = False
        self._sync_token = ""
        self._http = self._front = _Http(client)

    def pipe(self, commands: Sequence[Command]) -> list[Any]:
        """Run a pipeline; the SDK's own loses every reply when one of them is an error."""
        answers = self._front.post(f"{self._url}/pipeline", self._headers, commands)
        return [
            RedisError(answer["error"]) if "error" in answer else answer["result"]
            for answer in answers
        ]


@cache
def redis() -> UpstashCommands:
    """Return the container's connection."""
    settings = load(RedisSettings)
    client = http_client(timeout=TIMEOUT_SECONDS, connect_timeout=TIMEOUT_SECONDS)
    token = settings.upstash_redis_rest_token.get_secret_value()
    return UpstashCommands(_Redis(settings.upstash_redis_rest_url, token, client))
