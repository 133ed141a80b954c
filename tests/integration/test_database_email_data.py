"""Status, export and erasure of a person's email, and the pruning of old logs."""

from datetime import datetime
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.integration.database import (
    WORKER,
    Person,
    call,
    claim,
    email_row,
    look,
    new_email,
    new_person,
)

_GROUP = {"group_position": 0, "group_started_at": "2999-01-01Z"}
_LEASE = {"lease_expires_at": "2999-01-01Z"}


def test_the_status_shows_a_users_own_emails_newest_first_without_an_address(
    url: str, maya: Person
) -> None:
    new_email(url, new_person(url))
    first = new_email(url, maya, created_at="2026-01-01Z", delivery_status="sent", subject="One")
    second = new_email(url, maya, created_at="2026-01-02Z", error_message="quiet_hours")
    third = new_email(url, maya, created_at="2026-01-03Z")

    report = call(url, maya, "get_email_status", p_limit=2)

    assert [email["id"] for email in report["emails"]] == [str(third), str(second)]
    assert report["totals"] == {"pending": 2, "sent": 1}
    assert "@" not in str(report)
    last = report["emails"][-1]
    assert last["error"] == "quiet_hours"
    assert set(last) == {
        *("id", "template", "subject", "status", "due_at", "sent_at", "retry_count"),
        *("error", "created_at"),
    }

    older = call(
        url,
        maya,
        "get_email_status",
        p_before_created_at=datetime.fromisoformat(last["created_at"]),
        p_before_id=UUID(last["id"]),
    )
    assert [email["id"] for email in older["emails"]] == [str(first)]
    assert [email["subject"] for email in older["emails"]] == ["One"]


def test_the_status_can_be_limited_to_one_category(url: str, maya: Person) -> None:
    new_email(url, maya)
    skipped = new_email(url, maya, delivery_status="skipped", error_message="preference_off")

    report = call(url, maya, "get_email_status", p_status="skipped")

    assert [email["id"] for email in report["emails"]] == [str(skipped)]
    assert report["totals"] == {"pending": 1, "skipped": 1}


def test_the_export_holds_everything_that_is_stored(url: str, maya: Person) -> None:
    email = new_email(url, maya, template_data=Jsonb({"inviter_name": "Leo"}))
    look(
        url,
        "insert into public.email_suppressions values (private.address_hash(%s), 'bounced')",
        maya.email,
    )

    report = call(url, maya, "export_email_data")

    assert report["address"] == maya.email
    assert report["preferences"] == call(url, maya, "get_email_preferences")
    assert report["suppression"]["reason"] == "bounced"
    [exported] = report["emails"]
    assert exported["id"] == str(email)
    assert exported["recipient"] == maya.email
    assert exported["data"] == {"inviter_name": "Leo"}


def test_the_export_comes_in_parts(url: str, maya: Person) -> None:
    emails = [new_email(url, maya, created_at=f"2026-01-0{day}Z") for day in (3, 2, 1)]

    part = call(url, maya, "export_email_data", p_limit=2)["emails"]
    rest = call(
        url,
        maya,
        "export_email_data",
        p_before_created_at=datetime.fromisoformat(part[-1]["created_at"]),
        p_before_id=UUID(part[-1]["id"]),
    )["emails"]

    assert [email["id"] for email in [*part, *rest]] == [str(email) for email in emails]


def test_an_erasure_removes_addresses_and_contents_and_keeps_the_log(
    url: str, maya: Person
) -> None:
    leo = new_person(url, "Leo")
    content = {"subject": "Hi", "template_data": Jsonb({"note": "x"}), "error_message": "x"}
    sent = new_email(url, maya, delivery_status="delivered", **content)
    others = new_email(url, leo, **content)

    assert call(url, maya, "erase_email_data") == 1

    row = email_row(url, sent)
    assert row["delivery_status"] == "delivered"
    assert (row["recipient_email"], row["subject"], row["template_data"]) == ("", None, {})
    assert row["error_message"] is None
    assert email_row(url, others)["recipient_email"] == leo.email
    assert call(url, maya, "erase_email_data") == 0


@pytest.mark.parametrize(
    ("columns", "status"),
    [
        ({}, "cancelled"),
        ({"send_group": uuid4(), **_GROUP}, "unknown"),
        (
            {
                "delivery_status": "sending",
                "lease_token": uuid4(),
                "send_group": uuid4(),
                **_LEASE,
                **_GROUP,
            },
            "unknown",
        ),
    ],
)
def test_an_erased_email_is_not_sent_any_more(
    url: str, maya: Person, columns: dict[str, object], status: str
) -> None:
    email = new_email(url, maya, **columns)

    call(url, maya, "erase_email_data")

    assert email_row(url, email)["delivery_status"] == status
    assert claim(url, email) == []


def test_an_opt_out_survives_an_erasure(url: str, maya: Person) -> None:
    look(
        url,
        "insert into public.email_suppressions values (private.address_hash(%s), 'complained')",
        maya.email,
    )
    call(url, maya, "update_email_preferences", p_changes=Jsonb({"feedback_requests": False}))

    call(url, maya, "erase_email_data")

    assert call(url, maya, "export_email_data")["suppression"]["reason"] == "complained"
    assert call(url, maya, "get_email_preferences")["feedback_requests"] is False
    email = new_email(url, maya)
    [claimed] = claim(url, email)
    assert claimed["suppressed"] is True


def test_an_opt_out_survives_the_account(url: str, maya: Person) -> None:
    call(
        url,
        WORKER,
        "record_email_event",
        p_event_id="msg_account",
        p_status="complained",
        p_suppressed_addresses=[maya.email],
    )
    look(url, "delete from auth.users where id = %s", maya.user_id)
    again = new_person(url, "Maya", email=maya.email.upper())
    email = new_email(url, again)

    [claimed] = claim(url, email)

    assert claimed["suppressed"] is True


def test_old_settled_emails_are_pruned_in_portions_and_open_ones_stay(
    url: str, maya: Person
) -> None:
    look(url, "delete from public.email_logs")
    old = "2020-01-01Z"
    for _ in range(3):
        new_email(url, maya, created_at=old, delivery_status="delivered")
    waiting = new_email(url, maya, created_at=old)
    recent = new_email(url, maya, delivery_status="delivered")

    pruned = [call(url, WORKER, "prune_email_logs", p_limit=2) for _ in range(3)]

    assert pruned == [2, 1, 0]
    left = look(url, "select id from public.email_logs")
    assert {row["id"] for row in left} == {waiting, recent}


def test_the_ids_of_old_events_are_forgotten(url: str) -> None:
    look(
        url,
        "insert into private.email_events values"
        " ('old', now() - interval '31 days'), ('new', now() - interval '29 days')",
    )

    call(url, WORKER, "prune_email_logs", p_limit=100)

    kept = look(url, "select id from private.email_events where id in ('old', 'new')")
    assert [row["id"] for row in kept] == ["new"]
