"""Status, export and erasure of a person's mail, and the end of old logs."""

from datetime import datetime
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.integration.database import (
    WORKER,
    Person,
    call,
    claim,
    look,
    mail_row,
    new_mail,
    new_person,
)

_GROUP = {"group_position": 0, "group_started_at": "2999-01-01Z"}
_LEASE = {"lease_expires_at": "2999-01-01Z"}


def test_the_status_shows_ones_own_mails_newest_first_without_an_address(
    url: str, maya: Person
) -> None:
    new_mail(url, new_person(url))
    first = new_mail(url, maya, created_at="2026-01-01Z", delivery_status="sent", subject="One")
    second = new_mail(url, maya, created_at="2026-01-02Z", error_message="quiet_hours")
    third = new_mail(url, maya, created_at="2026-01-03Z")

    told = call(url, maya, "get_email_status", p_limit=2)

    assert [mail["id"] for mail in told["emails"]] == [str(third), str(second)]
    assert told["totals"] == {"pending": 2, "sent": 1}
    assert "@" not in str(told)
    last = told["emails"][-1]
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
    assert [mail["id"] for mail in older["emails"]] == [str(first)]
    assert [mail["subject"] for mail in older["emails"]] == ["One"]


def test_the_status_can_be_of_one_kind(url: str, maya: Person) -> None:
    new_mail(url, maya)
    skipped = new_mail(url, maya, delivery_status="skipped", error_message="preference_off")

    told = call(url, maya, "get_email_status", p_status="skipped")

    assert [mail["id"] for mail in told["emails"]] == [str(skipped)]
    assert told["totals"] == {"pending": 1, "skipped": 1}


def test_the_export_holds_all_that_is_stored(url: str, maya: Person) -> None:
    mail = new_mail(url, maya, template_data=Jsonb({"inviter_name": "Leo"}))
    look(
        url,
        "insert into public.email_suppressions values (private.address_hash(%s), 'bounced')",
        maya.email,
    )

    told = call(url, maya, "export_email_data")

    assert told["address"] == maya.email
    assert told["preferences"] == call(url, maya, "get_email_preferences")
    assert told["suppression"]["reason"] == "bounced"
    [exported] = told["emails"]
    assert exported["id"] == str(mail)
    assert exported["recipient"] == maya.email
    assert exported["data"] == {"inviter_name": "Leo"}


def test_the_export_comes_in_parts(url: str, maya: Person) -> None:
    mails = [new_mail(url, maya, created_at=f"2026-01-0{day}Z") for day in (3, 2, 1)]

    part = call(url, maya, "export_email_data", p_limit=2)["emails"]
    rest = call(
        url,
        maya,
        "export_email_data",
        p_before_created_at=datetime.fromisoformat(part[-1]["created_at"]),
        p_before_id=UUID(part[-1]["id"]),
    )["emails"]

    assert [mail["id"] for mail in [*part, *rest]] == [str(mail) for mail in mails]


def test_an_erasure_takes_addresses_and_contents_and_leaves_the_log(url: str, maya: Person) -> None:
    leo = new_person(url, "Leo")
    content = {"subject": "Hi", "template_data": Jsonb({"note": "x"}), "error_message": "x"}
    sent = new_mail(url, maya, delivery_status="delivered", **content)
    others = new_mail(url, leo, **content)

    assert call(url, maya, "erase_email_data") == 1

    row = mail_row(url, sent)
    assert row["delivery_status"] == "delivered"
    assert (row["recipient_email"], row["subject"], row["template_data"]) == ("", None, {})
    assert row["error_message"] is None
    assert mail_row(url, others)["recipient_email"] == leo.email
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
def test_an_erased_mail_is_not_sent_any_more(
    url: str, maya: Person, columns: dict[str, object], status: str
) -> None:
    mail = new_mail(url, maya, **columns)

    call(url, maya, "erase_email_data")

    assert mail_row(url, mail)["delivery_status"] == status
    assert claim(url, mail) == []


def test_a_no_outlives_an_erasure(url: str, maya: Person) -> None:
    look(
        url,
        "insert into public.email_suppressions values (private.address_hash(%s), 'complained')",
        maya.email,
    )
    call(url, maya, "update_email_preferences", p_changes=Jsonb({"feedback_requests": False}))

    call(url, maya, "erase_email_data")

    assert call(url, maya, "export_email_data")["suppression"]["reason"] == "complained"
    assert call(url, maya, "get_email_preferences")["feedback_requests"] is False
    mail = new_mail(url, maya)
    [claimed] = claim(url, mail)
    assert claimed["suppressed"] is True


def test_a_no_outlives_the_account(url: str, maya: Person) -> None:
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
    mail = new_mail(url, again)

    [claimed] = claim(url, mail)

    assert claimed["suppressed"] is True


def test_old_settled_mails_are_pruned_in_portions_and_open_ones_stay(
    url: str, maya: Person
) -> None:
    look(url, "delete from public.email_logs")
    old = "2020-01-01Z"
    for _ in range(3):
        new_mail(url, maya, created_at=old, delivery_status="delivered")
    waiting = new_mail(url, maya, created_at=old)
    recent = new_mail(url, maya, delivery_status="delivered")

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
