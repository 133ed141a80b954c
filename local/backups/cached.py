"""Redis after a restore: it is newer than the restored database."""

from collections.abc import Iterator
from uuid import UUID

from wingman.kit.clients.commands import Commands
from wingman.kit.presence.touching import departed_key, ended_key

_SAMPLE = UUID(int=0)
_DEPARTED = departed_key(_SAMPLE).removesuffix(str(_SAMPLE))
_ENDED = ended_key(_SAMPLE).removesuffix(str(_SAMPLE))
_PAGE = 500


def departed(commands: Commands) -> list[UUID]:
    """Return the users who deleted their accounts within the last days.

    Raises DependencyUnavailable and RedisError.
    """
    keys = (key for page in _keys(commands, f"{_DEPARTED}*") for key in page)
    return sorted({UUID(key.removeprefix(_DEPARTED)) for key in keys})


def forget(commands: Commands) -> int:
    """Delete all but the marks that refuse tokens; return the number of keys.

    Caches, list generations, logins and connections belong to the original. Caches refill.
    Raises DependencyUnavailable and RedisError.
    """
    forgotten = 0
    for page in _keys(commands, "*"):
        old = [key for key in page if not key.startswith((_DEPARTED, _ENDED))]
        if old:
            forgotten += int(commands.run("DEL", *old))
    return forgotten


def _keys(commands: Commands, pattern: str) -> Iterator[list[str]]:
    cursor = "0"
    while True:
        cursor, page = commands.run("SCAN", cursor, "MATCH", pattern, "COUNT", _PAGE)
        yield [str(key) for key in page]
        if str(cursor) == "0":
            return
