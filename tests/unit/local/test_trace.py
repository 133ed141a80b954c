"""The history of a request, from its traces, logs, rows, emails and pushes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.trace.sources import Sources, names
from local.trace.story import Moment, function, lines, story
from local.xray.daemon import Daemon

BEGAN = datetime(2026, 11, 28, 12, tzinfo=UTC)
EMAIL, PUSH = "09db89b4-0000-4000-8000-000000000001", "19be5c74-0000-4000-8000-000000000002"


def at(seconds: float) -> float:
    return (BEGAN + timedelta(seconds=seconds)).timestamp()


def handler(number: int, began: float, name: str, **about: Any) -> dict[str, Any]:
    arn = f"wingman-{name}Function-A1B2"
    return {
        "name": "handler",
        "id": f"h{number}",
        "parent_id": f"p{number}",
        "start_time": at(began),
        "end_time": at(began + 0.1),
        "annotations": {"request_id": f"r-{number}"},
        "metadata": {"wingman": {"function": arn}},
    } | about


def call(parent: str, began: float, name: str, url: str, status: int | None) -> dict[str, Any]:
    http: dict[str, Any] = {"request": {"method": "POST", "url": url}}
    http |= {"response": {"status": status}} if status else {}
    return {
        "name": name,
        "id": f"{parent}-{name}",
        "parent_id": parent,
        "start_time": at(began),
        "end_time": at(began + 0.02),
        "http": http,
    } | ({} if status else {"cause": {"exceptions": [{"type": "ReadTimeout"}]}})


def found() -> Sources:
    request = handler(1, 0, "MatchRequest", http={"response": {"status": 201}})
    request["annotations"]["route"] = "POST /api/matches"
    worker = handler(2, 1, "EmailSender")
    worker["metadata"]["wingman"] |= {
        "caused_by": ["r-1"],
        "messages": [
            {"id": "m", "queue": "emails", "sent_at": str(int(at(0.5) * 1000)), "receives": "1"}
        ],
    }
    return Sources(
        segments=[
            worker,
            call("h2", 1.05, "email", "https://api.resend.com/emails/batch", None),
            request,
            call("h1", 0.02, "supabase", "https://x.co/rest/v1/rpc/request_match", 200),
        ],
        lines=[
            {
                "timestamp": (BEGAN + timedelta(seconds=1.2)).isoformat(),
                "level": "WARNING",
                "message": "emails.unreachable",
                "count": 1,
                "correlation_id": "r-2",
            }
        ],
        emails=[
            {
                "id": EMAIL,
                "email_template": "match_invitation",
                "created_at": BEGAN + timedelta(seconds=0.03),
                "sent_at": None,
                "delivery_status": "pending",
            }
        ],
        pushes=[
            {
                "id": PUSH,
                "kind": "match_invitation",
                "recorded_at": BEGAN + timedelta(seconds=0.03),
                "status": "sent",
            }
        ],
        accepted_pushes=[(PUSH, at(1.5))],
    )


def test_a_story_is_in_order_and_names_each_part() -> None:
    assert [(moment.part, moment.act) for moment in story(found())] == [
        ("match_request", "POST /api/matches 201  100 ms"),
        ("match_request", "→ supabase POST /rest/v1/rpc/request_match 200  20 ms"),
        ("database", f"records email match_invitation {EMAIL}"),
        ("database", f"records notification match_invitation {PUSH}, its push is sent"),
        ("email_sender", "takes 1 from emails after 0.50 s  100 ms"),
        ("email_sender", "→ email POST /emails/batch ReadTimeout  20 ms"),
        ("email_sender", "WARNING emails.unreachable count=1"),
        ("FCM", f"accepts the push of notification {PUSH}"),
    ]


def test_times_count_from_the_first_moment() -> None:
    shown = [*lines([Moment(at(0), "a", "x"), Moment(at(1.25), "b", "y" * 500)])]
    assert shown[0].split() == ["+0.000", "s", "a", "x"]
    assert shown[1].split()[0] == "+1.250"
    assert len(shown[1]) <= 160


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("wingman-RecommendationsWorkerFunction-X9", "recommendations_worker"),
        ("match_request", "match_request"),
        ("", "?"),
    ],
)
def test_a_function_has_the_name_of_its_folder(name: str, folder: str) -> None:
    assert function({"metadata": {"wingman": {"function": name}}}) == folder


def test_a_line_belongs_to_a_request_by_its_own_id_or_by_its_cause() -> None:
    assert names({"correlation_id": "r-1"}, "r-1")
    assert names({"correlation_id": "r-2", "caused_by": ["r-0", "r-1"]}, "r-1")
    assert not names({"correlation_id": "r-10", "caused_by": None}, "r-1")


def test_the_daemon_finds_segments_below_a_request_and_those_that_it_caused() -> None:
    daemon = Daemon()
    header = b'{"format": "json", "version": 1}\n'
    for text in (
        b'{"id": "c", "parent_id": "b"}',
        b'{"id": "b", "parent_id": "h", "name": "x"}',
        b'{"id": "h", "parent_id": "l", "annotations": {"request_id": "r-1"}}',
        b'{"id": "o", "parent_id": "l", "annotations": {"request_id": "r-2"}}',
        b'{"id": "w", "parent_id": "m", "metadata": {"wingman": {"caused_by": ["r-1"]}}}',
    ):
        daemon.take(header + text)
    for junk in (b"", b"{}\n{}", header + b"{", b"\xff\n\xff"):
        daemon.take(junk)
    assert sorted(each["id"] for each in daemon.of("r-1")) == ["b", "c", "h", "w"]
    assert len(daemon.segments) == 5
