"""Models of the caller's own account."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from wingman.accounts.models import NewPassword, Password


class SignIn(BaseModel):
    """An attempt to sign in: its time, its outcome, and the program that made it."""

    at: datetime
    outcome: str
    user_agent: str | None


class OwnAccount(BaseModel):
    """The caller's account and the 20 newest sign-ins."""

    id: UUID
    email: str | None
    created_at: datetime
    last_sign_in_at: datetime | None
    sign_ins: list[SignIn]


class PasswordChange(BaseModel):
    """A new password, and the current one as a proof."""

    model_config = ConfigDict(extra="forbid")

    current_password: Password
    password: NewPassword


class Deletion(BaseModel):
    """The current password, as a proof."""

    model_config = ConfigDict(extra="forbid")

    password: Password


class SeenActivity(BaseModel):
    """The times at which the user is active: the days with a request in each hour (UTC)."""

    last_active: datetime | None
    hours: list[int]


class AccountExport(BaseModel):
    """All stored data of the user: a member for each part of the product.

    `activity` is null while it cannot be read; export again after a minute.
    """

    model_config = ConfigDict(extra="allow")

    exported_at: datetime
    account: dict[str, Any]
    activity: SeenActivity | None


class DeletedAccount(BaseModel):
    """The matches that ended with an account, by the id of the partner."""

    ended_matches: dict[UUID, UUID]
