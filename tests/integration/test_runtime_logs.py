"""Logs under the real runtime client, with the root logger as `LogFormat: JSON` sets it up."""

import json

import pytest

from local.invocation import built, variables
from local.lambda_runtime import LOGGING, LambdaRuntime
from local.stack import stack
from tests.support.logs import events
from tests.support.template import ROOT, template

TEST = stack("test")


@pytest.mark.parametrize(("function", "status"), [("health", 200), ("reputation", 401)])
def test_the_runtime_client_logs_no_request(
    stack: dict[str, str], function: str, status: int
) -> None:
    event = (ROOT / "events" / function / "get.json").read_text()
    with LambdaRuntime.start(built(TEST, function), variables(TEST, function)) as runtime:
        answer = runtime.invoke(json.loads(event.replace("{{user_id}}", "anna@example.com")))
        lines = runtime.logs().splitlines()

    assert answer["statusCode"] == status
    assert [line for line in events(lines) if "logger" in line] == []
    assert "anna" not in "\n".join(lines)


def test_local_functions_log_as_deployed_ones() -> None:
    """ApplicationLogLevel must stay unset: it would drop metrics, which have no level."""
    assert template()["Globals"]["Function"]["LoggingConfig"] == {
        "LogFormat": LOGGING["AWS_LAMBDA_LOG_FORMAT"],
        "LogGroup": {"Ref": "Logs"},
    }
