"""A user's reputation: counted in Postgres, kept in Redis for minutes, dropped with each change."""

from collections.abc import Iterable
from functools import cache as once
from uuid import UUID

from wingman.kit.cache.cache import Ages, Cache
from wingman.kit.clients.database import Database
from wingman.kit.clients.redis import redis
from wingman.kit.clock import utc_now
from wingman.kit.limits.limiter import limiter
from wingman.reputation import repository, rules
from wingman.reputation.models import (
    FoundReputation,
    Reputation,
    ReputationAnswer,
    ReputationCache,
)

# Fresh for 5 minutes, renewed by a request of the last of them; an older value stands in for at
# most 10 while one request counts anew (requirements.md R3).
AGES = Ages(due=240, fresh=300, gone=600)


@once
def cache() -> ReputationCache:
    """Return the container's view of the reputations in Redis."""
    return Cache(redis(), limiter(), Reputation, AGES)


def key(user_id: UUID) -> str:
    """Name a user's reputation in Redis."""
    return f"reputation:user:{user_id}"


def get(
    database: Database, cache: ReputationCache, found: FoundReputation, user_id: UUID
) -> ReputationAnswer:
    """Return what the cache holds of a user, or count. Raises UserNotFound."""
    return cache.answer(found, lambda: _counted(database, user_id))


def forget(cache: ReputationCache, user_ids: Iterable[UUID]) -> None:
    """Drop the reputations of users whose meetings have changed, before anyone is told of it."""
    cache.drop([key(user_id) for user_id in user_ids])


def _counted(database: Database, user_id: UUID) -> Reputation:
    at = utc_now()  # before the count: what changes meanwhile is newer
    totals = repository.totals(database, user_id)
    score = rules.score_of(totals.completed_sessions, totals.no_shows)
    return Reputation(
        score=score,
        badge_color=rules.badge_of(score),
        completed_sessions=totals.completed_sessions,
        no_shows=totals.no_shows,
        cache_timestamp=at,
    )
