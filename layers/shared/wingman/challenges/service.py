"""Challenges on offer, kept in Redis for minutes, and attempts at them."""

from functools import cache as once
from uuid import UUID

from wingman.challenges import repository
from wingman.challenges.models import (
    Attempt,
    ChallengeAnswer,
    ChallengeCache,
    ChallengeList,
    Difficulty,
    FoundChallenges,
    Submission,
    SubmissionChange,
)
from wingman.kit.cache.cache import Ages, Cache
from wingman.kit.clients.database import Database
from wingman.kit.clients.redis import redis
from wingman.kit.idempotency import IdempotencyKey
from wingman.kit.limits.limiter import limiter
from wingman.kit.observability import logger
from wingman.kit.paging import Page

LIST_SECONDS = 600  # requirements.md M5; the offer changes with a migration only
AGES = Ages(due=LIST_SECONDS - 60, fresh=LIST_SECONDS, gone=LIST_SECONDS)


@once
def cache() -> ChallengeCache:
    """Return the container's view of the lists in Redis."""
    return Cache(redis(), limiter(), ChallengeList, AGES)


def key(difficulty: Difficulty | None) -> str:
    """Name a list in Redis."""
    return f"challenges:{difficulty or 'all'}"


def list_challenges(
    database: Database,
    cache: ChallengeCache,
    found: FoundChallenges,
    difficulty: Difficulty | None,
) -> ChallengeAnswer:
    """Return what is on offer, easiest first: all of it, or that of one difficulty."""
    return cache.answer(found, lambda: _read(database, difficulty))


def submit(
    database: Database,
    challenge_id: UUID,
    attempt: Attempt,
    *,
    window_days: int,
    key: IdempotencyKey,
) -> SubmissionChange:
    """Hand in how a challenge went. The same key again returns the first answer.

    With a session, the challenge must be one of its own and the time `window_days` from its start
    not over. Raises ChallengeNotFound, SessionNotFound, SubmissionWindowClosed,
    IdempotencyKeyReused.
    """
    change = repository.submit(database, challenge_id, attempt, window_days, key)
    facts = {"challenge_id": str(challenge_id), "outcome": change.submission.outcome}
    logger().info("challenge.submitted", extra=facts)
    return change


def list_submissions(database: Database, page: Page) -> tuple[list[Submission], str | None]:
    """Read a page of the caller's attempts, newest first, and the next page's cursor."""
    return page.cut(repository.list_submissions(database, page))


def _read(database: Database, difficulty: Difficulty | None) -> ChallengeList:
    challenges = repository.list_challenges(database, difficulty)
    return ChallengeList(challenges=challenges, count=len(challenges))
