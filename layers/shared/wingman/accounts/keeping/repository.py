"""The caller's own account in Postgres."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from wingman.accounts.keeping.models import DeletedAccount, OwnAccount
from wingman.kit.clients.database import Database, Refusals, call
from wingman.kit.errors import AccountDeleted

REFUSALS: Refusals = {"WA001": lambda _: AccountDeleted()}
_call = partial(call, REFUSALS)


def get(database: Database) -> OwnAccount:
    return OwnAccount.model_validate(_call(database, "get_account", idempotent=True))


def export(database: Database) -> Mapping[str, Any]:
    found: Mapping[str, Any] = _call(database, "export_account", idempotent=True)
    return found


def prove_password(database: Database, password: str, ip: str, user_agent: str) -> bool:
    proof = {"p_password": password, "p_ip": ip, "p_user_agent": user_agent}
    return bool(_call(database, "prove_password", idempotent=False, **proof))


def delete(database: Database, password: str, ip: str, user_agent: str) -> DeletedAccount | None:
    """Delete the caller's account if this is its password, and record the attempt."""
    proof = {"p_password": password, "p_ip": ip, "p_user_agent": user_agent}
    deleted = _call(database, "delete_account", idempotent=False, **proof)
    return None if deleted is None else DeletedAccount.model_validate(deleted)
