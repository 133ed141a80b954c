"""A hook's calls, checked against the description of CodeDeploy in botocore, and Lambda's API."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import httpx
import pytest
from botocore.stub import Stubber

from wingman.kit.clients.aws import credentials
from wingman.kit.errors import DependencyRefused, DependencyUnavailable
from wingman.kit.resilience.retry import budgets, pausing_with
from wingman.releases.models import Hook, Status, Version
from wingman.releases.provider import CodeDeploy, InvocationFailedError, Lambda

HOOK = Hook(DeploymentId="d-1", LifecycleEventHookExecutionId="one")
TARGET = {
    "deploymentTargetType": "LambdaTarget",
    "lambdaTarget": {
        "lambdaFunctionInfo": {"functionName": "user", "targetVersion": "7", "currentVersion": "6"}
    },
}
ANSWERS: dict[str, dict[str, Any]] = {
    "ListDeploymentTargets": {"targetIds": ["user:live"]},
    "BatchGetDeploymentTargets": {"deploymentTargets": [TARGET]},
    "PutLifecycleEventHookExecutionStatus": {"lifecycleEventHookExecutionId": "one"},
}
Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    credentials.cache_clear()
    budgets.cache_clear()


def client(answer: Answer) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(answer))


def codedeploy(request: httpx.Request) -> httpx.Response:
    """Return a client whose requests and answers botocore validates."""
    action = request.headers["X-Amz-Target"].removeprefix("CodeDeploy_20141006.")
    asked = json.loads(request.content)
    known = boto3.client("codedeploy", region_name="eu-central-1")
    method = {api: name for name, api in known.meta.method_to_api_mapping.items()}[action]
    with Stubber(known) as stub:
        stub.add_response(method, ANSWERS[action], asked)
        getattr(known, method)(**asked)
    return httpx.Response(200, json=ANSWERS[action])


def test_calls_are_as_codedeploy_describes_them() -> None:
    deployments = CodeDeploy("https://codedeploy", "eu-central-1", client(codedeploy))
    assert deployments.new_versions("d-1") == [Version("user", "7")]
    deployments.report(HOOK, Status.FAILED)


def lambda_(answer: Answer) -> Lambda:
    return Lambda("https://lambda", "eu-central-1", client(answer))


def test_exactly_the_named_version_is_invoked() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"statusCode": 200})

    assert lambda_(answer).invoke(Version("user", "7"), {"a": 1}) == {"statusCode": 200}
    (request,) = asked
    assert request.url.raw_path == b"/2015-03-31/functions/user/invocations?Qualifier=7"
    assert json.loads(request.content) == {"a": 1}


def test_the_error_of_a_function_is_no_answer() -> None:
    failed = httpx.Response(200, json={}, headers={"X-Amz-Function-Error": "Unhandled"})
    with pytest.raises(InvocationFailedError):
        lambda_(lambda _: failed).invoke(Version("user", "7"), {})


@pytest.mark.parametrize(("status", "times"), [(429, 3), (500, 3), (403, 1)])
def test_a_temporary_failure_is_repeated(status: int, times: int) -> None:
    asked: list[int] = []

    def answer(_: httpx.Request) -> httpx.Response:
        asked.append(status)
        return httpx.Response(status, text="{}")

    expected = DependencyRefused if status == httpx.codes.FORBIDDEN else DependencyUnavailable
    with pausing_with(lambda _: None), pytest.raises(expected):
        lambda_(answer).invoke(Version("user", "7"), {})
    assert len(asked) == times
