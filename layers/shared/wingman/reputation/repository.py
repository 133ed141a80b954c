"""Totals in Postgres: one SQL function, which reads indexes only."""

from collections.abc import Callable, Mapping
from uuid import UUID

from wingman.kit.database import Database, DatabaseError
from wingman.kit.errors import ProblemError, Unauthenticated
from wingman.reputation import errors
from wingman.reputation.models import Totals

REFUSALS: Mapping[str, Callable[[DatabaseError], ProblemError]] = {
    "WM001": lambda _: Unauthenticated("The user of this token no longer exists."),
    "WM026": lambda _: errors.UserNotFound(),
}


def totals(database: Database, user_id: UUID) -> Totals:
    """Count a user's meetings."""
    try:
        return Totals.model_validate(database.rpc("get_reputation", {"p_user_id": str(user_id)}))
    except DatabaseError as error:
        refusal = REFUSALS.get(error.code)
        if refusal is None:
            raise
        raise refusal(error) from error
