"""The table of the provider's events in docs/benchmarks.md."""

import io
import json
import random
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial
from uuid import UUID, uuid4

import pytest

from local.environment import read
from local.resend.webhooks import signed
from local.stack import stack
from tests.support.functions import Function
from tests.support.people import People
from wingman.kit.clients.database import get_service_client

EMAILS, EVENTS = 250, 1000
ORDER = ("sent", "delivered", "bounced", "complained")


def run() -> str:
    values = dict(read(stack("test")))
    with (
        pytest.MonkeyPatch.context() as patch,
        People(values) as people,
        redirect_stdout(io.StringIO()),  # metrics
    ):
        app = Function("resend_webhook", values, patch, {})
        last = _emails(people)
        events = _events(last)
        random.shuffle(events)
        took = _taken([partial(_post, app, values, *event) for event in events])
        ping = _taken([lambda: get_service_client().rpc("ping", {}, idempotent=True)] * EVENTS)
        right = sum(_status(people, email) == status for email, status in last.items())
    return (
        "## Webhook\n\n"
        f"{EVENTS} signed events of {EMAILS} emails in random order, some of them twice, through "
        "the "
        "function in one process;\nbeside them, as often, a call that only asks the database for "
        "the time.\n\n"
        "| | |\n|---|---|\n"
        f"| emails in the state that the events leave in order | {right} of {EMAILS} |\n"
        f"| median of an event, in calls | {took[EVENTS // 2] / ping[EVENTS // 2]:.1f} |\n"
        f"| 99th percentile, in 99th percentiles of a call | {_p99(took) / _p99(ping):.1f} |\n"
    )


def _emails(people: People) -> dict[UUID, str]:
    """Record sent emails; return the final status of each."""
    maya = people.new()
    last = {uuid4(): random.choice(ORDER[1:]) for _ in range(EMAILS)}  # noqa: S311 - any will do
    for email in last:
        people.connection.execute(
            "insert into public.email_logs (id, user_id, email_template, recipient_email,"
            " dedupe_key, priority, delivery_status)"
            " values (%s, %s, 'match_declined', %s, %s, 'urgent', 'sent')",
            (email, maya.id, maya.email, email.hex),
        )
    return last


def _events(last: dict[UUID, str]) -> list[tuple[str, UUID, str]]:
    events = [
        (f"msg_{uuid4().hex}", email, status)
        for email, end in last.items()
        for status in ORDER[: ORDER.index(end) + 1]
    ]
    return events + random.choices(events, k=EVENTS - len(events))  # noqa: S311 - any will do


def _post(app: Function, values: dict[str, str], name: str, email: UUID, status: str) -> None:
    body = json.dumps({"type": f"email.{status}", "data": {"tags": {"email_id": str(email)}}})
    event = app.event("delivered")
    event["headers"] |= signed(values["RESEND_WEBHOOK_SECRET"], name, body)
    assert app.invoke(event | {"body": body})["statusCode"] == 200


def _taken(actions: list[Callable[[], object]]) -> list[float]:
    taken = []
    for action in actions:
        began = time.perf_counter()
        action()
        taken.append(time.perf_counter() - began)
    return sorted(taken)


def _p99(taken: list[float]) -> float:
    return taken[len(taken) * 99 // 100]


def _status(people: People, email: UUID) -> str:
    row = people.connection.execute(
        "select delivery_status from public.email_logs where id = %s", (email,)
    ).fetchone()
    assert row is not None
    return str(row[0])
