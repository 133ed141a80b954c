"""Send groups: emails of one request are sent again as that request, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.connections import Connection
from tests.integration.database import (
    WORKER,
    Person,
    acting_as,
    claim,
    email_row,
    invoke,
    look,
    new_email,
    race,
    rows,
)


@dataclass(frozen=True)
class Group:
    """Emails that one worker handed to the provider."""

    id: UUID
    token: UUID
    ids: list[UUID]


def _form(url: str, token: UUID, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    return rows(url, WORKER, "form_send_group", p_lease_token=token, p_ids=list(ids))


def _formed(url: str, token: UUID, ids: Sequence[UUID]) -> list[UUID]:
    """Form a group; return its emails in their order."""
    return [row["id"] for row in _form(url, token, ids)]


@pytest.fixture
def group(url: str, leo: Person) -> Group:
    """Three emails under a running lease, not grouped in the order of their due times."""
    ids = [new_email(url, leo, due_at=f"2026-01-0{day}Z") for day in (2, 3, 1)]
    token = claim(url, *ids)[0]["lease_token"]
    return Group(_form(url, token, ids)[0]["send_group"], token, ids)


def _expire(url: str, group: Group) -> None:
    look(
        url,
        "update public.email_logs set lease_expires_at = now() where send_group = %s",
        group.id,
    )


def test_a_group_has_its_emails_in_the_given_order(url: str, group: Group) -> None:
    stored = [email_row(url, email_id) for email_id in group.ids]

    assert [row["send_group"] for row in stored] == [group.id] * 3
    assert [row["group_position"] for row in stored] == [0, 1, 2]
    assert all(row["group_started_at"] for row in stored)
    assert {(row["delivery_status"], row["lease_token"]) for row in stored} == {
        ("sending", group.token)
    }


def test_a_group_forms_once(url: str, group: Group) -> None:
    assert _form(url, group.token, group.ids) == []
    assert email_row(url, group.ids[0])["send_group"] == group.id


def test_a_group_forms_of_the_emails_that_the_worker_leases(url: str, leo: Person) -> None:
    mine, others, free = (new_email(url, leo) for _ in range(3))
    token = claim(url, mine)[0]["lease_token"]
    claim(url, others)

    assert _formed(url, token, [mine, others, free, mine]) == [mine]
    assert email_row(url, others)["send_group"] is None


def test_no_group_forms_without_a_lease(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)

    assert _form(url, uuid4(), [email_id]) == []


def test_no_group_forms_when_the_lease_has_expired(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)
    token = claim(url, email_id, seconds=0)[0]["lease_token"]

    assert _form(url, token, [email_id]) == []
    assert email_row(url, email_id)["send_group"] is None


def test_no_group_forms_when_the_lease_was_taken_over(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)
    old = claim(url, email_id, seconds=0)[0]["lease_token"]
    new = claim(url, email_id)[0]["lease_token"]

    assert _form(url, old, [email_id]) == []
    assert _formed(url, new, [email_id]) == [email_id]


@pytest.mark.parametrize("status", ["cancelled", "skipped", "sent", "delivered"])
def test_an_email_settled_since_the_claim_stays_out_of_the_group(
    url: str, leo: Person, status: str
) -> None:
    ids = [new_email(url, leo) for _ in range(3)]
    token = claim(url, *ids)[0]["lease_token"]
    settle = "update public.email_logs set delivery_status = %s where id = %s"
    look(url, settle, status, ids[1])

    assert _formed(url, token, ids) == [ids[0], ids[2]]
    assert email_row(url, ids[1])["send_group"] is None
    assert email_row(url, ids[2])["group_position"] == 1


def test_forming_a_group_does_not_wait_for_a_cancellation(url: str, leo: Person) -> None:
    ids = [new_email(url, leo) for _ in range(2)]
    token = claim(url, *ids)[0]["lease_token"]

    with acting_as(url, WORKER) as canceller:
        cancel = b"update public.email_logs set delivery_status = 'cancelled' where id = %s"
        canceller.execute(cancel, [ids[0]])
        assert _formed(url, token, ids) == ids[1:]

    assert email_row(url, ids[0])["delivery_status"] == "cancelled"


def test_no_group_forms_of_nothing(url: str, leo: Person) -> None:
    token = claim(url, new_email(url, leo))[0]["lease_token"]

    assert _form(url, token, []) == []


def test_an_expired_group_returns_whole_and_in_order_whichever_email_is_asked_for(
    url: str, group: Group
) -> None:
    _expire(url, group)

    claimed = claim(url, group.ids[2])

    assert [email["id"] for email in claimed] == group.ids
    assert [email["group_position"] for email in claimed] == [0, 1, 2]
    assert {email["send_group"] for email in claimed} == {group.id}
    assert {email["lease_token"] for email in claimed}.isdisjoint({group.token})


def test_a_group_keeps_its_key_and_its_start_through_a_second_claim(url: str, group: Group) -> None:
    started = email_row(url, group.ids[0])["group_started_at"]
    _expire(url, group)

    claimed = claim(url, *group.ids)

    assert {email["group_started_at"] for email in claimed} == {started}
    assert _form(url, claimed[0]["lease_token"], group.ids) == []


def test_a_group_is_left_alone_while_one_of_its_leases_runs(url: str, group: Group) -> None:
    _expire(url, group)
    look(
        url,
        "update public.email_logs set lease_expires_at = now() + interval '1 minute' where id = %s",
        group.ids[1],
    )

    assert claim(url, *group.ids) == []
    assert email_row(url, group.ids[0])["lease_token"] == group.token


@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_group_is_left_alone_while_another_transaction_locks_one_of_its_rows(
    url: str, group: Group, position: int
) -> None:
    _expire(url, group)
    lock = b"select 1 from public.email_logs where id = %s for update"

    with acting_as(url, WORKER) as holder:
        holder.execute(lock, [group.ids[position]])
        assert claim(url, *group.ids) == []

    assert len(claim(url, *group.ids)) == 3


def test_the_settled_emails_of_a_group_stay_settled(url: str, group: Group) -> None:
    look(
        url,
        "update public.email_logs set delivery_status = 'delivered' where id = %s",
        group.ids[0],
    )
    _expire(url, group)

    assert [email["id"] for email in claim(url, *group.ids)] == group.ids[1:]


def test_a_group_whose_first_email_was_deleted_can_still_be_claimed(url: str, group: Group) -> None:
    look(url, "delete from public.email_logs where id = %s", group.ids[0])
    _expire(url, group)

    assert [email["id"] for email in claim(url, *group.ids)] == group.ids[1:]


def test_a_group_that_the_provider_may_forget_is_never_sent_again(url: str, group: Group) -> None:
    _expire(url, group)
    look(
        url,
        "update public.email_logs set group_started_at = now() - interval '20 hours'"
        " where send_group = %s",
        group.id,
    )

    assert claim(url, *group.ids) == []


def test_groups_come_before_single_emails(url: str, leo: Person, group: Group) -> None:
    _expire(url, group)
    single = new_email(url, leo, due_at="2020-01-01Z")

    assert [email["id"] for email in claim(url, single, *group.ids)] == [*group.ids, single]


def test_eight_workers_claiming_one_group_at_once_leave_it_whole_with_one_of_them(
    url: str, leo: Person
) -> None:
    ids = [new_email(url, leo) for _ in range(100)]
    token = claim(url, *ids)[0]["lease_token"]
    group = Group(_form(url, token, ids)[0]["send_group"], token, ids)

    def lease(connection: Connection) -> list[UUID]:
        claimed = invoke(connection, "claim_emails", p_ids=ids, p_lease_seconds=60)
        return [email["id"] for email in claimed]

    for _ in range(10):
        _expire(url, group)
        shares = race(url, [(WORKER, lease)] * 8)
        assert [share for share in shares if share] == [ids]
