"""Errors of rendering an email, and of requests by its reader."""

from http import HTTPStatus

from wingman.kit.errors import NotFound, ProblemError


class RenderError(Exception):
    """The email cannot be rendered: its template is unknown, or its data does not fit.

    `str(error)` is stored with the email and names fields, never their values.
    """


class InvalidToken(ProblemError):
    """This link is not valid. Open it again from the email, whole and unchanged."""

    status = HTTPStatus.BAD_REQUEST
    code = "invalid_token"
    failed_proof = "link"


class InvalidSignature(ProblemError):
    """This was not signed by the email provider, or more than 5 minutes ago."""

    status = HTTPStatus.BAD_REQUEST
    code = "invalid_signature"
    failed_proof = "webhook"


class ReaderNotFound(NotFound):
    """There is no such user any more."""
