"""Emails about accounts in Postgres."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from wingman.accounts.emails.models import AccountEmail, Recorded
from wingman.kit.clients.database import Database


def record(
    database: Database, account_id: UUID, emails: Sequence[AccountEmail], expires_at: datetime
) -> Recorded:
    given = {
        "p_account_id": str(account_id),
        "p_emails": [email.model_dump() for email in emails],
        "p_expires_at": expires_at.isoformat(),
    }
    answer = database.rpc("record_account_emails", given, idempotent=True)
    return Recorded.model_validate(answer)
