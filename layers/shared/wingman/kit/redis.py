"""Redis over Upstash's REST interface: one reused connection, a short timeout, no retry."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Protocol, TypeVar

import httpx
from upstash_redis import Redis
from upstash_redis.errors import UpstashError
from upstash_redis.http import SyncHttpClient

from wingman.kit.errors import DependencyUnavailable
from wingman.kit.settings import RedisSettings, load
from wingman.kit.transport import http_client

TIMEOUT_SECONDS = 0.25


Command = Sequence[object]
_Reply = TypeVar("_Reply")


class Commands(Protocol):
    """Runs Redis commands."""

    def run(self, *command: object) -> Any:
        """Return Redis's reply.

        Raises RedisError for an error reply, DependencyUnavailable when Redis is away.
        """
        ...

    def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        """Run several commands in one round trip, each by itself; return their replies.

        A command that Redis refuses leaves its RedisError in its place.
        Raises DependencyUnavailable when Redis is away.
        """
        ...


class RedisError(Exception):
    """Redis refused a command; `code` is the first word of its reply (`NOSCRIPT`, `ERR`)."""

    def __init__(self, reply: str) -> None:
        self.code = reply.partition(" ")[0]
        super().__init__(reply)


@dataclass(frozen=True)
class Script:
    """Lua that Redis runs as one atomic step."""

    source: str

    @cached_property
    def digest(self) -> str:
        """The name under which Redis caches it."""
        return hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()

    def run(self, commands: Commands, keys: Sequence[str], arguments: Sequence[object]) -> Any:
        """Return the reply; the text is sent only to a Redis that does not have it."""
        try:
            return commands.run("EVALSHA", self.digest, len(keys), *keys, *arguments)
        except RedisError as error:
            if error.code != "NOSCRIPT":
                raise
            return commands.run("EVAL", self.source, len(keys), *keys, *arguments)


def lua(name: str) -> str:
    """Read one of this package's `.lua` files."""
    return files(__package__).joinpath(f"{name}.lua").read_text(encoding="utf-8")


class UpstashCommands(Commands):
    """Redis behind Upstash's HTTP front."""

    def __init__(self, client: "_Redis") -> None:
        self._client = client

    def run(self, *command: object) -> Any:
        """See Commands.run."""
        return _translated(lambda: self._client.execute(list(command)))

    def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        """See Commands.pipeline."""
        return _translated(lambda: self._client.pipe(commands))


def _translated(call: Callable[[], _Reply]) -> _Reply:
    try:
        return call()
    except UpstashError as error:
        raise RedisError(str(error)) from error
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
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
def redis() -> Commands:
    """Return the container's connection."""
    settings = load(RedisSettings)
    client = http_client(timeout=TIMEOUT_SECONDS, connect_timeout=TIMEOUT_SECONDS)
    token = settings.upstash_redis_rest_token.get_secret_value()
    return UpstashCommands(_Redis(settings.upstash_redis_rest_url, token, client))
