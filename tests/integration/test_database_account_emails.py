"""Emails about accounts: recorded without a user, sent to the named address, token erased."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.integration.database import (
    WORKER,
    Person,
    acting_as,
    bind,
    call,
    claim,
    email_row,
    look,
    new_person,
    race,
    rows,
)

TOKEN = "7d5b7b1964cf5d388340a7f04f1dbb5e"
HOUR = timedelta(hours=1)


def asked(
    url: str, account: UUID | None, *, to: str = "maya@example.com", life: timedelta = HOUR
) -> Any:
    """Ask for a password reset, as the function does."""
    emails = [
        {
            "kind": "password_reset",
            "address": to,
            "facts": {"token": TOKEN},
            "occasion": uuid4().hex,
        }
    ]
    with acting_as(url, WORKER) as connection:
        return connection.execute(
            "select public.record_account_emails(%s, %s, %s) as answer",
            [account, Jsonb(emails), datetime.now(UTC) + life],
        ).fetchall()[0]["answer"]


def new_reset(url: str, account: UUID | None, **options: Any) -> UUID:
    [due] = asked(url, account, **options)["due"]
    return UUID(due["id"])


def complete(url: str, email_id: UUID, outcome: str, **facts: object) -> None:
    token = bind(url, email_id)
    result = {"id": str(email_id), "outcome": outcome} | facts
    with acting_as(url, WORKER) as connection:
        connection.execute("select public.complete_emails(%s, %s)", [token, Jsonb([result])])


def suppress(url: str, address: str, reason: str) -> None:
    look(
        url,
        "insert into public.email_suppressions (address_hash, reason)"
        " values (private.address_hash(%s), %s)",
        *(address, reason),
    )


def test_an_email_of_an_account_that_is_not_committed_yet_can_be_claimed(url: str) -> None:
    email_id = new_reset(url, account := uuid4())

    [claimed] = claim(url, email_id)

    assert claimed["user_id"] == account
    assert claimed["recipient_email"] == "maya@example.com"
    assert claimed["template_data"]["token"] == TOKEN
    assert (claimed["priority"], claimed["category"]) == ("urgent", None)
    facts = ("wanted", "can_wait", "holds", "suppressed", "recipient_first_name", "timezone")
    assert [claimed[fact] for fact in facts] == [True, False, True, False, None, None]


def test_an_email_goes_to_the_named_address_and_not_to_that_of_the_profile(
    url: str, maya: Person
) -> None:
    email_id = new_reset(url, maya.user_id, to="new@example.com")
    assert claim(url, email_id)[0]["recipient_email"] == "new@example.com"


def test_no_preference_turns_account_emails_off(url: str, maya: Person) -> None:
    off = dict.fromkeys(("match_notifications", "session_reminders", "feedback_requests"), False)
    call(url, maya, "update_email_preferences", p_changes=Jsonb(off))
    assert claim(url, new_reset(url, maya.user_id))[0]["wanted"]


@pytest.mark.parametrize(
    ("reason", "stopped"), [("bounced", True), ("suppressed", True), ("complained", False)]
)
def test_a_bounce_stops_a_password_reset_and_a_complaint_does_not(
    url: str, reason: str, stopped: bool
) -> None:
    address = f"{uuid4().hex}@example.com"
    suppress(url, address, reason)
    assert claim(url, new_reset(url, uuid4(), to=address))[0]["suppressed"] is stopped


def test_a_complaint_stops_every_other_email(url: str, maya: Person) -> None:
    suppress(url, maya.email, "complained")
    look(
        url,
        "insert into public.email_logs (id, user_id, email_template, recipient_email, dedupe_key,"
        " priority) values (%s, %s, 'match_declined', %s, %s, 'urgent')",
        *(email_id := uuid4(), maya.user_id, maya.email, uuid4().hex),
    )
    assert claim(url, email_id)[0]["suppressed"]


@pytest.mark.parametrize("outcome", ["sent", "failed", "unknown", "skipped", "suppressed"])
def test_the_token_is_erased_once_the_email_is_settled(url: str, outcome: str) -> None:
    email_id = new_reset(url, uuid4())

    complete(url, email_id, outcome)

    row = email_row(url, email_id)
    assert (row["delivery_status"], row["template_data"]) == (outcome, {})
    assert TOKEN not in str(row)


def test_the_token_stays_while_the_email_is_to_be_sent_again(url: str) -> None:
    email_id = new_reset(url, uuid4())
    retry = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()

    complete(url, email_id, "retry", retry_at=retry, keep_group=True)

    assert email_row(url, email_id)["template_data"]["token"] == TOKEN


def test_a_sent_email_of_a_user_keeps_its_facts(url: str, maya: Person) -> None:
    look(
        url,
        "insert into public.email_logs (id, user_id, email_template, recipient_email, dedupe_key,"
        " priority, template_data) values (%s, %s, 'match_declined', %s, %s, 'urgent', %s)",
        *(email_id := uuid4(), maya.user_id, maya.email, uuid4().hex, Jsonb({"partner_name": "L"})),
    )
    complete(url, email_id, "sent")
    assert email_row(url, email_id)["template_data"] == {"partner_name": "L"}


@pytest.mark.parametrize("paused", [True, False])
def test_an_expired_token_is_erased_by_the_sweep_even_in_a_paused_lane(
    url: str, paused: bool
) -> None:
    expired = new_reset(url, uuid4(), life=timedelta(seconds=-1))
    valid = new_reset(url, uuid4())
    if paused:
        call(url, WORKER, "pause_emails", p_priorities=["urgent"],
             p_until=datetime.now(UTC) + HOUR, p_reason="quota")  # fmt: skip

    swept = rows(url, WORKER, "sweep_emails", p_limit=100)

    assert expired not in {row["id"] for row in swept}
    row = email_row(url, expired)
    assert (row["delivery_status"], row["error_message"]) == ("skipped", "no_longer_useful")
    assert row["template_data"] == {}
    assert email_row(url, valid)["template_data"]["token"] == TOKEN
    call(url, WORKER, "resume_emails", p_priorities=["urgent"])


def test_an_expired_email_that_a_sender_holds_is_left_alone(url: str) -> None:
    email_id = new_reset(url, uuid4(), life=timedelta(seconds=-1))
    bind(url, email_id)

    rows(url, WORKER, "sweep_emails", p_limit=100)

    assert email_row(url, email_id)["delivery_status"] == "sending"


def test_a_dead_letter_shows_no_token_and_is_not_replayed(url: str) -> None:
    email_id = new_reset(url, uuid4())
    complete(url, email_id, "failed", error="rejected")

    shown = call(url, WORKER, "show_dead_letter", p_id=email_id)

    assert TOKEN not in str(shown)
    assert shown["replayable"] is False
    assert rows(url, WORKER, "replay_dead_letters", p_ids=[email_id]) == []


def test_status_and_export_of_email_show_no_email_of_an_account(url: str, maya: Person) -> None:
    new_reset(url, maya.user_id)

    for function in ("get_email_status", "export_email_data"):
        assert call(url, maya, function)["emails"] == []


def test_account_emails_do_not_count_towards_the_daily_cap(url: str, maya: Person) -> None:
    complete(url, new_reset(url, maya.user_id), "sent")
    look(
        url,
        "insert into public.email_logs (id, user_id, email_template, recipient_email, dedupe_key,"
        " priority) values (%s, %s, 'weekly_digest', %s, %s, 'bulk')",
        *(email_id := uuid4(), maya.user_id, maya.email, uuid4().hex),
    )
    assert claim(url, email_id)[0]["handed_over"] == []


def test_simultaneous_requests_stay_within_the_limit(url: str) -> None:
    account = uuid4()
    for _ in range(8):
        asked(url, account)
    emails = [{"kind": "password_reset", "address": "a@b.example", "facts": {"token": TOKEN}}]

    def ask(connection: Any) -> Any:
        one = [emails[0] | {"occasion": uuid4().hex}]
        return connection.execute(
            "select public.record_account_emails(%s, %s, now()) ->> 'outcome' as outcome",
            [account, Jsonb(one)],
        ).fetchall()[0]["outcome"]

    outcomes = race(url, [(WORKER, ask)] * 6)

    assert sorted(outcomes) == ["limited"] * 4 + ["recorded"] * 2


def test_emails_of_an_account_are_deleted_with_it(url: str, maya: Person) -> None:
    email_id = new_reset(url, maya.user_id)
    other = new_reset(url, new_person(url).user_id)

    look(url, "delete from auth.users where id = %s", maya.user_id)

    assert look(url, "select 1 from public.email_logs where id = %s", email_id) == []
    assert email_row(url, other)


def test_erasing_email_data_deletes_settled_ones_and_no_reset_in_flight(
    url: str, maya: Person
) -> None:
    settled, open_one = new_reset(url, maya.user_id), new_reset(url, maya.user_id)
    complete(url, settled, "sent")

    call(url, maya, "erase_email_data")

    assert look(url, "select 1 from public.email_logs where id = %s", settled) == []
    assert email_row(url, open_one)["recipient_email"] == "maya@example.com"


def test_the_emails_of_a_sign_up_that_was_undone_are_pruned_after_a_day(
    url: str, maya: Person
) -> None:
    undone, young, known = (new_reset(url, one) for one in (uuid4(), uuid4(), maya.user_id))
    for email_id in (undone, young, known):
        complete(url, email_id, "sent")
    old = "update public.email_logs set created_at = now() - interval '25 hours' where id = any(%s)"
    look(url, old, [undone, known])

    call(url, WORKER, "prune_email_logs", p_limit=100)

    left = look(url, "select id from public.email_logs where id = any(%s)", [undone, young, known])
    assert {row["id"] for row in left} == {young, known}
