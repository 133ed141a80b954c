"""The alarms watch metrics that the functions write, including every dimension."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any
from uuid import UUID

import pytest

from tests.integration.database import DirectDatabase, new_email, new_person
from tests.integration.own_database import own_database
from tests.support.functions import Function
from tests.support.template import template
from tests.unit.notifications.email.sending.fakes import house, invitation
from wingman.kit.clients.dependencies import SUPABASE
from wingman.kit.errors import DependencyUnavailable
from wingman.notifications.email.sending import repository
from wingman.notifications.email.sending import service as emails
from wingman.notifications.email.sending.repository import DatabaseOutbox

Metric = tuple[str, str, frozenset[tuple[str, str]]]
Load = Callable[..., Function]
Work = Callable[..., Any]

# The fates of the hundred emails that the provider accepted within a day.
DAY = {"delivered": 50, "sent": 20, "bounced": 24, "complained": 6}


@pytest.fixture(scope="module")
def url(database_url: str) -> Iterator[str]:
    """Return a database with no emails but those of this module."""
    with own_database(database_url) as own:
        leo = new_person(own)
        for status, number in DAY.items():
            for _ in range(number):
                new_email(own, leo, delivery_status=status, sent_at="now")
        new_email(own, leo, delivery_status="bounced", sent_at="yesterday")
        yield own


@pytest.fixture
def work(function: Load, url: str, monkeypatch: pytest.MonkeyPatch) -> Work:
    """Invoke a function once, on that database."""

    def once(name: str, case: str) -> Any:
        app = function(name)
        monkeypatch.setattr(app.module, "get_service_client", lambda: DirectDatabase(url))
        monkeypatch.setattr(repository, "outbox", lambda: DatabaseOutbox(DirectDatabase(url)))
        return app.invoke(app.event(case), milliseconds=60_000)

    return once


def send_one(function: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the sender send an urgent email through a provider that accepts it."""
    app, built = function("email_sender"), house()
    event = app.event("two_messages")
    (named, *_) = json.loads(event["Records"][0]["body"])["email_ids"]
    built.outbox.add(invitation(id=UUID(named)))
    monkeypatch.setattr(emails, "sender", cache(lambda: built.sender))
    app.invoke(event)


def lose_the_database(function: Load) -> None:
    """Sweep until the circuit opens."""
    app = function("session_reminders", SUPABASE_URL="http://127.0.0.1:9")
    for _ in range(SUPABASE.failures):
        with suppress(DependencyUnavailable):
            app.invoke(app.event("every_minute"))


def test_every_alarm_watches_a_metric_that_a_function_writes(
    function: Load,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lose_the_database(function)
    send_one(function, monkeypatch)
    work("session_reminders", "every_minute")
    work("housekeeping", "every_hour")

    read = {metric for line in written(capsys) for metric in read_by_cloudwatch(line)}
    assert {name: metric for name, metric in watched().items() if metric not in read} == {}


def test_housekeeping_reports_the_rates_of_a_day(
    work: Work, capsys: pytest.CaptureFixture[str]
) -> None:
    assert work("housekeeping", "every_hour")["emails_reported"] == sum(DAY.values())

    lines = written(capsys)
    rates = {name: line[name] for line in lines for name in line if name.endswith("Rate")}
    fates_known = 100 - DAY["sent"]
    assert rates == {
        "EmailBounceRate": [24.0],
        "EmailComplaintRate": [6.0],
        "EmailSuccessRate": [100 * (50 + 6) / fates_known],
    }


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the lines that CloudWatch reads as metrics: JSON with `_aws`."""
    lines = capsys.readouterr().out.splitlines()
    return [json.loads(line) for line in lines if '"_aws"' in line]


def read_by_cloudwatch(line: dict[str, Any]) -> Iterator[Metric]:
    """Yield each metric of a line once for each set of its dimensions."""
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = frozenset((name, line[name]) for name in names)
            for metric in directive["Metrics"]:
                assert metric["Name"] in line
                yield directive["Namespace"], metric["Name"], dimensions


def watched() -> dict[str, Metric]:
    """Return the metric of each alarm, except for metrics of AWS itself."""
    alarms = {
        name: resource["Properties"]
        for name, resource in template()["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }
    return {
        name: (alarm["Namespace"], alarm["MetricName"], frozenset(_dimensions(alarm)))
        for name, alarm in alarms.items()
        if alarm.get("Namespace") == "Wingman"
    }


def _dimensions(alarm: dict[str, Any]) -> Iterator[tuple[str, str]]:
    parameters = {"Environment": "local"}
    for one in alarm["Dimensions"]:
        value = one["Value"]
        yield one["Name"], parameters[value["Ref"]] if isinstance(value, dict) else value
