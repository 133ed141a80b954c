"""Totals in Postgres, from one SQL function that reads only indexes."""

from functools import partial
from uuid import UUID

from wingman.kit.clients.database import Database, Refusals, call
from wingman.kit.errors import AccountDeleted
from wingman.reputation import errors
from wingman.reputation.models import SharedTotals

REFUSALS: Refusals = {
    "WA001": lambda _: AccountDeleted(),
    "WR001": lambda _: errors.UserNotFound(),
}
_call = partial(call, REFUSALS)


def totals(database: Database, user_id: UUID) -> SharedTotals:
    found = _call(database, "get_reputation", idempotent=True, p_user_id=str(user_id))
    return SharedTotals.model_validate(found)
