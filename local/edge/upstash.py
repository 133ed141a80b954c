"""Upstash's front: Redis commands as JSON over HTTP.

Shapes: https://upstash.com/docs/redis/features/restapi
"""

import base64
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from redis.asyncio import BlockingConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, ResponseError
from redis.exceptions import ConnectionError as RedisAwayError
from redis.exceptions import TimeoutError as RedisSlowError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.stack import HOST

_CONNECTIONS = 64
_CONNECT_SECONDS = 2
_CHECK_SECONDS = 1.0

_Command = Sequence[bytes]
_Reply = bytes | int | ResponseError | None | list["_Reply"]
_Json = str | int | None | list["_Json"]
_Encode = Callable[[bytes], str]
_UNAUTHORIZED = HTTPException(401, "Unauthorized")
# These change the state of a connection, and connections are shared; Upstash refuses them too.
_OF_CONNECTIONS = frozenset(
    b"AUTH CLIENT DISCARD EXEC HELLO MONITOR MULTI PSUBSCRIBE QUIT RESET SELECT SUBSCRIBE "
    b"UNWATCH WATCH".split()
)


class _Redis:
    """The Redis server, as one user; replies are returned unchanged, including errors."""

    def __init__(self, port: int, user: str | None, token: str) -> None:
        self._pool = BlockingConnectionPool(
            host=HOST,
            port=port,
            max_connections=_CONNECTIONS,
            socket_connect_timeout=_CONNECT_SECONDS,
            socket_timeout=None,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            driver_info=None,
            username=user,
            password=token if user else None,
        )
        self._password = (user.encode(), token.encode()) if user else None
        self._checked_at = -_CHECK_SECONDS

    async def check(self) -> None:
        """Check from time to time that the password is still valid. Raises AuthenticationError."""
        if self._password and time.monotonic() - self._checked_at >= _CHECK_SECONDS:
            await self.run([[b"AUTH", *self._password]])
            self._checked_at = time.monotonic()

    async def run(self, commands: Sequence[_Command]) -> list[_Reply]:
        connection = await self._pool.get_connection()  # type: ignore[no-untyped-call] # redis-py's
        try:
            await connection.send_packed_command(connection.pack_commands(commands))
            return [await self._reply(connection) for _ in commands]
        finally:
            await self._pool.release(connection)

    async def _reply(self, connection: AbstractConnection) -> _Reply:
        try:
            return cast("_Reply", await connection.read_response(disable_decoding=True))
        except ResponseError as error:
            return error


class _Tokens:
    """The connections of each token; Redis itself checks the passwords of users."""

    def __init__(self, port: int, token: str, users: Iterable[str]) -> None:
        self._port = port
        self._users = tuple(users)
        self._known = {token: _Redis(port, None, token)}

    async def admit(self, request: Request) -> _Redis:
        sent = request.headers.get("authorization", "").removeprefix("Bearer ")
        for token, redis in self._known.items():
            if secrets.compare_digest(sent.encode(), token.encode()):
                await redis.check()
                return redis
        for user in self._users if sent else ():
            redis = _Redis(self._port, user, sent)
            try:
                await redis.check()
            except AuthenticationError:
                continue
            self._known[sent] = redis
            return redis
        raise _UNAUTHORIZED


def front(token: str, users: Iterable[str], *, port: int) -> Starlette:
    """Return the application that listens where an Upstash database would.

    `token` may do everything; a password of one of the users is a token too.
    """
    tokens = _Tokens(port, token, users)

    async def single(request: Request) -> Response:
        redis, encode = await tokens.admit(request), _encoding(request)
        command = _command(await _json(request))
        [reply] = await redis.run([command])
        return JSONResponse(
            _answer(reply, encode), 400 if isinstance(reply, ResponseError) else 200
        )

    async def pipeline(request: Request) -> Response:
        redis, encode = await tokens.admit(request), _encoding(request)
        replies = await redis.run(_commands(await _json(request)))
        return JSONResponse([_answer(reply, encode) for reply in replies])

    async def transaction(request: Request) -> Response:
        redis, encode = await tokens.admit(request), _encoding(request)
        commands = _commands(await _json(request))
        *_, outcome = await redis.run([[b"MULTI"], *commands, [b"EXEC"]])
        if isinstance(outcome, ResponseError):
            return JSONResponse(_answer(outcome, encode), 400)
        return JSONResponse([_answer(reply, encode) for reply in cast("list[_Reply]", outcome)])

    return Starlette(
        routes=[
            Route("/", single, methods=["POST"]),
            Route("/pipeline", pipeline, methods=["POST"]),
            Route("/multi-exec", transaction, methods=["POST"]),
        ],
        exception_handlers={
            HTTPException: _refused,
            AuthenticationError: _ended,
            RedisAwayError: _away,
            RedisSlowError: _away,
        },
    )


async def _refused(_: Request, error: Exception) -> Response:
    refusal = cast("HTTPException", error)
    return JSONResponse({"error": refusal.detail}, refusal.status_code)


async def _ended(request: Request, _: Exception) -> Response:
    return await _refused(request, _UNAUTHORIZED)


async def _away(_: Request, __: Exception) -> Response:
    return JSONResponse({"error": "ERR the database is not reachable"}, 503)


def _encoding(request: Request) -> _Encode:
    """Return the encoder of strings that the request asks for."""
    if request.headers.get("upstash-encoding", "").lower() == "base64":
        return lambda value: base64.b64encode(value).decode()
    return lambda value: value.decode(errors="replace")


async def _json(request: Request) -> object:
    try:
        return await request.json()
    except ValueError:
        raise HTTPException(400, "ERR failed to parse the body as JSON") from None


def _commands(body: object) -> list[_Command]:
    if not isinstance(body, list) or not body:
        raise HTTPException(400, "ERR empty pipeline request")
    return [_command(command) for command in body]


def _command(body: object) -> _Command:
    if not isinstance(body, list) or not body:
        raise HTTPException(400, "ERR a command is a JSON array that is not empty")
    words = [_word(word) for word in body]
    if words[0].upper() in _OF_CONNECTIONS:
        raise HTTPException(400, "ERR Command is not available over REST")
    return words


def _word(word: object) -> bytes:
    match word:
        case str():
            return word.encode("utf-8", "surrogatepass")
        case bool():
            return b"true" if word else b"false"
        case int() | float():
            return repr(word).encode()
        case _:
            raise HTTPException(400, "ERR a command holds strings and numbers only")


def _answer(reply: _Reply, encode: _Encode) -> dict[str, _Json]:
    if isinstance(reply, ResponseError):
        return {"error": _message(reply)}
    return {"result": _result(reply, encode)}


def _result(reply: _Reply, encode: _Encode) -> _Json:
    match reply:
        case b"OK":  # Upstash leaves this status plain; its client reads a string "OK" the same way
            return "OK"
        case bytes():
            return encode(reply)
        case list():
            return [_result(item, encode) for item in reply]
        case ResponseError():
            return _message(reply)
        case _:
            return reply


def _message(error: ResponseError) -> str:
    """Return the reply as the server wrote it, its code included."""
    return f"{error.status_code} {error}" if error.status_code else str(error)
