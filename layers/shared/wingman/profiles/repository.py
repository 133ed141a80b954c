"""Profiles in Postgres: one SQL function per step."""

from functools import partial

from wingman.kit.clients.database import Database, Refusals, call, refused_field
from wingman.kit.errors import AccountDeleted, InvalidRequest
from wingman.profiles.models import User, UserChange

# Every SQLSTATE that the profile functions raise; a test compares them with supabase/schemas.
REFUSALS: Refusals = {
    "WA001": lambda _: AccountDeleted(),
    "WA003": refused_field,
    "WN001": lambda _: InvalidRequest(fields={"timezone": "is not the name of an IANA timezone"}),
}
_call = partial(call, REFUSALS)


def get(database: Database) -> User:
    return User.model_validate(_call(database, "get_user", idempotent=True))


def update(database: Database, change: UserChange) -> User:
    answer = _call(
        database,
        "update_user",
        idempotent=True,
        p_first_name=change.get("first_name"),
        p_last_name=change.get("last_name"),
        p_timezone=change.get("timezone"),
        p_changes=sorted(change),
    )
    return User.model_validate(answer)
