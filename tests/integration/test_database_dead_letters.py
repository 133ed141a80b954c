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
    invoke,
    look,
    mail_row,
    new_mail,
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


def _send(url: str, mails: dict[UUID, str], **details: object) -> None:
    """Let one request have these outcomes."""
    token = bind(url, *mails)
    results = [{"id": str(one), "outcome": end, **details} for one, end in mails.items()]
    call(url, WORKER, "complete_emails", p_lease_token=token, p_results=Jsonb(results))


def _dead(url: str, person: Person, error: str = "bad address", **columns: object) -> UUID:
    mail_id = new_mail(url, person, **columns)
    _send(url, {mail_id: "failed"}, error=error)
    return mail_id


def test_dead_letters_are_listed_the_newest_first(
    url: str, leo: Person, outbox: DirectDatabase
) -> None:
    old = _dead(url, leo, created_at="2026-01-01Z")
    new = _dead(url, leo, error="no such domain", email_template="match_declined")
    new_mail(url, leo)

    listed = repository.dead_letters(outbox, limit=10)

    assert [letter.id for letter in listed] == [new, old]
    assert (listed[0].error_message, listed[0].replayable) == ("no such domain", True)
    assert [letter.id for letter in repository.dead_letters(outbox, limit=1)] == [new]
    chosen = repository.dead_letters(outbox, limit=10, template="match_invitation")
    assert [letter.id for letter in chosen] == [old]


def test_one_is_shown_whole_but_for_its_address(
    url: str, leo: Person, outbox: DirectDatabase
) -> None:
    mail_id = _dead(url, leo, template_data='{"note": "hi"}')

    shown = repository.dead_letter(outbox, mail_id) or {}

    assert (shown["error_message"], shown["template_data"]) == ("bad address", {"note": "hi"})
    assert shown["recipient"] == f"{leo.email[0]}…@example.com"
    assert leo.email not in str(shown)


@pytest.mark.parametrize("status", ["pending", "sent", "cancelled"])
def test_a_mail_that_is_alive_is_no_dead_letter(
    url: str, leo: Person, outbox: DirectDatabase, status: str
) -> None:
    mail_id = new_mail(url, leo, delivery_status=status)

    assert repository.dead_letter(outbox, mail_id) is None
    assert repository.dead_letters(outbox, limit=10) == []
    assert repository.replay(outbox, email_ids=[mail_id]) == []
    assert mail_row(url, mail_id)["delivery_status"] == status


def test_a_replayed_mail_is_due_at_once_and_has_its_20_hours_anew(
    url: str, leo: Person, outbox: DirectDatabase
) -> None:
    mail_id = _dead(url, leo)
    look(
        url,
        "update public.email_logs set retry_count = 9, enqueued_at = now(),"
        " first_failed_at = now() - interval '20 hours'",
    )

    [ref] = repository.replay(outbox, email_ids=[mail_id])

    assert (ref.id, ref.priority) == (mail_id, Priority.URGENT)
    row = mail_row(url, mail_id)
    assert (row["delivery_status"], row["retry_count"], row["replay_count"]) == ("pending", 0, 1)
    assert row["first_failed_at"] is None
    assert [one["id"] for one in rows(url, WORKER, "sweep_emails", p_limit=10)] == [mail_id]


def test_a_replay_goes_out_under_another_key(url: str, leo: Person, outbox: DirectDatabase) -> None:
    good, bad = new_mail(url, leo), new_mail(url, leo)
    _send(url, {good: "sent", bad: "failed"}, error="bad address")
    before = mail_row(url, bad)["send_group"]
    assert before

    repository.replay(outbox)
    _send(url, {bad: "sent"})

    assert mail_row(url, bad)["send_group"] not in {None, before}
    assert mail_row(url, good)["send_group"] == before


def test_two_replays_at_once_are_one(url: str, leo: Person) -> None:
    mail_id = _dead(url, leo)

    def replay(connection: Connection) -> list[Any]:
        return invoke(connection, "replay_dead_letters", p_ids=[mail_id])

    answers = race(url, [(WORKER, replay)] * 8)

    assert sum(len(answer) for answer in answers) == 1
    assert mail_row(url, mail_id)["replay_count"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        "delivery_status = 'unknown'",
        "sent_at = now()",
        "resend_message_id = 're-1'",
        "recipient_email = ''",
    ],
)
def test_what_the_provider_may_have_is_never_replayed(
    url: str, leo: Person, outbox: DirectDatabase, changes: str
) -> None:
    mail_id = _dead(url, leo)
    look(url, f"update public.email_logs set {changes}")  # noqa: S608 - from above

    assert repository.replay(outbox, email_ids=[mail_id]) == []
    assert repository.dead_letters(outbox, limit=1)[0].replayable is False


def test_a_mail_whose_request_is_not_over_yet_is_not_replayed(
    url: str, leo: Person, outbox: DirectDatabase
) -> None:
    dead, still_open = new_mail(url, leo), new_mail(url, leo)
    (soon,) = look(url, "select (now() + interval '1 hour')::text as moment")
    lost = {dead: "retry", still_open: "retry"}
    _send(url, lost, retry_at=str(soon["moment"]), keep_group=True)
    look(url, "update public.email_logs set delivery_status = 'failed' where id = %s", dead)

    assert repository.replay(outbox, email_ids=[dead]) == []


def test_a_replay_may_be_of_one_template(url: str, leo: Person, outbox: DirectDatabase) -> None:
    invitation, declined = _dead(url, leo), _dead(url, leo, email_template="match_declined")

    replayed = repository.replay(outbox, template="match_declined")

    assert [ref.id for ref in replayed] == [declined]
    assert mail_row(url, invitation)["delivery_status"] == "failed"
