"""The frame of every invocation: its ids, its trace, its deadline, the report of a failure."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from wingman.kit.clock import LambdaContext, deadline
from wingman.kit.observability import count
from wingman.kit.reporting.settings import ReportingSettings
from wingman.kit.settings import AppSettings, load
from wingman.kit.tracing.requests import Served, serving
from wingman.kit.tracing.segments import Segment, subsegment, tracing

_MOST_MESSAGES = 50


@contextmanager
def invocation(event: Mapping[str, Any], context: LambdaContext) -> Iterator[Segment]:
    """Serve one event. A handler does everything that may fail in this block."""
    with (
        serving(event, context) as served,
        tracing(),
        deadline(context),
        subsegment("handler", **_facts(served, event)) as segment,
    ):
        try:
            yield segment
        except Exception as error:
            report(error)
            raise


def report(error: BaseException) -> None:
    """Count an error that no code foresaw, and report it if SENTRY_DSN is set. Raises nothing."""
    # By version, so that a deployment is rolled back only for errors of its own version.
    count("UnforeseenError", version=load(AppSettings).version)
    if load(ReportingSettings).sentry_dsn:
        from wingman.kit.reporting.sending import send  # noqa: PLC0415 - only a failure needs it

        send(error)


def _facts(served: Served, event: Mapping[str, Any]) -> dict[str, object]:
    """Annotations can be searched in X-Ray, `annotation.request_id = "…"`; metadata is shown."""
    found = {"request_id": served.request_id, "route": served.name}
    about: dict[str, object] = {"function": os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")}
    if served.messages:
        about["caused_by"] = list(served.caused_by)
        about["messages"] = [_message(each) for each in event["Records"][:_MOST_MESSAGES]]
    return {
        "annotations": {name: value for name, value in found.items() if value},
        "metadata": {"wingman": about},
    }


def _message(record: Mapping[str, Any]) -> dict[str, object]:
    attributes = record.get("attributes", {})
    return {
        "id": record.get("messageId"),
        "queue": str(record.get("eventSourceARN", "")).rpartition(":")[2],
        "sent_at": attributes.get("SentTimestamp"),
        "receives": attributes.get("ApproximateReceiveCount"),
    }
