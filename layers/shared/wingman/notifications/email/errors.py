"""What can go wrong with a mail before it leaves, and with what a reader asks for."""

from http import HTTPStatus

from wingman.kit.errors import NotFound, ProblemError


class RenderError(Exception):
    """The mail cannot be written: an unknown template, or data that does not fit it.

    `str(error)` is stored with the mail and names fields, never their values.
    """


class InvalidToken(ProblemError):
    """This link is not valid. Open it again from the mail, whole and unchanged."""

    status = HTTPStatus.BAD_REQUEST
    code = "invalid_token"


class InvalidSignature(ProblemError):
    """This was not signed by the mail provider, or more than 5 minutes ago."""

    status = HTTPStatus.BAD_REQUEST
    code = "invalid_signature"


class ReaderNotFound(NotFound):
    """There is no such user any more."""
