"""Likes and passes in Postgres: each step is one SQL function of supabase/schemas."""

from functools import partial
from uuid import UUID

from pydantic import TypeAdapter

from wingman.kit.clients.database import Database, Refusals, call, refused_field
from wingman.kit.errors import AccountDeleted
from wingman.kit.paging import Page
from wingman.likes import errors
from wingman.likes.models import Direction, Effects, Like, LikeStep, Pass, PassStep

# Every SQLSTATE that the functions raise; a test compares them with supabase/schemas.
REFUSALS: Refusals = {
    "WA001": lambda _: AccountDeleted(),
    "WA003": refused_field,
    "WL001": lambda _: errors.UserNotFound(),
    "WL002": lambda _: errors.NotYourself(),
    "WL003": lambda _: errors.ProfileIncomplete(),
    "WL004": lambda _: errors.PairEnded(),
    "WL005": lambda _: errors.NotYourself(),
    "WN010": lambda error: errors.DailyEmailLimit(retry_after=int(error.detail or 1)),
}
_call = partial(call, REFUSALS)
_LIKES, _PASSES = TypeAdapter(list[Like]), TypeAdapter(list[Pass])


def like(database: Database, user_id: UUID) -> LikeStep:
    step = _call(database, "put_like", idempotent=True, p_user_id=str(user_id))
    return LikeStep.model_validate(step)


def unlike(database: Database, user_id: UUID) -> Effects:
    effects = _call(database, "delete_like", idempotent=True, p_user_id=str(user_id))
    return Effects.model_validate(effects)


def pass_on(database: Database, user_id: UUID) -> PassStep:
    step = _call(database, "put_pass", idempotent=True, p_user_id=str(user_id))
    return PassStep.model_validate(step)


def undo_pass(database: Database, user_id: UUID) -> None:
    _call(database, "delete_pass", idempotent=True, p_user_id=str(user_id))


def list_likes(database: Database, direction: Direction, page: Page) -> list[Like]:
    """Read likes, newest first, and one more than the page holds."""
    rows = _call(database, "list_likes", idempotent=True, p_direction=direction, **page.parameters)
    return _LIKES.validate_python(rows)


def list_passes(database: Database, page: Page) -> list[Pass]:
    """Read passes that count, newest first, and one more than the page holds."""
    return _PASSES.validate_python(
        _call(database, "list_passes", idempotent=True, **page.parameters)
    )


def prune_passes(database: Database, limit: int) -> int:
    return int(_call(database, "prune_passes", idempotent=False, p_limit=limit))
