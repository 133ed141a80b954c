"""The keys that a stand-in accepts: several at a time, as the real service does."""

import secrets
from collections.abc import Callable, Iterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PATH = "/_sandbox/keys"


class Keys:
    """Counts the uses of each key, and the calls without a valid key."""

    def __init__(self, first: str) -> None:
        self._uses = {first: 0}
        self.refused = 0

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._uses))

    def holds(self, sent: str) -> bool:
        return any(secrets.compare_digest(sent.encode(), key.encode()) for key in self)

    def admit(self, fits: Callable[[str], bool]) -> bool:
        """Return whether one of the keys fits a call, and count it."""
        for key in self:
            if fits(key):
                self._uses[key] += 1
                return True
        self.refused += 1
        return False

    def admit_bearer(self, sent: str) -> bool:
        return self.admit(lambda key: secrets.compare_digest(sent.encode(), key.encode()))

    def routes(self) -> list[Route]:
        return [Route(PATH, self.turn, methods=["GET", "POST", "DELETE"])]

    async def turn(self, request: Request) -> Response:
        """Add or remove a key; return the uses of each, oldest first."""
        if request.method == "POST":
            self._uses.setdefault(str((await request.json())["key"]), 0)
        elif request.method == "DELETE":
            self._uses.pop(str((await request.json())["key"]), None)
        return JSONResponse({"uses": list(self._uses.values()), "refused": self.refused})
