"""Candidates in Postgres: one SQL function returns a page, and whether its list is still valid."""

from collections.abc import Collection
from functools import partial
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from wingman.discovery import errors
from wingman.discovery.models import CandidateList, CheckedPage, RefreshedList
from wingman.kit.clients.database import Database, Refusals, call
from wingman.kit.errors import AccountDeleted
from wingman.reputation import service as reputation
from wingman.reputation.models import Totals

# Every SQLSTATE that the functions raise; a test compares them with supabase/schemas.
REFUSALS: Refusals = {
    "WA001": lambda _: AccountDeleted(),
    "WD001": lambda error: errors.ProfileIncomplete((error.detail or "").split(",")),
    "WD002": lambda _: errors.CursorExpired(),
}
_call = partial(call, REFUSALS)
_IDS = TypeAdapter(list[UUID])
_REFRESHED = TypeAdapter(list[RefreshedList])


def discover(database: Database, limit: int) -> CheckedPage:
    """Make a new list, and check its first page."""
    return _checked(_call(database, "discover", idempotent=True, p_limit=limit))


def page(
    database: Database,
    held: CandidateList,
    begin: int = 0,
    *,
    limit: int,
    first: bool,
    renewable: bool,
) -> CheckedPage:
    """Check a page of a list that is kept, or of a new one if a first page needs it."""
    user_ids = [str(candidate.user_id) for candidate in held.candidates[begin:]]
    found = _call(
        database,
        "discovery_page",
        idempotent=True,
        p_user_ids=user_ids,
        p_stage=held.stage,
        p_generation=held.generation,
        p_limit=limit,
        p_first=first,
        p_renewable=renewable,
    )
    return _checked(found)


def claim_stale(database: Database, limit: int) -> list[UUID]:
    """Claim users whose lists are stale, so that no other run claims them soon."""
    found = _call(database, "claim_stale_discovery_lists", idempotent=False, p_limit=limit)
    return _IDS.validate_python(found)


def refresh(database: Database, user_ids: Collection[UUID]) -> list[RefreshedList]:
    """Make the lists that are still stale."""
    ids = [str(user_id) for user_id in user_ids]
    found = _call(database, "refresh_discovery_lists", idempotent=True, p_user_ids=ids)
    return _REFRESHED.validate_python(found)


def _checked(found: dict[str, Any]) -> CheckedPage:
    for shown in found["shown"]:
        totals = Totals.model_validate(shown["card"]["reputation"])
        shown["card"]["reputation"] = reputation.standing(totals)
    return CheckedPage.model_validate(found)
