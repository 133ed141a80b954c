"""Supabase Auth as accounts use it, with an error of ours for each of its error codes."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from supabase_auth import AuthResponse, SyncGoTrueClient
from supabase_auth.errors import AuthApiError
from supabase_auth.types import SignUpWithEmailAndPasswordCredentials

from wingman.accounts.errors import (
    EmailNotConfirmed,
    EmailSentRecently,
    EmailTaken,
    InvalidAddress,
    InvalidCredentials,
    InvalidRefreshToken,
    InvalidToken,
    RefreshTokenReused,
    RegistrationClosed,
    SamePassword,
    TooManyAttempts,
    WeakPassword,
    WrongPassword,
)
from wingman.accounts.models import Account, LinkKind, Registration, Tokens
from wingman.kit.clients.auth import Auth, AuthRefused
from wingman.kit.errors import (
    DependencyRefused,
    DependencyUnavailable,
    ProblemError,
    SessionEnded,
)
from wingman.kit.observability import logger

Refusals = Mapping[str, type[ProblemError]]
Scope = Literal["local", "global", "others"]
T = TypeVar("T")

_BUSY: Refusals = {"over_request_rate_limit": TooManyAttempts}
SIGN_UP: Refusals = {
    **_BUSY,
    "email_address_invalid": InvalidAddress,
    "email_address_not_authorized": InvalidAddress,
    "email_exists": EmailTaken,
    "over_email_send_rate_limit": TooManyAttempts,
    "signup_disabled": RegistrationClosed,
    "user_already_exists": EmailTaken,
    "validation_failed": InvalidAddress,
    "weak_password": WeakPassword,
}
# A banned user gets the same answer as an unknown one, which hides that the account exists.
LOG_IN: Refusals = {
    **_BUSY,
    "email_not_confirmed": EmailNotConfirmed,
    "invalid_credentials": InvalidCredentials,
    "user_banned": InvalidCredentials,
    "user_not_found": InvalidCredentials,
    "validation_failed": InvalidCredentials,
}
REFRESH: Refusals = {
    **_BUSY,
    "bad_jwt": InvalidRefreshToken,
    "refresh_token_already_used": RefreshTokenReused,
    "refresh_token_not_found": InvalidRefreshToken,
    "session_expired": InvalidRefreshToken,
    "session_not_found": InvalidRefreshToken,
    "user_banned": InvalidRefreshToken,
    "user_not_found": InvalidRefreshToken,
    "validation_failed": InvalidRefreshToken,
}
VERIFY: Refusals = {
    **_BUSY,
    "bad_json": InvalidToken,
    "otp_expired": InvalidToken,
    "user_banned": InvalidToken,
    "user_not_found": InvalidToken,
    "validation_failed": InvalidToken,
}
CONFIRM: Refusals = {**VERIFY, "email_exists": EmailTaken}
RESET: Refusals = {**VERIFY, "weak_password": WeakPassword}
RECOVER: Refusals = {
    **_BUSY,
    "email_address_invalid": InvalidAddress,
    "email_address_not_authorized": InvalidAddress,
    "over_email_send_rate_limit": EmailSentRecently,
    "validation_failed": InvalidAddress,
}
CHANGE: Refusals = {
    **_BUSY,
    "bad_jwt": SessionEnded,
    "current_password_invalid": WrongPassword,
    "same_password": SamePassword,
    "session_not_found": SessionEnded,
    "user_banned": SessionEnded,
    "user_not_found": SessionEnded,
    "weak_password": WeakPassword,
}
# The session has ended already.
_ENDED = frozenset({"bad_jwt", "no_authorization", "session_not_found", "user_not_found"})
_TYPES: Mapping[LinkKind, Literal["signup", "magiclink", "email_change"]] = {
    LinkKind.SIGNUP: "signup",
    LinkKind.MAGIC_LINK: "magiclink",
    LinkKind.EMAIL_CHANGE: "email_change",
}


def sign_up(auth: Auth, registration: Registration) -> Tokens | None:
    """Return None if the address is to be confirmed first."""
    asked = registration.model_dump(mode="json", exclude_none=True)
    names = {name: asked[name] for name in ("first_name", "timezone") if name in asked}
    credentials: SignUpWithEmailAndPasswordCredentials = {
        "email": registration.email,
        "password": registration.password.get_secret_value(),
        "options": {"data": names},
    }
    return _tokens(_call(SIGN_UP, auth, lambda client: client.sign_up(credentials)))


def log_in(auth: Auth, address: str, password: str) -> Tokens:
    def act(client: SyncGoTrueClient) -> AuthResponse:
        return client.sign_in_with_password({"email": address, "password": password})

    return _required(_call(LOG_IN, auth, act))


def refresh(auth: Auth, token: str) -> Tokens:
    """Exchange a refresh token. Supabase Auth allows a repeat for a client that got no answer."""

    def act(client: SyncGoTrueClient) -> AuthResponse:
        return client.refresh_session(token)

    return _required(_call(REFRESH, auth, act, idempotent=True))


def verify(auth: Auth, kind: LinkKind, token: str) -> Tokens | None:
    """Use the token of an email; return None if another address has to be confirmed, too."""

    def act(client: SyncGoTrueClient) -> AuthResponse:
        return client.verify_otp({"type": _TYPES[kind], "token_hash": token})

    return _tokens(_call(CONFIRM, auth, act))


def reset_password(auth: Auth, token: str, password: str) -> Tokens:
    """Use the token of an email to set a password, which ends all other sessions."""

    def act(client: SyncGoTrueClient) -> AuthResponse:
        found = client.verify_otp({"type": "recovery", "token_hash": token})
        try:
            client.update_user({"password": password})
        except AuthApiError as error:
            if error.code != "same_password" or found.session is None:
                raise
            client.admin.sign_out(found.session.access_token, "others")
        return found

    return _required(_call(RESET, auth, act))


def change_password(auth: Auth, access_token: str, current: str, password: str) -> None:
    """Set a password as the user of a token, which ends all other sessions."""

    def act(client: SyncGoTrueClient) -> None:
        client.set_session(access_token, "")
        # A project may ask for the current password, which the types of the SDK do not know.
        change: Any = {"password": password, "current_password": current}
        client.update_user(change)

    _call(CHANGE, auth, act)


def send_recovery(auth: Auth, address: str) -> None:
    """Email the owner of an address, if there is one; a second time within a minute is no error."""
    try:
        _call(RECOVER, auth, lambda client: client.reset_password_for_email(address))
    except EmailSentRecently:
        logger().info("recovery.sent_recently")


def log_out(auth: Auth, access_token: str, scope: Scope) -> None:
    """End the session of a token, all of its user's sessions, or all others."""
    try:
        auth.call(lambda client: client.admin.sign_out(access_token, scope), idempotent=True)
    except AuthRefused as refused:
        if refused.code not in _ENDED:
            raise DependencyRefused("auth") from refused


def _call(
    refusals: Refusals,
    auth: Auth,
    act: Callable[[SyncGoTrueClient], T],
    *,
    idempotent: bool = False,
) -> T:
    """Call Supabase Auth. A refusal that is not expected here is a fault of its configuration."""
    try:
        return auth.call(act, idempotent=idempotent)
    except AuthRefused as refused:
        if refused.code not in refusals:
            raise DependencyRefused("auth") from refused
        raise refusals[refused.code] from refused


def _required(response: AuthResponse) -> Tokens:
    found = _tokens(response)
    if found is None:
        raise DependencyUnavailable("auth")
    return found


def _tokens(response: AuthResponse) -> Tokens | None:
    session = response.session
    if session is None:
        return None
    ends = session.expires_at or round(time.time()) + session.expires_in
    return Tokens(
        access_token=session.access_token,
        refresh_token=session.refresh_token,
        expires_in=session.expires_in,
        expires_at=datetime.fromtimestamp(ends, UTC),
        user=Account.model_validate(session.user, from_attributes=True),
    )
