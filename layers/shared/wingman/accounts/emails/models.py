"""A request of the Send Email hook, and its outcome."""

from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from wingman.notifications.models import Due


class _Requested(BaseModel):
    # A message of pydantic shows its input otherwise, and this holds tokens.
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class HookUser(_Requested):
    """The account, as Supabase Auth knows it; `new_email` waits for its confirmation."""

    id: UUID
    email: str = ""
    new_email: str = ""


class EmailData(_Requested):
    """The kind of email, and its secrets.

    For a change of address, `token_hash` belongs to the new one and `token_hash_new` to the
    current one. The names are the wrong way round for the sake of older clients.
    """

    email_action_type: str
    token: str = ""
    token_hash: str = ""
    token_hash_new: str = ""


class EmailRequest(_Requested):
    """Supabase Auth asks for an email. Unknown fields are ignored."""

    user: HookUser
    email_data: EmailData


class AccountEmail(BaseModel):
    """One email: its kind, where it goes, its facts, and a name that a repeat has as well."""

    kind: str
    address: str
    facts: dict[str, str]
    occasion: str


class Outcome(StrEnum):
    """The outcome of a request; `limited` is beyond the emails of an hour for one account."""

    RECORDED = "recorded"
    REPEATED = "repeated"
    LIMITED = "limited"
    IGNORED = "ignored"


class Recorded(BaseModel):
    """The outcome, and the emails that are due now."""

    outcome: Outcome
    due: list[Due] = []
