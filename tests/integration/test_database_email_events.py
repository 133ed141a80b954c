"""Events of the provider count once, in any order."""

import random
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.integration.database import (
    WORKER,
    Person,
    acting_as,
    bind,
    call,
    email_row,
    invoke,
    look,
    new_email,
    race,
)

_IN_ORDER = ("sent", "delivered", "bounced", "complained")


def _record(url: str, email: UUID | None, status: str, **more: object) -> str:
    params = {"p_event_id": f"msg_{uuid4().hex}", "p_email_id": email, "p_status": status}
    return str(call(url, WORKER, "record_email_event", **params | more))


def _reason(url: str, address: str) -> str | None:
    found = look(
        url,
        "select reason from public.email_suppressions"
        " where address_hash = private.address_hash(%s)",
        address,
    )
    return str(found[0]["reason"]) if found else None


@pytest.mark.parametrize("before", ["pending", "unknown", "sent"])
def test_a_status_moves_forward(url: str, maya: Person, before: str) -> None:
    email = new_email(url, maya, delivery_status=before)

    assert _record(url, email, "delivered", p_message_id="re_1") == "recorded"

    row = email_row(url, email)
    assert (row["delivery_status"], row["resend_message_id"]) == ("delivered", "re_1")
    assert row["claimable_at"] is None


@pytest.mark.parametrize("order", list(permutations(_IN_ORDER)))
def test_events_in_any_order_leave_the_same_state(
    url: str, maya: Person, order: tuple[str, ...]
) -> None:
    email = new_email(url, maya, delivery_status="sent")

    for status in order:
        addresses = [maya.email] if status in {"bounced", "complained"} else []
        _record(url, email, status, p_error=status, p_suppressed_addresses=addresses)

    row = email_row(url, email)
    assert (row["delivery_status"], row["error_message"]) == ("complained", "complained")
    assert _reason(url, maya.email) == "complained"


def test_a_repeated_event_changes_nothing(url: str, maya: Person) -> None:
    email = new_email(url, maya, delivery_status="sent")
    _record(url, email, "bounced", p_event_id="msg_again", p_suppressed_addresses=[maya.email])
    look(url, "delete from public.email_suppressions")
    look(url, "update public.email_logs set delivery_status = 'sent' where id = %s", email)

    again = _record(
        url, email, "bounced", p_event_id="msg_again", p_suppressed_addresses=[maya.email]
    )

    assert again == "repeated"
    assert email_row(url, email)["delivery_status"] == "sent"
    assert _reason(url, maya.email) is None


def test_the_same_event_at_the_same_moment_counts_once(url: str, maya: Person) -> None:
    email = new_email(url, maya, delivery_status="sent")
    params = {"p_event_id": "msg_race", "p_email_id": email, "p_status": "delivered"}

    answers = race(url, [(WORKER, lambda c: invoke(c, "record_email_event", **params))] * 4)

    outcome = sorted(rows[0]["record_email_event"] for rows in answers)
    assert outcome == ["recorded", "repeated", "repeated", "repeated"]


def test_an_email_is_found_by_the_providers_own_id(url: str, maya: Person) -> None:
    email = new_email(url, maya, delivery_status="sent", resend_message_id="re_known")

    assert _record(url, None, "delivered", p_message_id="re_known") == "recorded"
    assert email_row(url, email)["delivery_status"] == "delivered"


def test_a_bounce_of_a_deleted_email_still_suppresses(url: str, maya: Person) -> None:
    outcome = _record(url, uuid4(), "bounced", p_suppressed_addresses=[maya.email])

    assert outcome == "nothing_new"
    assert _reason(url, maya.email.upper()) == "bounced"


@pytest.mark.parametrize("by", ["our id", "theirs", "theirs, ours being unknown"])
def test_a_missing_address_is_taken_from_the_email(url: str, maya: Person, by: str) -> None:
    theirs = f"re_{uuid4()}"
    email = new_email(url, maya, delivery_status="sent", resend_message_id=theirs)
    named = {"our id": email, "theirs": None}.get(by, uuid4())

    outcome = _record(url, named, "complained", p_message_id=theirs, p_suppress_recipient=True)

    assert outcome == "recorded"
    assert _reason(url, maya.email) == "complained"
    assert email_row(url, email)["delivery_status"] == "complained"


def test_the_named_address_is_the_one_suppressed(url: str, maya: Person) -> None:
    email = new_email(url, maya, delivery_status="sent")

    ends = {"p_suppress_recipient": True, "p_suppressed_addresses": ["other@example.com"]}
    _record(url, email, "complained", **ends)

    assert _reason(url, "other@example.com") == "complained"
    assert _reason(url, maya.email) is None


def test_an_erased_address_belongs_to_no_user(url: str, maya: Person) -> None:
    email = new_email(url, maya, delivery_status="sent", recipient_email="")

    assert _record(url, email, "complained", p_suppress_recipient=True) == "without_address"

    assert email_row(url, email)["delivery_status"] == "complained"
    assert _reason(url, "") is None


def test_the_worker_that_still_leases_the_email_adds_its_details(url: str, maya: Person) -> None:
    email = new_email(url, maya)
    token = bind(url, email)
    _record(url, email, "delivered")

    report = Jsonb([{"id": str(email), "outcome": "sent", "subject": "Hi"}])
    assert call(url, WORKER, "complete_emails", p_lease_token=token, p_results=report) == 1

    row = email_row(url, email)
    assert (row["delivery_status"], row["subject"]) == ("delivered", "Hi")


def test_a_thousand_events_leave_the_same_state_in_any_order(url: str, maya: Person) -> None:
    """250 emails get up to four events each; some are repeated."""
    chance = random.Random(7)  # noqa: S311
    emails = [new_email(url, maya, delivery_status="sent") for _ in range(250)]
    last = {email: chance.randrange(len(_IN_ORDER)) for email in emails}
    events = [
        (email, status, f"{email}-{status}")
        for email in emails
        for status in _IN_ORDER[: last[email] + 1]
    ]
    events += chance.choices(events, k=1000 - len(events))
    chance.shuffle(events)

    with acting_as(url, WORKER) as worker:
        for email, status, name in events:
            params = {"p_event_id": name, "p_email_id": email, "p_status": status}
            invoke(worker, "record_email_event", **params)

    assert len(events) == 1000
    stored = look(
        url, "select id, delivery_status from public.email_logs where id = any(%s)", emails
    )
    assert {row["id"]: row["delivery_status"] for row in stored} == {
        email: _IN_ORDER[last[email]] for email in emails
    }
