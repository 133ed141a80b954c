"""Combining a day's emails into one: `collect_emails`, fenced by the lease."""

from collections.abc import Sequence
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

ALSO = [{"subject": "Ada would like to meet you", "path": "/matches/1"}]


@pytest.fixture
def emails(url: str) -> list[UUID]:
    leo: Person = new_person(url, "Leo")
    return [new_email(url, leo, priority="bulk") for _ in range(3)]


def leased(url: str, emails: Sequence[UUID]) -> UUID:
    return UUID(str(claim(url, *emails)[0]["lease_token"]))


def collect(url: str, token: UUID, into: UUID, ids: Sequence[UUID]) -> bool:
    facts = {"p_into": into, "p_ids": list(ids), "p_also": Jsonb(ALSO)}
    return bool(call(url, WORKER, "collect_emails", p_lease_token=token, **facts))


def test_collected_emails_are_settled_and_their_words_kept(url: str, emails: list[UUID]) -> None:
    first, *others = emails
    token = leased(url, emails)

    assert collect(url, token, first, others)

    assert email_row(url, first)["template_data"]["also"] == ALSO
    assert email_row(url, first)["delivery_status"] == "pending"
    for one in others:
        row = email_row(url, one)
        assert (row["delivery_status"], row["error_message"]) == ("skipped", "collected")
    [lease] = look(url, "select email_ids from private.email_leases where token = %s", token)
    assert lease["email_ids"] == [first]
    assert claim(url, *others) == []


def test_without_the_lease_nothing_is_collected(url: str, emails: list[UUID]) -> None:
    first, *others = emails
    token = leased(url, emails)

    assert not collect(url, uuid4(), first, others)
    look(
        url,
        "update private.email_leases set expires_at = now() - interval '1 s' where token = %s",
        token,
    )
    assert not collect(url, token, first, others)

    assert {email_row(url, one)["delivery_status"] for one in emails} == {"pending"}


def test_nothing_is_collected_if_an_email_was_cancelled(url: str, emails: list[UUID]) -> None:
    first, *others = emails
    token = leased(url, emails)
    look(
        url,
        "update public.email_logs set delivery_status = 'cancelled' where id = %s",
        others[0],
    )

    assert not collect(url, token, first, others)

    assert "also" not in email_row(url, first)["template_data"]
    assert email_row(url, others[1])["delivery_status"] == "pending"
