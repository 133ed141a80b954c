"""Makes lists before their users ask for them, if the users were active within a day."""

from collections.abc import Collection, Iterator, Sequence
from uuid import UUID

from wingman.discovery import lists, repository
from wingman.discovery.keys import key
from wingman.discovery.models import ListCache
from wingman.kit.clients.database import Database
from wingman.kit.clients.queue import Queue
from wingman.kit.observability import logger

# Users per run, and per message; a worker takes less than a second for a message.
MOST, PER_MESSAGE = 5000, 25


def enqueue_stale(database: Database, queue: Queue, queue_url: str) -> int:
    """Queue the users whose lists are stale; the next run takes those beyond MOST.

    Raises DependencyUnavailable; the claimed users are due again in a quarter of an hour.
    """
    stale = repository.claim_stale(database, MOST)
    queue.send(queue_url, [{"user_ids": part} for part in _parts([str(each) for each in stale])])
    logger().info("discovery.queued", extra={"users": len(stale)})
    return len(stale)


def refresh(database: Database, cache: ListCache, user_ids: Collection[UUID]) -> int:
    """Make and store the lists of users whose lists are still stale.

    Raises DependencyUnavailable. A list that Redis does not take is made when its user asks.
    """
    made = repository.refresh(database, user_ids)
    for each in made:
        cache.put(key(each.user_id), lists.kept(each.list), each.list.generation)
    logger().info("discovery.refreshed", extra={"users": len(user_ids), "lists": len(made)})
    return len(made)


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), PER_MESSAGE):
        yield ids[start : start + PER_MESSAGE]
