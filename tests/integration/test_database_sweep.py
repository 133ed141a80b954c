"""Finding emails that no queue message stands for: `sweep_emails`."""

from typing import Any
from uuid import UUID

import pytest

from tests.integration.connections import Connection
from tests.integration.database import (
    WORKER,
    Person,
    bind,
    claim,
    email_row,
    invoke,
    look,
    new_email,
    race,
    rows,
)


@pytest.fixture
def url(url: str) -> str:
    """Return the module's own database with an empty outbox: a sweep takes whatever is due."""
    look(url, "delete from public.email_logs")
    return url


def _sweep(url: str, limit: int = 100) -> list[UUID]:
    return [row["id"] for row in rows(url, WORKER, "sweep_emails", p_limit=limit)]


def _group(url: str, email_id: UUID, started: str) -> None:
    """Hand the email to the provider; the worker has died since."""
    bind(url, email_id)
    look(
        url,
        "update public.email_logs set lease_expires_at = now(),"
        " group_started_at = now() - %s::interval where id = %s",
        *(started, email_id),
    )


def test_a_due_email_is_handed_out_with_its_priority(url: str, leo: Person) -> None:
    email_id = new_email(url, leo, priority="bulk")

    found = rows(url, WORKER, "sweep_emails", p_limit=10)

    assert found == [{"id": email_id, "priority": "bulk"}]


def test_an_email_is_handed_out_every_two_minutes_until_it_is_taken(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)
    age = "update public.email_logs set enqueued_at = enqueued_at - interval '119 seconds'"

    assert _sweep(url) == [email_id]
    look(url, age)
    assert _sweep(url) == []
    look(url, age)
    assert _sweep(url) == [email_id]


def test_a_future_email_is_not_handed_out(url: str, leo: Person) -> None:
    new_email(url, leo, due_at="2999-01-01Z")

    assert _sweep(url) == []


def test_a_leased_email_is_not_handed_out_and_an_expired_one_is(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)
    claim(url, email_id)
    assert _sweep(url) == []

    look(url, "update private.email_leases set expires_at = now()")

    assert _sweep(url) == [email_id]


def test_an_email_at_the_provider_is_not_handed_out_before_its_lease_ends(
    url: str, leo: Person
) -> None:
    email_id = new_email(url, leo)
    assert _sweep(url) == [email_id]
    bind(url, email_id)
    assert _sweep(url) == []

    look(url, "update public.email_logs set lease_expires_at = now()")

    assert _sweep(url) == [email_id]


@pytest.mark.parametrize("status", ["sent", "failed", "skipped", "cancelled", "unknown"])
def test_a_settled_email_is_not_handed_out(url: str, leo: Person, status: str) -> None:
    new_email(url, leo, delivery_status=status)

    assert _sweep(url) == []


def test_urgent_emails_come_first_and_then_the_longest_due(url: str, leo: Person) -> None:
    bulk = new_email(url, leo, priority="bulk", due_at="2026-01-01Z")
    late, early = (new_email(url, leo, due_at=f"2026-01-0{day}Z") for day in (3, 2))

    assert _sweep(url) == [early, late, bulk]


def test_a_full_sweep_takes_urgent_emails_and_leaves_the_rest_for_the_next(
    url: str, leo: Person
) -> None:
    bulk = [new_email(url, leo, priority="bulk", due_at=f"2026-01-0{day}Z") for day in (1, 2)]
    urgent = [new_email(url, leo, due_at=f"2026-01-0{day}Z") for day in (3, 4)]

    assert _sweep(url, limit=1) == urgent[:1]
    assert _sweep(url, limit=2) == [urgent[1], bulk[0]]
    assert _sweep(url, limit=2) == bulk[1:]


def test_simultaneous_sweeps_hand_each_email_out_once(url: str, leo: Person) -> None:
    ids = {new_email(url, leo) for _ in range(40)}

    def sweep(connection: Connection) -> list[Any]:
        return [row["id"] for row in invoke(connection, "sweep_emails", p_limit=100)]

    found = [email_id for share in race(url, [(WORKER, sweep)] * 8) for email_id in share]

    assert (len(found), set(found)) == (40, ids)


def test_a_group_without_an_answer_for_20_hours_becomes_unknown(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)
    _group(url, email_id, "20 hours")

    assert _sweep(url) == []
    row = email_row(url, email_id)
    assert (row["delivery_status"], row["lease_token"]) == ("unknown", None)
    assert row["error_message"]


def test_a_waiting_group_becomes_unknown_though_it_is_not_due_yet(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)
    _group(url, email_id, "20 hours")
    look(
        url,
        "update public.email_logs set delivery_status = 'pending',"
        " due_at = now() + interval '1 hour'",
    )

    _sweep(url)

    assert email_row(url, email_id)["delivery_status"] == "unknown"


def test_a_group_younger_than_20_hours_is_handed_out_again(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)
    _group(url, email_id, "19 hours 59 minutes")

    assert _sweep(url) == [email_id]


def test_a_worker_at_work_on_an_old_group_may_finish(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)
    _group(url, email_id, "20 hours")
    look(url, "update public.email_logs set lease_expires_at = now() + interval '1 minute'")

    _sweep(url)

    assert email_row(url, email_id)["delivery_status"] == "sending"


def test_a_settled_old_group_stays_as_it_is(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)
    _group(url, email_id, "20 hours")
    look(url, "update public.email_logs set delivery_status = 'sent'")

    _sweep(url)

    assert email_row(url, email_id)["delivery_status"] == "sent"
