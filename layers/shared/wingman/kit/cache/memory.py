"""A container's own copies of cached values: bounded, and used only if Redis still has the same."""

import time
from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True)
class Kept:
    """A value as text, and when it was stored: by Redis' clock and by this machine's."""

    text: str
    stored_at: str
    born: float

    @property
    def age(self) -> float:
        return time.monotonic() - self.born


class Memory:
    """The most recently used values, at most `count` of them and `characters` in all.

    Values older than `gone` seconds are forgotten, even if nothing reads them.
    """

    def __init__(self, count: int, characters: int, gone: float) -> None:
        self._count, self._characters, self._gone = count, characters, gone
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str) -> Kept | None:
        self._forget_old()
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def keep(self, key: str, text: str, stored_at: str, age: float = 0.0) -> None:
        """Keep a value, unless it alone has more than `characters`."""
        self.forget(key)
        self._kept[key] = Kept(text, stored_at, time.monotonic() - age)
        self.size += len(text)
        while len(self._kept) > self._count or self.size > self._characters:
            self.forget(next(iter(self._kept)))

    def forget(self, *keys: str) -> None:
        for key in keys:
            if kept := self._kept.pop(key, None):
                self.size -= len(kept.text)

    def _forget_old(self) -> None:
        self.forget(*[key for key, kept in self._kept.items() if kept.age >= self._gone])
