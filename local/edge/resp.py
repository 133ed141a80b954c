"""Redis's own protocol (RESP 2), replies left as they come."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

_CONNECT_SECONDS = 2
_IDLE = 64


class Status(bytes):
    """A simple string, such as OK."""

    __slots__ = ()


@dataclass(frozen=True)
class Failure:
    """An error reply; the connection stays usable."""

    message: str


Reply = Status | bytes | int | Failure | None | list["Reply"]
Command = Sequence[bytes]


class RedisAwayError(Exception):
    """Redis can't be reached or broke the connection."""


class Connection:
    """One connection: commands go out together, replies come back in order."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def run(self, commands: Sequence[Command]) -> list[Reply]:
        """Send the commands as one pipeline and return a reply for each."""
        self._writer.write(b"".join(_encode(command) for command in commands))
        await self._writer.drain()
        return [await self._reply() for _ in commands]

    @property
    def ended(self) -> bool:
        """Tell whether the server closed the connection."""
        return self._reader.at_eof()

    async def _reply(self) -> Reply:
        line = await self._reader.readuntil(b"\r\n")
        kind, rest = line[:1], line[1:-2]
        match kind:
            case b"+":
                return Status(rest)
            case b"-":
                return Failure(rest.decode(errors="replace"))
            case b":":
                return int(rest)
            case b"$":
                return await self._bulk(int(rest))
            case _:
                count = int(rest)
                return None if count < 0 else [await self._reply() for _ in range(count)]

    async def _bulk(self, size: int) -> bytes | None:
        if size < 0:
            return None
        return (await self._reader.readexactly(size + 2))[:-2]

    def close(self) -> None:
        """Drop the connection."""
        self._writer.close()


def _encode(command: Command) -> bytes:
    words = [b"$%d\r\n%s\r\n" % (len(word), word) for word in command]
    return b"*%d\r\n%s" % (len(words), b"".join(words))


class Pool:
    """Connections to one server, reused; a connection that failed is never lent again."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._idle: list[Connection] = []

    async def run(self, commands: Sequence[Command]) -> list[Reply]:
        """Run the commands, in order, on one connection."""
        async with self._lent() as connection:
            return await connection.run(commands)

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[Connection]:
        connection = self._fresh_idle() or await self._connect()
        try:
            yield connection
        except (OSError, asyncio.IncompleteReadError) as error:
            self._forget(connection)
            raise RedisAwayError from error
        except BaseException:
            connection.close()
            raise
        if len(self._idle) < _IDLE:
            self._idle.append(connection)
        else:
            connection.close()

    def _fresh_idle(self) -> Connection | None:
        """Return an idle connection that the server has not closed meanwhile."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.ended:
                return connection
            connection.close()
        return None

    def _forget(self, connection: Connection) -> None:
        """Close the failed connection and those that were idle: the server went away."""
        for stale in (connection, *self._idle):
            with contextlib.suppress(OSError):
                stale.close()
        self._idle.clear()

    async def _connect(self) -> Connection:
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                return Connection(*await asyncio.open_connection(*self._address))
        except (OSError, TimeoutError) as error:
            raise RedisAwayError from error
