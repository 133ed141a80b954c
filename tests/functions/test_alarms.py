"""The alarms watch metrics that the functions write, including every dimension."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from itertools import zip_longest
from typing import Any
from uuid import UUID, uuid4

import pytest

from local.resend.webhooks import signed
from local.sample_events import filled
from tests.integration.database import DirectDatabase, new_email, new_person
from tests.integration.own_database import own_database
from tests.support.caches import caches
from tests.support.functions import DEFAULTS, Function
from tests.support.template import ROOT, template
from tests.unit.notifications.email.sending.fakes import house, invitation
from tests.unit.photos.processing.fakes import Bench
from wingman.conversations import frames
from wingman.kit.clients.dependencies import SUPABASE
from wingman.kit.errors import DependencyUnavailable
from wingman.notifications.email.sending import repository
from wingman.notifications.email.sending import service as emails
from wingman.notifications.email.sending.repository import DatabaseOutbox
from wingman.photos.imaging import Rejection
from wingman.realtime import service as realtime
from wingman.realtime.outcomes import Outcome

Metric = tuple[str, str, frozenset[tuple[str, str]]]
Kind = tuple[str, str, frozenset[str]]
Load = Callable[..., Function]
Work = Callable[..., Any]

# Outcomes of the hundred emails that the provider accepted within a day.
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


def report(function: Load, stack: dict[str, str], kind: str) -> None:
    """Let the provider report an event of an email that it accepted."""
    event = filled(ROOT / "events/resend_webhook/delivered.json", stack)
    body = event["body"].replace("email.delivered", f"email.{kind}")
    signature = signed(stack["RESEND_WEBHOOK_SECRET"], f"msg_{uuid4()}", body)
    function("resend_webhook").invoke(
        event | {"body": body, "headers": event["headers"] | signature}
    )


def read_a_reputation(function: Load, stack: dict[str, str]) -> None:
    """Ask twice, so that the cache misses and hits."""
    event, app = filled(ROOT / "events/reputation/get.json", stack), function("reputation")
    for _ in range(2):
        app.invoke(event)


def fail_a_photo(function: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    app, worker = function("photo_processor"), Bench(decoded=Rejection.PROCESSING_FAILED)
    monkeypatch.setattr(app.module, "processor", lambda: worker.processor)
    app.invoke(app.event("upload"))


def crash_a_frame(function: Load, stack: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one frame raise an unforeseen error, and let the post of another one fail."""
    app = function("realtime")
    with monkeypatch.context() as patch:
        patch.setattr(frames, "_admit", lambda *_: 1 / 0)
        app.invoke(filled(ROOT / "events/realtime/ping.json", stack))
    realtime._report([Outcome.FAILED], "pong")


@pytest.fixture
def read(
    function: Load,
    work: Work,
    stack: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> set[Metric]:
    """Return every metric that CloudWatch reads from the output of the functions."""
    send_one(function, monkeypatch)
    fail_a_photo(function, monkeypatch)
    read_a_reputation(function, stack)
    crash_a_frame(function, stack, monkeypatch)
    for kind in ("delivered", "bounced", "complained"):
        report(function, stack, kind)
    work("session_reminders", "every_minute")
    work("housekeeping", "every_hour")
    for cached in caches():
        cached.cache_clear()
    lose_the_database(function)
    return {metric for line in written(capsys) for metric in read_by_cloudwatch(line)}


def test_every_alarm_watches_a_metric_that_a_function_writes(read: set[Metric]) -> None:
    assert {name: metric for name, metric in watched().items() if metric not in read} == {}


def test_the_dashboard_shows_metrics_that_functions_write(read: set[Metric]) -> None:
    known = {_kind(*metric) for metric in read}

    assert len(shown()) > 10
    assert [kind for kind in shown() if kind not in known] == []
    computed = {kind for alarm in alarms().values() for kind in _computed(alarm)}
    assert computed
    assert computed <= known


def _kind(namespace: str, name: str, dimensions: Iterable[tuple[str, str]]) -> Kind:
    """Return a metric without the values of its dimensions: tests do not produce all of them."""
    return namespace, name, frozenset(dimension for dimension, _ in dimensions)


def shown() -> list[Kind]:
    """Return our own metrics on the dashboard. `.` and `...` repeat parts of the row above.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    body = template()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    found, before = [], list[str]()
    for widget in json.loads(body)["widgets"]:
        for row in widget["properties"].get("metrics", []):
            parts = [part for part in row if isinstance(part, str)]
            if not parts:
                continue
            if parts[0] == "...":
                parts = [*before[: len(before) - len(parts) + 1], *parts[1:]]
            before = [old if new == "." else new for old, new in zip_longest(before, parts)]
            before = before[: len(parts)]
            found.append(_kind(before[0], before[1], batched(before[2:])))
    return [kind for kind in found if kind[0] == "Wingman"]


def batched(parts: list[str]) -> Iterator[tuple[str, str]]:
    return zip(parts[::2], parts[1::2], strict=True)


def _computed(alarm: dict[str, Any]) -> Iterator[Kind]:
    for one in alarm.get("Metrics", []):
        metric = one.get("MetricStat", {}).get("Metric", {})
        if metric.get("Namespace") == "Wingman":
            yield _kind("Wingman", metric["MetricName"], _dimensions(metric))


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
    return {
        name: (alarm["Namespace"], alarm["MetricName"], frozenset(_dimensions(alarm)))
        for name, alarm in alarms().items()
        if alarm.get("Namespace") == "Wingman"
    }


def alarms() -> dict[str, dict[str, Any]]:
    return {
        name: resource["Properties"]
        for name, resource in template()["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }


def _dimensions(alarm: dict[str, Any]) -> Iterator[tuple[str, str]]:
    parameters = {"Environment": "local", "Version": DEFAULTS["VERSION"]}
    for one in alarm["Dimensions"]:
        value = one["Value"]
        yield one["Name"], parameters[value["Ref"]] if isinstance(value, dict) else value
