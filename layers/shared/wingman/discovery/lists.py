"""The lists of candidates in Redis, and the copies of them in a container (ADR 039)."""

from functools import cache as once
from uuid import uuid4

from wingman.discovery.models import CandidateList, ListCache, Lists, NewList
from wingman.kit.cache.cache import Ages, Cache
from wingman.kit.cache.memory import Memory
from wingman.kit.clients.redis import redis
from wingman.kit.clock import utc_now
from wingman.kit.limits.limiter import limiter

# Fresh for 15 minutes, and renewed by a request in the last of them; gone after 15 more.
AGES = Ages(due=840, fresh=900, gone=1800)
# A list has up to 500 candidates in about 50 000 characters, and two of them are kept per user.
_COPIES, _CHARACTERS = 256, 8_000_000


@once
def cache() -> ListCache:
    memory = Memory(_COPIES, _CHARACTERS, AGES.gone)
    return Cache(redis(), limiter(), Lists, AGES, memory=memory)


def kept(new: NewList, old: Lists | None = None) -> Lists:
    """Return what to keep: a new list, and the one that it replaces."""
    made = CandidateList(**dict(new), id=uuid4().hex[:16], made_at=utc_now())
    return Lists(current=made, previous=old.current if old else None)
