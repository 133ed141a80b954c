"""The state in AWS: queues, the error rate, the last deployment, and the live version."""

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from local.doctor.clients import client
from local.doctor.findings import Finding, Findings, fail, ok, warn
from local.doctor.queues import LEAST_HIDDEN_SECONDS

_LONGEST_WAIT = 300.0
_QUARTER = 900
# The same as ServerErrorsAlarm's.
_MOST_ERRORS = 0.01
_READY = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def queues() -> Findings:
    """Read each queue's length, age and dead letters."""
    for name in LEAST_HIDDEN_SECONDS:
        if url := os.environ.get(name):
            yield _queue(url)
        else:
            yield warn("queues", f"not checked: {name} is not set", "set it")


def _queue(url: str) -> Finding:
    sqs = client("sqs")
    found = _attributes(sqs, url)
    name = url.rpartition("/")[2]
    dead = 0
    if policy := found.get("RedrivePolicy"):
        target = json.loads(policy)["deadLetterTargetArn"].rpartition(":")[2]
        dead_url = sqs.get_queue_url(QueueName=target)["QueueUrl"]
        dead = int(_attributes(sqs, dead_url)["ApproximateNumberOfMessages"])
    age = _newest("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", name, "Maximum")
    waiting, taken = (
        found["ApproximateNumberOfMessages"],
        found["ApproximateNumberOfMessagesNotVisible"],
    )
    oldest = "age unknown" if age is None else f"the oldest for {age:.0f} s"
    short = name.removeprefix(f"{os.environ.get('STACK_NAME')}-")
    text = f"{short}: {waiting} waiting, {oldest}, {taken} in flight, {dead} dead"
    if dead:
        return fail("queues", text, "docs/operating.md: the alarm of this queue's dead letters")
    if age is not None and age > _LONGEST_WAIT:
        return fail("queues", text, "errors and throttles of its worker")
    return ok("queues", text)


def _attributes(sqs: Any, url: str) -> dict[str, str]:
    found: dict[str, str] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
        "Attributes"
    ]
    return found


def errors() -> Findings:
    """Read the share of requests that were answered with 5xx."""
    api = urlsplit(os.environ.get("API_URL", "")).hostname or ""
    ids = _outputs().get("ApiId") or api.partition(".")[0]
    for title, seconds in (("15 min", _QUARTER), ("1 h", 4 * _QUARTER)):
        requests = _sum("Count", ids, seconds)
        failed = _sum("5xx", ids, seconds) or 0.0
        if not requests:
            yield ok("errors", f"last {title}: no requests in CloudWatch")
            continue
        text = f"last {title}: {failed:.0f} of {requests:.0f} requests failed"
        if failed / requests > _MOST_ERRORS:
            yield fail("errors", text, "docs/operating.md: ServerErrorsAlarm")
        else:
            yield ok("errors", text)


def deployment() -> Findings:
    """Show when the stack last changed, and which version is live."""
    described = _stack()
    if described is None:
        yield warn("deployment", "not checked: STACK_NAME is not set", "use ENV=…, or set it")
    else:
        at = described.get("LastUpdatedTime") or described["CreationTime"]
        text = (
            f"{described['StackName']} is {described['StackStatus']} since {at:%Y-%m-%d %H:%M} UTC"
        )
        if described["StackStatus"] in _READY:
            yield ok("deployment", text)
        else:
            yield fail("deployment", text, "the events of the stack in CloudFormation say why")
    health = httpx.get(f"{os.environ['API_URL']}/health", timeout=20).json()
    text = f"version {health['version']} answers, and is {health['status']}"
    if health["status"] == "healthy":
        yield ok("deployment", text)
    else:
        yield fail("deployment", text, "`curl $API_URL/health` names the dependency")


def _stack() -> dict[str, Any] | None:
    name = os.environ.get("STACK_NAME")
    if not name:
        return None
    found: dict[str, Any] = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    return found


def _outputs() -> dict[str, str]:
    found = (_stack() or {}).get("Outputs", [])
    return {item["OutputKey"]: item["OutputValue"] for item in found}


def _sum(metric: str, api_id: str, seconds: int) -> float | None:
    return _newest("AWS/ApiGateway", metric, "ApiId", api_id, "Sum", seconds)


def _newest(
    namespace: str, metric: str, dimension: str, value: str, statistic: str, seconds: int = 600
) -> float | None:
    """Return a statistic of the last seconds, or None without data."""
    now = datetime.now(UTC)
    points = client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": dimension, "Value": value}],
        StartTime=now - timedelta(seconds=seconds),
        EndTime=now,
        Period=60,
        Statistics=[statistic],
    )["Datapoints"]
    values = [float(point[statistic]) for point in points]
    if not values:
        return None
    return sum(values) if statistic == "Sum" else max(values)
