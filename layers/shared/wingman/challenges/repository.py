"""Challenges in Postgres: each step is one SQL function of supabase/schemas."""

from functools import partial
from uuid import UUID

from wingman.challenges import errors
from wingman.challenges.models import Attempt, Challenge, Difficulty, Submission, SubmissionChange
from wingman.kit.clients.database import Database, Refusals, call
from wingman.kit.errors import AccountDeleted, IdempotencyKeyReused
from wingman.kit.idempotency import IdempotencyKey
from wingman.kit.paging import Page

# Every SQLSTATE that the challenge functions raise; a test compares them with supabase/schemas.
REFUSALS: Refusals = {
    "WA001": lambda _: AccountDeleted(),
    "WA002": lambda _: IdempotencyKeyReused(),
    "WC001": lambda _: errors.ChallengeNotFound(),
    "WC002": lambda _: errors.SubmissionWindowClosed(),
    "WC003": lambda _: errors.SubmissionNotFound(),
    "WC004": lambda error: errors.DailySubmissionLimit(retry_after=int(error.detail or 1)),
    "WS001": lambda _: errors.SessionNotFound(),
}
_call = partial(call, REFUSALS)


def list_challenges(database: Database, difficulty: Difficulty | None) -> list[Challenge]:
    rows = _call(database, "list_challenges", idempotent=True, p_difficulty=difficulty)
    return [Challenge.model_validate(row) for row in rows]


def submit(
    database: Database, challenge_id: UUID, attempt: Attempt, window_days: int, key: IdempotencyKey
) -> SubmissionChange:
    answer = _call(
        database,
        "submit_challenge",
        idempotent=key.key is not None,
        p_challenge_id=str(challenge_id),
        p_session_id=str(attempt.session_id) if attempt.session_id else None,
        p_outcome=attempt.outcome,
        p_reflection=attempt.reflection,
        p_window_days=window_days,
        p_idempotency_key=key.key,
        p_request_hash=key.request_hash,
    )
    return SubmissionChange.model_validate(answer)


def get_submission(database: Database, submission_id: UUID) -> Submission:
    found = _call(database, "get_submission", idempotent=True, p_submission_id=str(submission_id))
    return Submission.model_validate(found)


def list_submissions(database: Database, page: Page) -> list[Submission]:
    """Read the caller's attempts, newest first, and one more than the page holds."""
    rows = _call(
        database,
        "list_submissions",
        idempotent=True,
        **page.parameters,
    )
    return [Submission.model_validate(row) for row in rows]
