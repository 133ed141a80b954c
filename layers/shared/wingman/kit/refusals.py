"""Refused requests in logs and metrics, and the decision whether one had an effect."""

from http import HTTPStatus

from wingman.kit.clients.dependencies import SUPABASE
from wingman.kit.errors import DependencyUnavailable, ProblemError
from wingman.kit.invocation import report
from wingman.kit.observability import count, logger


def record(error: ProblemError) -> None:
    """Log what failed on our side, and count a refused proof of identity."""
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger().error("http.failed", extra={"code": error.code}, exc_info=error)
    if error.status == HTTPStatus.INTERNAL_SERVER_ERROR:  # others are foreseen, and have alarms
        report(error)
    if error.failed_proof:
        count("AuthenticationFailed", reason=error.failed_proof)
        logger().info("auth.failed", extra={"reason": error.failed_proof})


def had_no_effect(error: Exception) -> bool:
    """Return whether the database certainly changed nothing."""
    if isinstance(error, DependencyUnavailable):
        return error.not_executed and error.dependency == SUPABASE.name
    return isinstance(error, ProblemError) and error.status < HTTPStatus.INTERNAL_SERVER_ERROR
