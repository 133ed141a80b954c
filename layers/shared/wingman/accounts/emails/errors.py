"""Refusals of the Send Email hook."""

from http import HTTPStatus

from wingman.kit.errors import ProblemError


class InvalidHookSignature(ProblemError):
    """This was not signed by Supabase Auth, or more than 5 minutes ago."""

    status = HTTPStatus.UNAUTHORIZED
    code = "invalid_signature"
    failed_proof = "webhook"

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "StandardWebhooks"})
