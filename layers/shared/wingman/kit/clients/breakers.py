"""The circuit breakers of this container, one for each dependency."""

from collections.abc import Mapping, Sequence
from functools import cache

from wingman.kit.clients.commands import Commands
from wingman.kit.resilience.breaker import THRESHOLDS, Breaker


class Breakers:
    """Breakers by the name of their dependency (a key of THRESHOLDS)."""

    def __init__(self) -> None:
        # Redis cannot keep the circuit that says whether Redis works.
        self._by_name: Mapping[str, Breaker] = {
            name: Breaker(name, None if name == "redis" else _redis) for name in THRESHOLDS
        }
        # What a request may need; only senders need the mail provider, and find out by themselves.
        self.watched: Sequence[Breaker] = [
            self._by_name[name] for name in ("supabase", "sqs", "anthropic")
        ]

    @property
    def all(self) -> Sequence[Breaker]:
        """Return every one."""
        return list(self._by_name.values())

    def get(self, name: str) -> Breaker:
        """Return one of them."""
        return self._by_name[name]


@cache
def breakers() -> Breakers:
    """Return the container's breakers."""
    return Breakers()


def breaker(name: str) -> Breaker:
    """Return the breaker of one dependency."""
    return breakers().get(name)


def _redis() -> Commands:
    from wingman.kit.clients.redis import redis  # noqa: PLC0415 - which itself goes through a breaker

    return redis()
