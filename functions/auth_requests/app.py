"""SQS: carries out requests that are already answered (wingman/accounts/request_worker.py)."""

from typing import Any

from wingman.accounts.request_worker import carry_out
from wingman.accounts.settings import SealedRequestSettings
from wingman.kit.clients.auth import auth
from wingman.kit.clients.database import get_service_client
from wingman.kit.clock import LambdaContext
from wingman.kit.deployment import DeploymentSettings
from wingman.kit.errors import DependencyUnavailable, RateLimited
from wingman.kit.invocation import invocation
from wingman.kit.observability import logger
from wingman.kit.sealing import NotSealed
from wingman.kit.settings import RedisSettings, check

from pydantic import BaseModel, ValidationError

check(DeploymentSettings, SealedRequestSettings, RedisSettings)


class Message(BaseModel):
    """The body of a queue message."""

    sealed: str


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Carry out each request of a batch; the others go back to the queue."""
    with invocation(event, context):
        failed = [
            message["messageId"]
            for message in event["Records"]
            if not _carried_out(message["body"])
        ]
    return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}


def _carried_out(body: str) -> bool:
    try:
        carry_out(get_service_client(), auth, Message.model_validate_json(body).sealed)
    except (NotSealed, ValidationError):
        logger().error("auth_requests.malformed")
        return False
    except (DependencyUnavailable, RateLimited) as error:
        logger().warning("auth_requests.put_back", extra={"code": error.code}, exc_info=error)
        return False
    return True
