"""What the provider tells of a mail: once, in any order."""

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
    invoke,
    look,
    mail_row,
    new_mail,
    race,
)

_IN_ORDER = ("sent", "delivered", "bounced", "complained")


def _tell(url: str, mail: UUID | None, status: str, **more: object) -> str:
    params = {"p_event_id": f"msg_{uuid4().hex}", "p_email_id": mail, "p_status": status}
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
    mail = new_mail(url, maya, delivery_status=before)

    assert _tell(url, mail, "delivered", p_message_id="re_1") == "recorded"

    row = mail_row(url, mail)
    assert (row["delivery_status"], row["resend_message_id"]) == ("delivered", "re_1")
    assert row["claimable_at"] is None


@pytest.mark.parametrize("order", list(permutations(_IN_ORDER)))
def test_events_in_any_order_leave_the_same(url: str, maya: Person, order: tuple[str, ...]) -> None:
    mail = new_mail(url, maya, delivery_status="sent")

    for status in order:
        addresses = [maya.email] if status in {"bounced", "complained"} else []
        _tell(url, mail, status, p_error=status, p_suppressed_addresses=addresses)

    row = mail_row(url, mail)
    assert (row["delivery_status"], row["error_message"]) == ("complained", "complained")
    assert _reason(url, maya.email) == "complained"


def test_a_repeated_event_changes_nothing(url: str, maya: Person) -> None:
    mail = new_mail(url, maya, delivery_status="sent")
    _tell(url, mail, "bounced", p_event_id="msg_again", p_suppressed_addresses=[maya.email])
    look(url, "delete from public.email_suppressions")
    look(url, "update public.email_logs set delivery_status = 'sent' where id = %s", mail)

    again = _tell(url, mail, "bounced", p_event_id="msg_again", p_suppressed_addresses=[maya.email])

    assert again == "repeated"
    assert mail_row(url, mail)["delivery_status"] == "sent"
    assert _reason(url, maya.email) is None


def test_the_same_event_at_the_same_moment_counts_once(url: str, maya: Person) -> None:
    mail = new_mail(url, maya, delivery_status="sent")
    params = {"p_event_id": "msg_race", "p_email_id": mail, "p_status": "delivered"}

    answers = race(url, [(WORKER, lambda c: invoke(c, "record_email_event", **params))] * 4)

    told = sorted(rows[0]["record_email_event"] for rows in answers)
    assert told == ["recorded", "repeated", "repeated", "repeated"]


def test_a_mail_is_found_by_the_providers_own_id(url: str, maya: Person) -> None:
    mail = new_mail(url, maya, delivery_status="sent", resend_message_id="re_known")

    assert _tell(url, None, "delivered", p_message_id="re_known") == "recorded"
    assert mail_row(url, mail)["delivery_status"] == "delivered"


def test_a_bounce_of_a_mail_that_is_gone_still_suppresses(url: str, maya: Person) -> None:
    told = _tell(url, uuid4(), "bounced", p_suppressed_addresses=[maya.email])

    assert told == "nothing_new"
    assert _reason(url, maya.email.upper()) == "bounced"


@pytest.mark.parametrize("by", ["our id", "theirs", "theirs, ours being unknown"])
def test_who_is_not_told_is_found_by_the_mail(url: str, maya: Person, by: str) -> None:
    theirs = f"re_{uuid4()}"
    mail = new_mail(url, maya, delivery_status="sent", resend_message_id=theirs)
    named = {"our id": mail, "theirs": None}.get(by, uuid4())

    told = _tell(url, named, "complained", p_message_id=theirs, p_suppress_recipient=True)

    assert told == "recorded"
    assert _reason(url, maya.email) == "complained"
    assert mail_row(url, mail)["delivery_status"] == "complained"


def test_who_is_told_is_who_is_suppressed(url: str, maya: Person) -> None:
    mail = new_mail(url, maya, delivery_status="sent")

    ends = {"p_suppress_recipient": True, "p_suppressed_addresses": ["other@example.com"]}
    _tell(url, mail, "complained", **ends)

    assert _reason(url, "other@example.com") == "complained"
    assert _reason(url, maya.email) is None


def test_an_address_that_was_erased_is_nobodys(url: str, maya: Person) -> None:
    mail = new_mail(url, maya, delivery_status="sent", recipient_email="")

    assert _tell(url, mail, "complained", p_suppress_recipient=True) == "without_address"

    assert mail_row(url, mail)["delivery_status"] == "complained"
    assert _reason(url, "") is None


def test_the_worker_that_still_holds_the_mail_adds_what_it_knows(url: str, maya: Person) -> None:
    mail = new_mail(url, maya)
    token = bind(url, mail)
    _tell(url, mail, "delivered")

    report = Jsonb([{"id": str(mail), "outcome": "sent", "subject": "Hi"}])
    assert call(url, WORKER, "complete_emails", p_lease_token=token, p_results=report) == 1

    row = mail_row(url, mail)
    assert (row["delivery_status"], row["subject"]) == ("delivered", "Hi")


def test_a_thousand_events_in_random_order_leave_what_they_leave_in_order(
    url: str, maya: Person
) -> None:
    """250 mails get up to four events each; some are repeated."""
    chance = random.Random(7)  # noqa: S311
    mails = [new_mail(url, maya, delivery_status="sent") for _ in range(250)]
    last = {mail: chance.randrange(len(_IN_ORDER)) for mail in mails}
    events = [
        (mail, status, f"{mail}-{status}")
        for mail in mails
        for status in _IN_ORDER[: last[mail] + 1]
    ]
    events += chance.choices(events, k=1000 - len(events))
    chance.shuffle(events)

    with acting_as(url, WORKER) as worker:
        for mail, status, name in events:
            params = {"p_event_id": name, "p_email_id": mail, "p_status": status}
            invoke(worker, "record_email_event", **params)

    assert len(events) == 1000
    stored = look(
        url, "select id, delivery_status from public.email_logs where id = any(%s)", mails
    )
    assert {row["id"]: row["delivery_status"] for row in stored} == {
        mail: _IN_ORDER[last[mail]] for mail in mails
    }
