"""Available challenges, cached in Redis, and attempts at them."""

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

LIST_SECONDS = 600  # only a migration changes the list
AGES = Ages(due=LIST_SECONDS - 60, fresh=LIST_SECONDS, gone=LIST_SECONDS)


@once
def cache() -> ChallengeCache:
    return Cache(redis(), limiter(), ChallengeList, AGES)


def key(difficulty: Difficulty | None) -> str:
    return f"challenges:{difficulty or 'all'}"


def list_challenges(
    database: Database,
    cache: ChallengeCache,
    found: FoundChallenges,
    difficulty: Difficulty | None,
) -> ChallengeAnswer:
    """Return the available challenges, easiest first, optionally of one difficulty."""
    return cache.answer(found, lambda: _read(database, difficulty))


def submit(
    database: Database,
    challenge_id: UUID,
    attempt: Attempt,
    *,
    window_days: int,
    key: IdempotencyKey,
) -> SubmissionChange:
    """Submit an attempt. The same key again returns the first answer.

    With a session, the challenge must be one of the session's, and at most `window_days` may have
    passed since its start. Raises ChallengeNotFound, SessionNotFound, SubmissionWindowClosed,
    DailySubmissionLimit, IdempotencyKeyReused.
    """
    change = repository.submit(database, challenge_id, attempt, window_days, key)
    facts = {"challenge_id": str(challenge_id), "outcome": change.submission.outcome}
    logger().info("challenge.submitted", extra=facts)
    return change


def get_submission(database: Database, submission_id: UUID) -> Submission:
    """Read one attempt. Raises SubmissionNotFound, also for an attempt of another user."""
    return repository.get_submission(database, submission_id)


def list_submissions(database: Database, page: Page) -> tuple[list[Submission], str | None]:
    """Return a page of the caller's attempts, newest first, and the cursor of the next page."""
    return page.cut(repository.list_submissions(database, page))


def _read(database: Database, difficulty: Difficulty | None) -> ChallengeList:
    challenges = repository.list_challenges(database, difficulty)
    return ChallengeList(challenges=challenges, count=len(challenges))
