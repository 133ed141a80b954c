"""A deployed alarm, evaluated on the metrics that functions wrote into their logs."""

import json
import operator
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_COMPARISONS = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
}
_STATISTICS: dict[str, Callable[[list[float]], float]] = {"Sum": sum, "Maximum": max}


@dataclass(frozen=True)
class Alarm:
    """One alarm of a deployed stack, and the log group of its functions."""

    aws: Any
    log_group: str
    described: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.described["AlarmName"])

    def fires(self) -> bool:
        """Compare the last period with the threshold; no data is no breach."""
        assert self.described["EvaluationPeriods"] == 1
        assert self.described["TreatMissingData"] == "notBreaching"
        values = list(self._values())
        if not values:
            return False
        breaches = _COMPARISONS[self.described["ComparisonOperator"]]
        value = _STATISTICS[self.described["Statistic"]](values)
        return bool(breaches(value, self.described["Threshold"]))

    def _values(self) -> Iterator[float]:
        since = int((time.time() - self.described["Period"]) * 1000)
        wanted = {each["Name"]: each["Value"] for each in self.described["Dimensions"]}
        for line in self._lines(since):
            for directive in line["_aws"]["CloudWatchMetrics"]:
                names = [set(names) for names in directive["Dimensions"]]
                metrics = [metric["Name"] for metric in directive["Metrics"]]
                found = {name: line.get(name) for name in wanted}
                if (
                    directive["Namespace"] == self.described["Namespace"]
                    and self.described["MetricName"] in metrics
                    and set(wanted) in names
                    and found == wanted
                ):
                    value = line[self.described["MetricName"]]
                    yield from value if isinstance(value, list) else [value]

    def _lines(self, since: int) -> Iterator[dict[str, Any]]:
        pages = (
            self.aws.logs()
            .get_paginator("filter_log_events")
            .paginate(
                logGroupName=self.log_group, startTime=since, filterPattern=f'"{self._metric}"'
            )
        )
        for page in pages:
            for event in page["events"]:
                for text in event["message"].splitlines():
                    if '"_aws"' in text:
                        yield json.loads(text[text.index("{") :])

    @property
    def _metric(self) -> str:
        return str(self.described["MetricName"])


def deployed_alarms(aws: Any, stack: str, log_group: str) -> Iterator[Alarm]:
    """Yield the alarms of a stack on a single metric; the emulator has no metric math."""
    names = [
        each["PhysicalResourceId"]
        for page in aws.cloud_formation()
        .get_paginator("list_stack_resources")
        .paginate(StackName=stack)
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == "AWS::CloudWatch::Alarm"
    ]
    client = aws.session.client("cloudwatch", endpoint_url=aws.endpoint)
    for start in range(0, len(names), 50):
        found = client.describe_alarms(AlarmNames=names[start : start + 50])
        yield from (Alarm(aws, log_group, dict(each)) for each in found["MetricAlarms"])
