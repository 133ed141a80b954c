"""Reads a local stack's records of a request."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row

from local.aws import emulated
from local.stack import Stack

_EMAILS = """
select email.id, email.email_template, email.delivery_status, email.created_at, email.sent_at
from public.email_logs as email where email.request_id = %s
"""
_PUSHES = """
select listed.id, listed.kind, listed.recorded_at, push.status
from public.notifications as listed
left join private.pushes as push on listed.id = push.notification_id
where listed.request_id = %s
"""

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Sources:
    """The records of a request and of the invocations that worked for it."""

    segments: Sequence[Facts] = ()
    lines: Sequence[Facts] = ()
    emails: Sequence[Facts] = ()
    pushes: Sequence[Facts] = ()
    accepted_emails: Sequence[tuple[str, float]] = ()
    accepted_pushes: Sequence[tuple[str, float]] = ()


def read(stack: Stack, database_url: str, request_id: str) -> Sources:
    lines = [line for line in logged(stack, request_id) if names(line, request_id)]
    # A worker sends the oldest due items, so another request's message may have invoked it.
    invocations = {str(line.get("correlation_id", "")) for line in lines} | {request_id}
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        emails = connection.execute(_EMAILS, (request_id,)).fetchall()
        pushes = connection.execute(_PUSHES, (request_id,)).fetchall()
    with httpx.Client(base_url=stack.url("resend"), timeout=10, trust_env=False) as client:
        segments = [
            segment
            for each in sorted(invocations - {""})
            for segment in client.get("/xray/segments", params={"request_id": each}).json()
        ]
        journal = client.get("/_sandbox/journal").json()
        sent = client.get("/fcm/_sandbox/pushes").json()
    return Sources(
        segments=[*{segment["id"]: segment for segment in segments}.values()],
        lines=lines,
        emails=emails,
        pushes=pushes,
        accepted_emails=_of(emails, ((tag, _seconds(at)) for tag, at, _ in journal["accepted"])),
        accepted_pushes=_of(
            pushes,
            (
                (each["message"].get("data", {}).get("notification_id"), each["accepted_at"])
                for each in sent
            ),
        ),
    )


def names(line: Facts, request_id: str) -> bool:
    return request_id == line.get("correlation_id") or request_id in (line.get("caused_by") or ())


def logged(stack: Stack, request_id: str) -> Iterator[Facts]:
    """Yield all functions' log events that contain the id; metrics have no message."""
    client = emulated(stack).logs()
    for page in client.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            found = client.get_paginator("filter_log_events").paginate(
                logGroupName=group["logGroupName"], filterPattern=f'"{request_id}"'
            )
            for each in found:
                yield from filter(None, map(_event, each["events"]))


def _event(entry: Mapping[str, Any]) -> Facts | None:
    try:
        found = json.loads(entry["message"])
    except ValueError:
        return None
    is_ours = isinstance(found, dict) and {"message", "level", "timestamp"} <= set(found)
    return found if is_ours else None


def _seconds(given: str) -> float:
    return datetime.fromisoformat(given).timestamp()


def _of(rows: Sequence[Facts], accepted: Iterator[tuple[Any, Any]]) -> list[tuple[str, float]]:
    wanted = {str(row["id"]) for row in rows}
    return [(str(one), float(at)) for one, at in accepted if str(one) in wanted]
