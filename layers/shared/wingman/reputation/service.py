"""Reputations: counted in Postgres, cached in Redis, and dropped from there with each change."""

from collections.abc import Iterable
from functools import cache as once
from uuid import UUID

from wingman.kit.cache.cache import Ages, Cache, Source
from wingman.kit.clients.database import Database
from wingman.kit.clients.redis import redis
from wingman.kit.clock import utc_now
from wingman.kit.limits.limiter import limiter
from wingman.reputation import repository, rules
from wingman.reputation.models import (
    FoundReputation,
    ReputationAnswer,
    ReputationCache,
    SharedReputation,
    Standing,
    Totals,
)

# A request in the last of five fresh minutes renews a value; then it is stale for five more.
AGES = Ages(due=240, fresh=300, gone=600)


@once
def cache() -> ReputationCache:
    return Cache(redis(), limiter(), SharedReputation, AGES)


def key(user_id: UUID) -> str:
    return f"reputation:user:{user_id}"


def get(
    database: Database,
    cache: ReputationCache,
    found: FoundReputation,
    user_id: UUID,
    *,
    reader_id: UUID,
) -> ReputationAnswer:
    """Return a reputation from the cache, or count it. Raises UserNotFound."""
    answer = cache.answer(found, lambda: _counted(database, user_id))
    kept_from = answer.value.kept_from
    if answer.source is not Source.MISS and (kept_from is None or reader_id in kept_from):
        repository.totals(database, user_id)  # may raise UserNotFound
    return answer


def standing(totals: Totals) -> Standing:
    score = rules.score_of(totals.completed_sessions, totals.no_shows)
    return Standing(score=score, badge_color=rules.badge_of(score))


def forget(cache: ReputationCache, user_ids: Iterable[UUID]) -> None:
    """Drop the reputations of users whose meetings changed; call this before announcing it."""
    cache.drop([key(user_id) for user_id in user_ids])


def _counted(database: Database, user_id: UUID) -> SharedReputation:
    at = utc_now()  # before the count, because a change during it must be newer
    totals = repository.totals(database, user_id)
    held = standing(totals)
    return SharedReputation(
        score=held.score,
        badge_color=held.badge_color,
        completed_sessions=totals.completed_sessions,
        no_shows=totals.no_shows,
        cache_timestamp=at,
        kept_from=totals.kept_from,
    )
