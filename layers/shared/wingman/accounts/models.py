"""Models of accounts."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
)

from wingman.accounts.addresses import normalised
from wingman.kit.text import FILLED_LINE, SingleLineText
from wingman.kit.timezones import Timezone

SHORTEST_PASSWORD, LONGEST_PASSWORD_BYTES = 8, 72
_LONGEST_TOKEN = 4096


class Departure(BaseModel):
    """A deleted account that Redis still knows, and the users who had matches with it."""

    user_id: UUID
    partner_ids: list[UUID]


def _fits_bcrypt(secret: SecretStr) -> SecretStr:
    """Refuse what bcrypt does not read: bytes beyond the 72nd, and all after a NUL."""
    try:
        written = secret.get_secret_value().encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        raise ValueError("is not a valid text") from None
    if not written:
        raise ValueError("must not be empty")
    if len(written) > LONGEST_PASSWORD_BYTES:
        raise ValueError(f"must have at most {LONGEST_PASSWORD_BYTES} bytes in UTF-8")
    if b"\0" in written:
        raise ValueError("control characters are not allowed")
    return secret


def _is_long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < SHORTEST_PASSWORD:
        raise ValueError(f"must have at least {SHORTEST_PASSWORD} characters")
    return secret


Address = Annotated[
    str,
    StringConstraints(max_length=1000),
    AfterValidator(normalised),
    Field(examples=["maya@example.com"], json_schema_extra={"format": "email"}),
]
Password = Annotated[
    SecretStr,
    AfterValidator(_fits_bcrypt),
    Field(
        examples=["correct horse battery"],
        json_schema_extra={"minLength": 1, "maxLength": LONGEST_PASSWORD_BYTES},
    ),
]
NewPassword = Annotated[
    SecretStr,
    AfterValidator(_fits_bcrypt),
    AfterValidator(_is_long_enough),
    Field(
        examples=["correct horse battery"],
        description="8 characters to 72 bytes.",
        json_schema_extra={"minLength": SHORTEST_PASSWORD, "maxLength": LONGEST_PASSWORD_BYTES},
    ),
]
Token = Annotated[
    str,
    StringConstraints(min_length=1, max_length=_LONGEST_TOKEN, pattern=r"^[!-~]+$"),
    Field(examples=["4f1aPX0nQ2mS"]),
]
FirstName = Annotated[
    SingleLineText,
    StringConstraints(min_length=1, max_length=100),
    FILLED_LINE,
    Field(examples=["Maya"]),
]


class _Body(BaseModel):
    """The body of a request; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


class Registration(_Body):
    """A new account."""

    email: Address
    password: NewPassword
    first_name: FirstName | None = None
    timezone: Timezone | None = None


class Credentials(_Body):
    """Proof of an account."""

    email: Address
    password: Password


class Renewal(_Body):
    """A refresh token to exchange."""

    refresh_token: Token


class Logout(_Body):
    """`local` ends this session, `global` all sessions of the user."""

    scope: Literal["local", "global"] = "local"


class Forgotten(_Body):
    """The address of an account whose password is forgotten."""

    email: Address


class Reset(_Body):
    """A new password, and the token of the email about it."""

    token: Token
    password: NewPassword


class LinkKind(StrEnum):
    """The kinds of links in emails about accounts."""

    SIGNUP = "signup"
    MAGIC_LINK = "magic_link"
    EMAIL_CHANGE = "email_change"


class Confirmation(_Body):
    """The token of an email, and the kind of the email."""

    token: Token
    type: LinkKind


class Account(BaseModel):
    """The account of a user."""

    id: UUID
    email: str | None
    email_confirmed_at: datetime | None
    created_at: datetime


class Tokens(BaseModel):
    """A session: send the access token with each request, and exchange the refresh token once."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the kind of token
    expires_in: int
    expires_at: datetime
    user: Account

    def handed_to(self, app_url: str) -> str:
        """Return a link that opens the app with this session, as Supabase's own links do."""
        session = {
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "token_type": self.token_type,
            "expires_in": self.expires_in,
        }
        return f"{app_url}#{urlencode(session)}"


class ConfirmationRequired(BaseModel):
    """An email is on its way to the address, and its link has to be opened first."""

    confirmation_required: Literal[True] = True


class Accepted(BaseModel):
    """The request was accepted, whether or not there is such an account."""

    accepted: Literal[True] = True
