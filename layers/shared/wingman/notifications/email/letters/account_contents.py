"""The contents of emails that Supabase Auth asks for; `token` works once, until `expires_at`."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, StringConstraints

from wingman.notifications.email.letters.contents import Content

# Nothing in it needs to be quoted in a URL.
Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,200}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,20}$")]


class _AboutAccount(Content):
    expires_at: AwareDatetime

    @property
    def path(self) -> str:
        return "/"

    def useful_until(self, recorded_at: datetime) -> datetime:  # noqa: ARG002 - see Content
        return self.expires_at


class _Confirmation(_AboutAccount):
    """Leads to a page of the API (functions/accounts), on which nothing happens before a click."""

    confirms: ClassVar[str]
    token: Token

    @property
    def api_path(self) -> str:
        return f"/auth/confirm?token={self.token}&type={self.confirms}"


class SignupConfirmation(_Confirmation):
    """The address of a new account waits to be confirmed."""

    confirms = "signup"
    template: Literal["signup_confirmation"]


class AccountInvitation(_Confirmation):
    """An operator has invited the reader. Supabase Auth confirms it as a sign-up."""

    confirms = "signup"
    template: Literal["account_invitation"]


class SignInLink(_Confirmation):
    """A link that signs in without a password."""

    confirms = "magic_link"
    template: Literal["sign_in_link"]


class PasswordReset(_AboutAccount):
    """A link to the page on which the reader chooses a new password."""

    template: Literal["password_reset"]
    token: Token

    @property
    def api_path(self) -> str:
        return f"/auth/password/reset?token={self.token}"


class EmailChange(_Confirmation):
    """The address of an account changes once the current and the new one have confirmed it."""

    confirms = "email_change"
    template: Literal["email_change"]
    role: Literal["current", "new"]


class Reauthentication(_AboutAccount):
    """A code to be entered in the app."""

    template: Literal["reauthentication"]
    code: Code
