"""Errors of accounts."""

from http import HTTPStatus

from wingman.kit.errors import (
    Conflict,
    Forbidden,
    InvalidRequest,
    ProblemError,
    RateLimited,
)


class _InvalidProof(ProblemError):
    """This does not prove who you are."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class InvalidCredentials(_InvalidProof):
    """The email address or the password is wrong."""

    code = "invalid_credentials"
    failed_proof = "password"


class InvalidRefreshToken(_InvalidProof):
    """This refresh token has been used, or its session has ended. Log in again."""

    code = "invalid_refresh_token"
    failed_proof = "refresh_token"


class RefreshTokenReused(InvalidRefreshToken):
    """This refresh token has been used, or its session has ended. Log in again."""


class EmailNotConfirmed(Forbidden):
    """Confirm your email address first: open the link in the email that we sent you."""

    code = "email_not_confirmed"


class RegistrationClosed(Forbidden):
    """No new accounts are opened at the moment."""


class EmailTaken(Conflict):
    """There is an account with this email address. Log in, or reset the password."""

    code = "email_taken"


class InvalidToken(ProblemError):
    """This link was used, has expired, or is not complete. Ask for a new email."""

    status = HTTPStatus.BAD_REQUEST
    code = "invalid_token"
    failed_proof = "email_token"


class TooManyAttempts(RateLimited):
    """You sent too many requests. Wait as long as the Retry-After header says."""

    def __init__(self) -> None:
        super().__init__(60)


class EmailSentRecently(TooManyAttempts):
    """An email of this kind is already on its way."""


class InvalidAddress(InvalidRequest):
    """Some fields are not valid; see `errors`."""

    def __init__(self) -> None:
        super().__init__(fields={"email": "is not an email address that we can reach"})


class WeakPassword(InvalidRequest):
    """Some fields are not valid; see `errors`."""

    def __init__(self) -> None:
        super().__init__(fields={"password": "is too easy to guess"})


class WrongPassword(Forbidden):
    """This is not your password. Without one, ask for a new password by email."""

    code = "wrong_password"
    failed_proof = "password"


class SamePassword(InvalidRequest):
    """Some fields are not valid; see `errors`."""

    def __init__(self) -> None:
        super().__init__(fields={"password": "is your password already"})
