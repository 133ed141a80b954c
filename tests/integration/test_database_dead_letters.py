"""Dead letters: listed, inspected, replayed; and what an operator sees of the lanes."""

from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from tests.integration.connections import Connection
from tests.integration.database import (
    WORKER,
    DirectDatabase,
    Person,
    bind,
    call,
    email_row,
    invoke,
    look,
    new_email,
    race,
    rows,
)
from wingman.notifications.email.operating import repository
from wingman.notifications.models import Priority


@pytest.fixture
def url(url: str) -> str:
    look(url, "delete from public.email_logs")
    look(url, "update private.email_lanes set paused_until = null, paused_reason = null")
    return url


@pytest.fixture
def outbox(url: str) -> DirectDatabase:
    return DirectDatabase(url)


def _send(url: str, emails: dict[UUID, str], **details: object) -> None:
    """Send the emails in one request, with these outcomes."""
    token = bind(url, *emails)
    results = [{"id": str(one), "outcome": end, **details} for one, end in emails.items()]
    call(url, WORKER, "complete_emails", p_lease_token=token, p_results=Jsonb(results))


def _dead(url: str, person: Person, error: str = "bad address", **columns: object) -> UUID:
    email_id = new_email(url, person, **columns)
    _send(url, {email_id: "failed"}, error=error)
    return email_id


def test_dead_letters_are_listed_newest_first(
    url: str, leo: Person, outbox: DirectDatabase
) -> None:
    old = _dead(url, leo, created_at="2026-01-01Z")
    new = _dead(url, leo, error="no such domain", email_template="match_declined")
    new_email(url, leo)

    listed = repository.dead_letters(outbox, limit=10)

    assert [letter.id for letter in listed] == [new, old]
    assert (listed[0].error_message, listed[0].replayable) == ("no such domain", True)
    assert [letter.id for letter in repository.dead_letters(outbox, limit=1)] == [new]
    chosen = repository.dead_letters(outbox, limit=10, template="match_invitation")
    assert [letter.id for letter in chosen] == [old]


def test_a_dead_letter_is_shown_without_its_address(
    url: str, leo: Person, outbox: DirectDatabase
) -> None:
    email_id = _dead(url, leo, template_data='{"note": "hi"}')

    shown = repository.dead_letter(outbox, email_id) or {}

    assert (shown["error_message"], shown["template_data"]) == ("bad address", {"note": "hi"})
    assert shown["recipient"] == f"{leo.email[0]}…@example.com"
    assert leo.email not in str(shown)


@pytest.mark.parametrize("status", ["pending", "sent", "cancelled"])
def test_an_email_that_is_alive_is_no_dead_letter(
    url: str, leo: Person, outbox: DirectDatabase, status: str
) -> None:
    email_id = new_email(url, leo, delivery_status=status)

    assert repository.dead_letter(outbox, email_id) is None
    assert repository.dead_letters(outbox, limit=10) == []
    assert repository.replay(outbox, email_ids=[email_id]) == []
    assert email_row(url, email_id)["delivery_status"] == status


def test_a_replayed_email_is_due_at_once_and_gets_20_new_hours(
    url: str, leo: Person, outbox: DirectDatabase
) -> None:
    email_id = _dead(url, leo)
    look(
        url,
        "update public.email_logs set retry_count = 9, enqueued_at = now(),"
        " first_failed_at = now() - interval '20 hours'",
    )

    [ref] = repository.replay(outbox, email_ids=[email_id])

    assert (ref.id, ref.priority) == (email_id, Priority.URGENT)
    row = email_row(url, email_id)
    assert (row["delivery_status"], row["retry_count"], row["replay_count"]) == ("pending", 0, 1)
    assert row["first_failed_at"] is None
    assert [one["id"] for one in rows(url, WORKER, "sweep_emails", p_limit=10)] == [email_id]


def test_a_replay_goes_out_under_another_key(url: str, leo: Person, outbox: DirectDatabase) -> None:
    good, bad = new_email(url, leo), new_email(url, leo)
    _send(url, {good: "sent", bad: "failed"}, error="bad address")
    before = email_row(url, bad)["send_group"]
    assert before

    repository.replay(outbox)
    _send(url, {bad: "sent"})

    assert email_row(url, bad)["send_group"] not in {None, before}
    assert email_row(url, good)["send_group"] == before


def test_two_replays_at_once_are_one(url: str, leo: Person) -> None:
    email_id = _dead(url, leo)

    def replay(connection: Connection) -> list[Any]:
        return invoke(connection, "replay_dead_letters", p_ids=[email_id])

    answers = race(url, [(WORKER, replay)] * 8)

    assert sum(len(answer) for answer in answers) == 1
    assert email_row(url, email_id)["replay_count"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        "delivery_status = 'unknown'",
        "sent_at = now()",
        "resend_message_id = 're-1'",
        "recipient_email = ''",
    ],
)
def test_an_email_that_the_provider_may_have_is_never_replayed(
    url: str, leo: Person, outbox: DirectDatabase, changes: str
) -> None:
    email_id = _dead(url, leo)
    look(url, f"update public.email_logs set {changes}")  # noqa: S608 - from above

    assert repository.replay(outbox, email_ids=[email_id]) == []
    assert repository.dead_letters(outbox, limit=1)[0].replayable is False


def test_an_email_whose_request_is_not_over_yet_is_not_replayed(
    url: str, leo: Person, outbox: DirectDatabase
) -> None:
    dead, still_open = new_email(url, leo), new_email(url, leo)
    (soon,) = look(url, "select (now() + interval '1 hour')::text as moment")
    lost = {dead: "retry", still_open: "retry"}
    _send(url, lost, retry_at=str(soon["moment"]), keep_group=True)
    look(url, "update public.email_logs set delivery_status = 'failed' where id = %s", dead)

    assert repository.replay(outbox, email_ids=[dead]) == []


def test_a_replay_can_be_limited_to_one_template(
    url: str, leo: Person, outbox: DirectDatabase
) -> None:
    invitation, declined = _dead(url, leo), _dead(url, leo, email_template="match_declined")

    replayed = repository.replay(outbox, template="match_declined")

    assert [ref.id for ref in replayed] == [declined]
    assert email_row(url, invitation)["delivery_status"] == "failed"
