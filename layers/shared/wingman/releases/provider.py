"""CodeDeploy and Lambda without boto3: the three calls of a hook, and an invocation."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol
from urllib.parse import quote

import httpx

from wingman.kit.clients.aws import sign
from wingman.kit.clients.transport import asked_to_wait, http_client
from wingman.kit.errors import DependencyRefused, DependencyUnavailable
from wingman.kit.resilience.retry import with_api_retry
from wingman.kit.settings import load
from wingman.releases.models import Hook, Status, Version
from wingman.releases.settings import ReleaseSettings

TIMEOUT_SECONDS = 10.0
# The time of the slowest function, including its cold start.
INVOCATION_SECONDS = 150.0
_JSON = "application/x-amz-json-1.1"
_SUFFIX = "amazonaws.com"
_LONGEST_ERROR = 500

_repeated = with_api_retry.replace(idempotent=True)


class InvocationFailedError(Exception):
    """A version did not start, or ended with an error, which this describes."""


class Deployments(Protocol):
    """Calls to CodeDeploy. Each raises DependencyUnavailable."""

    def new_versions(self, deployment_id: str) -> Sequence[Version]: ...

    def report(self, hook: Hook, status: Status) -> None: ...


class Versions(Protocol):
    def invoke(self, version: Version, event: Mapping[str, Any]) -> Any:
        """Return the answer. Raises InvocationFailedError and DependencyUnavailable."""
        ...


class CodeDeploy(Deployments):
    def __init__(self, endpoint: str, region: str, client: httpx.Client) -> None:
        self._endpoint, self._region, self._client = f"{endpoint}/", region, client

    def new_versions(self, deployment_id: str) -> Sequence[Version]:
        asked = {"deploymentId": deployment_id}
        targets = self._call("ListDeploymentTargets", asked)["targetIds"]
        found = self._call("BatchGetDeploymentTargets", asked | {"targetIds": targets})
        about = [each["lambdaTarget"]["lambdaFunctionInfo"] for each in found["deploymentTargets"]]
        return [Version(each["functionName"], each["targetVersion"]) for each in about]

    def report(self, hook: Hook, status: Status) -> None:
        self._call(
            "PutLifecycleEventHookExecutionStatus",
            {
                "deploymentId": hook.deployment_id,
                "lifecycleEventHookExecutionId": hook.lifecycle_event_hook_execution_id,
                "status": status,
            },
        )

    @_repeated
    def _call(self, action: str, parameters: Mapping[str, object]) -> Any:
        body = json.dumps(parameters)
        target = {"Content-Type": _JSON, "X-Amz-Target": f"CodeDeploy_20141006.{action}"}
        headers = sign("codedeploy", self._region, self._endpoint, body, target)
        answer = _answer("codedeploy", self._client, self._endpoint, body, headers)
        return answer.json()


class Lambda(Versions):
    def __init__(self, endpoint: str, region: str, client: httpx.Client) -> None:
        self._endpoint, self._region, self._client = endpoint, region, client

    # Each function tolerates a repeated event, because the services that trigger it may repeat one.
    @_repeated
    def invoke(self, version: Version, event: Mapping[str, Any]) -> Any:
        path = f"/2015-03-31/functions/{quote(version.function, safe='')}/invocations"
        url = f"{self._endpoint}{path}?Qualifier={quote(version.number, safe='')}"
        body = json.dumps(event)
        headers = sign("lambda", self._region, url, body, {"Content-Type": "application/json"})
        answer = _answer("lambda", self._client, url, body, headers)
        if "x-amz-function-error" in answer.headers:
            raise InvocationFailedError(answer.text[:_LONGEST_ERROR])
        return answer.json()


def _answer(
    dependency: str, client: httpx.Client, url: str, body: str, headers: Mapping[str, str]
) -> httpx.Response:
    try:
        answer = client.post(url, content=body, headers=headers)
    except httpx.HTTPError as error:
        raise DependencyUnavailable(dependency, asked_to_wait=asked_to_wait(error)) from error
    if answer.is_success:
        return answer
    throttled = answer.status_code == httpx.codes.TOO_MANY_REQUESTS or "Throttl" in answer.text
    if answer.is_client_error and not throttled:
        raise DependencyRefused(dependency)
    raise DependencyUnavailable(dependency)


@cache
def deployments() -> Deployments:
    here = load(ReleaseSettings)
    endpoint = here.aws_endpoint_url_codedeploy or f"https://codedeploy.{here.aws_region}.{_SUFFIX}"
    client = http_client("codedeploy", timeout=TIMEOUT_SECONDS)
    return CodeDeploy(endpoint, here.aws_region, client)


@cache
def versions() -> Versions:
    here = load(ReleaseSettings)
    endpoint = here.aws_endpoint_url or f"https://lambda.{here.aws_region}.{_SUFFIX}"
    client = http_client("lambda", timeout=INVOCATION_SECONDS)
    return Lambda(endpoint, here.aws_region, client)
