"""/api/challenges: the available challenges (public), and the caller's attempts."""

from http import HTTPStatus
from uuid import UUID

from wingman.challenges import models, service
from wingman.challenges.limits import CHALLENGE_SUBMISSIONS
from wingman.challenges.settings import ChallengeSettings
from wingman.kit.clients.database import get_anon_client, get_user_client
from wingman.kit.http import (
    CACHEABLE,
    CACHED,
    IdempotentRequest,
    PageQuery,
    PublicGate,
    create_app,
    created,
    lambda_handler,
    limit,
)
from wingman.kit.http.callers import CurrentUser
from wingman.kit.settings import RedisSettings, SupabaseSettings, load

from fastapi import Response

app = create_app(SupabaseSettings, RedisSettings, ChallengeSettings)


@app.get("/api/challenges", tags=["challenges"], responses=CACHED | CACHEABLE)
def list_challenges(
    gate: PublicGate, response: Response, difficulty: models.Difficulty | None = None
) -> models.ChallengeList:
    """List the available challenges, easiest first. Clients may cache the answer for 10 minutes."""
    cache = service.cache()
    found = gate.look_up(cache, service.key(difficulty))
    answer = service.list_challenges(get_anon_client(), cache, found, difficulty)
    response.headers["Cache-Control"] = f"public, max-age={service.LIST_SECONDS}"
    response.headers["Age"] = str(int(answer.age))
    return gate.respond(answer)


@app.get("/api/challenges/submissions", tags=["challenges"], dependencies=[limit()])
def list_submissions(caller: CurrentUser, page: PageQuery) -> models.SubmissionPage:
    """List your own attempts, newest first."""
    submissions, cursor = service.list_submissions(get_user_client(caller.token), page)
    return models.SubmissionPage(submissions=submissions, next_cursor=cursor)


@app.get("/api/submissions/{submission_id}", tags=["challenges"], dependencies=[limit()])
def get_submission(submission_id: UUID, caller: CurrentUser) -> models.Submission:
    """Read one of your own attempts."""
    return service.get_submission(get_user_client(caller.token), submission_id)


@app.post(
    "/api/challenges/{challenge_id}/submissions",
    tags=["challenges"],
    status_code=HTTPStatus.CREATED,
    dependencies=[limit(CHALLENGE_SUBMISSIONS)],
)
def submit_challenge(
    challenge_id: UUID,
    attempt: models.Attempt,
    caller: CurrentUser,
    key: IdempotentRequest,
    response: Response,
) -> models.Submission:
    """Submit your attempt at a challenge, at one of your sessions or by yourself."""
    change = service.submit(
        get_user_client(caller.token),
        challenge_id,
        attempt,
        window_days=load(ChallengeSettings).challenge_duration_days,
        key=key,
    )
    created(response, f"/api/submissions/{change.submission.id}", replayed=change.replayed)
    return change.submission


handler = lambda_handler(app)
