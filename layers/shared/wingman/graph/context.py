"""The state that the resolvers of one request share."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from strawberry.types import Info

from wingman.discovery.models import FoundLists
from wingman.kit.clients.database import Database
from wingman.kit.idempotency import IdempotencyKey
from wingman.kit.limits.charging import LimitReached

if TYPE_CHECKING:
    from wingman.kit.clients.queue import Queue

T = TypeVar("T")
# Objects that are part of their parent's row, and have fields of their own to ask for.
_EMBEDDED = ("partner", "user")


class Levels:
    """The objects that were shown together, so that one call answers a field of all of them."""

    def __init__(self) -> None:
        # By id(): the models have no key in common.
        self._siblings: dict[int, Sequence[Any]] = {}
        self._found: dict[tuple[int, Hashable], Mapping[Any, Any]] = {}

    def keep(self, shown: Sequence[T]) -> Sequence[T]:
        """Remember objects of one level; their fields are then asked for together."""
        self._siblings.update((id(each), shown) for each in shown)
        for name in _EMBEDDED:
            inner = [getattr(each, name) for each in shown if getattr(each, name, None)]
            self._siblings.update((id(each), inner) for each in inner)
        return shown

    def of_all(
        self,
        one: object,
        what: Hashable,
        key: Callable[[Any], Any],
        fetch: Callable[[list[Any]], Mapping[Any, T]],
    ) -> T | None:
        """Return what `fetch` finds for this object, asking once for all objects of its level.

        `what` names the field and its arguments; `key` is what `fetch` looks objects up by.
        """
        level = self._siblings.get(id(one)) or self.keep([one])
        known = self._found.get((id(level), what))
        if known is None:
            wanted = dict.fromkeys(each for each in map(key, level) if each is not None)
            known = self._found[id(level), what] = fetch(list(wanted)) if wanted else {}
            self.keep([each for each in known.values() if each is not None])
        return known.get(key(one))


@dataclass
class Context:
    """The caller's database, and what the limits of the request have found.

    `refusal`: the limit of the mutation refuses it, so only a repeat is answered. `replayed`: it
    was a repeat.
    """

    caller_id: UUID
    database: Database
    key: IdempotencyKey
    found_lists: FoundLists | None = None
    refusal: LimitReached | None = None
    replayed: bool = False
    levels: Levels = field(default_factory=Levels)

    @property
    def queue(self) -> "Queue":
        # The signer of its requests, which takes 40 ms to import, is for mutations alone.
        from wingman.kit.clients.queue import queue  # noqa: PLC0415

        return queue()

    def take_lists(self) -> FoundLists | None:
        """Return what the limiter has read for discovery, but only once: it has one lease."""
        found, self.found_lists = self.found_lists, None
        return found


Asked = Info[Context, None]
