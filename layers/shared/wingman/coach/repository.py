"""The subject of the tips, read from Postgres as the caller."""

from functools import partial
from uuid import UUID

from wingman.coach import errors
from wingman.coach.models import Context
from wingman.kit.clients.database import Database, Refusals, call
from wingman.kit.errors import AccountDeleted

REFUSALS: Refusals = {
    "WA001": lambda _: AccountDeleted(),
    "WC001": lambda _: errors.ChallengeNotFound(),
    "WS001": lambda _: errors.SessionNotFound(),
}
_call = partial(call, REFUSALS)


def context(database: Database, challenge_id: UUID | None, session_id: UUID | None) -> Context:
    """Read a challenge and a session, if the caller may see them."""
    found = _call(
        database,
        "get_coach_context",
        idempotent=True,
        p_challenge_id=str(challenge_id) if challenge_id else None,
        p_session_id=str(session_id) if session_id else None,
    )
    return Context.model_validate(found)
