"""The moments of a request, from traces, logs, rows, emails and pushes."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.trace.sources import Sources

_RESOURCE = re.compile(r"-([A-Z]\w*)Function-")
# Fields of a log line that say nothing about the request.
_COMMON = {
    *("level", "location", "message", "timestamp", "service", "correlation_id", "caused_by"),
    *("xray_trace_id", "exception", "exception_name", "stack_trace", "logger"),
}
_LONGEST = 160


@dataclass(frozen=True, order=True)
class Moment:
    """A time, the acting part, and its act."""

    at: float
    part: str
    act: str


def story(found: Sources) -> list[Moment]:
    """Return all moments in order of time."""
    moments = [
        *_traced(found.segments),
        *_logged(found.lines, found.segments),
        *_recorded(found.emails, found.pushes),
        *_accepted(found),
    ]
    return sorted(set(moments))


def lines(moments: Iterable[Moment]) -> Iterator[str]:
    began = None
    for moment in moments:
        began = moment.at if began is None else began
        yield f"  {moment.at - began:+9.3f} s  {moment.part:<22} {moment.act}"[:_LONGEST].rstrip()


def function(segment: Mapping[str, Any]) -> str:
    """Return the folder name of the function that sent a segment."""
    name = str(segment.get("metadata", {}).get("wingman", {}).get("function", ""))
    found = _RESOURCE.search(name)
    return re.sub(r"(?<!^)(?=[A-Z])", "_", found[1]).lower() if found else name or "?"


def _traced(segments: Iterable[Mapping[str, Any]]) -> Iterator[Moment]:
    known = list(segments)
    owner = {each["id"]: function(each) for each in known if each["name"] == "handler"}
    for each in known:
        took = f"{1000 * (each['end_time'] - each['start_time']):.0f} ms"
        if each["name"] == "handler":
            yield Moment(each["start_time"], owner[each["id"]], f"{_begun(each)}  {took}")
        else:
            part = owner.get(each["parent_id"], "?")
            yield Moment(each["start_time"], part, f"→ {each['name']} {_call(each)}  {took}")


def _begun(segment: Mapping[str, Any]) -> str:
    messages = segment["metadata"]["wingman"].get("messages")
    if messages:
        waited = segment["start_time"] - int(messages[0]["sent_at"] or 0) / 1000
        queues = ", ".join(sorted({each["queue"] for each in messages}))
        again = [each for each in messages if each["receives"] not in {None, "1"}]
        act = f"takes {len(messages)} from {queues} after {waited:.2f} s"
        return f"{act}, {len(again)} of them redelivered" if again else act
    act = segment["annotations"].get("route", "runs")
    status = segment.get("http", {}).get("response", {}).get("status")
    failed = " fails" if segment.get("fault") and status is None else ""
    return f"{act} {status if status is not None else ''}{failed}".rstrip()


def _call(segment: Mapping[str, Any]) -> str:
    http = segment.get("http", {})
    path = re.sub(r"^https?://[^/]+", "", http.get("request", {}).get("url", ""))
    answer = http.get("response", {}).get("status")
    causes = [one["type"] for one in segment.get("cause", {}).get("exceptions", [])]
    return f"{http.get('request', {}).get('method', '')} {path} {answer or ', '.join(causes)}"


def _logged(
    events: Iterable[Mapping[str, Any]], segments: Iterable[Mapping[str, Any]]
) -> Iterator[Moment]:
    owners = {
        each.get("annotations", {}).get("request_id"): function(each)
        for each in segments
        if each["name"] == "handler"
    }
    for event in events:
        at = datetime.fromisoformat(event["timestamp"]).timestamp()
        facts = {name: value for name, value in event.items() if name not in _COMMON and value}
        shown = " ".join(f"{name}={_plain(value)}" for name, value in facts.items())
        level = "" if event["level"] == "INFO" else f"{event['level']} "
        part = owners.get(event.get("correlation_id"), "log")
        yield Moment(at, part, f"{level}{event['message']} {shown}")


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _recorded(
    emails: Iterable[Mapping[str, Any]], pushes: Iterable[Mapping[str, Any]]
) -> Iterator[Moment]:
    for email in emails:
        what = f"email {email['email_template']} {email['id']}"
        yield Moment(email["created_at"].timestamp(), "database", f"records {what}")
        if email["sent_at"]:
            act = f"{what} is {email['delivery_status']}"
            yield Moment(email["sent_at"].timestamp(), "database", act)
    for push in pushes:
        act = f"records notification {push['kind']} {push['id']}"
        state = f", its push is {push['status']}" if push["status"] else ""
        yield Moment(push["recorded_at"].timestamp(), "database", act + state)


def _accepted(found: Sources) -> Iterator[Moment]:
    for email_id, at in found.accepted_emails:
        yield Moment(at, "Resend", f"accepts email {email_id}")
    for notification_id, at in found.accepted_pushes:
        yield Moment(at, "FCM", f"accepts the push of notification {notification_id}")
