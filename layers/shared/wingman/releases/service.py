"""Tries the new versions of a deployment, and reports to CodeDeploy whether they may serve."""

from http import HTTPStatus
from typing import Any

from wingman.kit.errors import DependencyUnavailable
from wingman.kit.observability import logger
from wingman.releases.models import Hook, Status, Version
from wingman.releases.provider import Deployments, InvocationFailedError, Versions
from wingman.releases.sample import EVENT


def examine(deployments: Deployments, versions: Versions, hook: Hook) -> Status:
    """Report, and return, whether each new version starts and answers.

    A version that cannot be tried is refused: the old one keeps serving. Raises
    DependencyUnavailable if CodeDeploy cannot be given the answer; it then fails the deployment
    when its patience ends.
    """
    try:
        new = deployments.new_versions(hook.deployment_id)
        sound = bool(new) and all(_serves(versions, version) for version in new)
    except DependencyUnavailable as error:
        logger().exception("release.not_tried", extra={"dependency": error.dependency})
        sound = False
    status = Status.SUCCEEDED if sound else Status.FAILED
    deployments.report(hook, status)
    logger().info("release.examined", extra={"deployment": hook.deployment_id, "status": status})
    return status


def _serves(versions: Versions, version: Version) -> bool:
    try:
        answer = versions.invoke(version, EVENT)
    except InvocationFailedError as error:
        logger().error("release.refused", extra={**version._asdict(), "error": str(error)})
        return False
    if _failed(answer):
        logger().error("release.refused", extra={**version._asdict(), "answer": answer})
        return False
    return True


def _failed(answer: Any) -> bool:
    """Workers answer without a status; an exception is the only failure that shows."""
    status = answer.get("statusCode", HTTPStatus.OK) if isinstance(answer, dict) else HTTPStatus.OK
    return bool(status >= HTTPStatus.INTERNAL_SERVER_ERROR)
