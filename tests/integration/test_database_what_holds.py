"""A claim compares an email with its subject and its reader's current preferences and address."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.integration.connections import Row
from tests.integration.database import (
    WORKER,
    DirectDatabase,
    Person,
    call,
    claim,
    email_row,
    invoke,
    look,
    new_email,
    overtaken,
    rows,
)
from tests.integration.meetings import Pair, emails
from tests.unit.notifications.email.sending.fakes import house
from wingman.kit.clock import utc_now
from wingman.notifications.email.sending import service
from wingman.notifications.email.sending.repository import DatabaseOutbox

_NEW = "leo@new.example"


def _due(pair: Pair, session_id: object, template: str) -> list[UUID]:
    """Make the session's emails of that template due; return their ids."""
    ids = [email["id"] for email in emails(pair.url, session_id, template)]
    look(pair.url, "update public.email_logs set due_at = now() where id = any(%s)", ids)
    return ids


def _bind(url: str, claimed: list[Row], addresses: Mapping[UUID, str] | None = None) -> None:
    """Bind emails into a group for their addresses, and let the lease end."""
    goes = addresses or {email["id"]: email["recipient_email"] for email in claimed}
    token = claimed[0]["lease_token"]
    params = {"p_lease_token": token, "p_ids": list(goes), "p_addresses": list(goes.values())}
    assert len(rows(url, WORKER, "form_send_group", **params)) == len(goes)
    look(url, "update public.email_logs set lease_expires_at = now() where lease_token = %s", token)


def _send(url: str, *ids: UUID) -> list[str]:
    """Send as the deployed sender does, but to a provider in memory; return the statuses."""
    outbox = DatabaseOutbox(DirectDatabase(url))
    service.send(replace(house().sender, outbox=outbox, now=utc_now), list(ids))
    return [email_row(url, one)["delivery_status"] for one in ids]


def _move_to(url: str, person: Person, address: str | None) -> None:
    statement = "update public.user_profiles set email = %s where id = %s"
    look(url, statement, address, person.user_id)


_REMINDERS = ("session_reminder_24h", "session_reminder_2h")
_PLANS = ("session_scheduled", "session_rescheduled", *_REMINDERS)
_NOT_MET = ("cancelled", "no_show", "expired")


def _subject(url: str, session_id: object, status: str, sequence: int) -> None:
    look(
        url,
        "update public.wingman_sessions set status = %s, sequence = %s where id = %s",
        *(status, sequence, session_id),
    )


@pytest.mark.parametrize(
    ("kinds", "status", "sequence", "expected"),
    [
        (_PLANS, "scheduled", 1, True),
        (_PLANS, "scheduled", 2, False),  # moved since
        (_PLANS, "scheduled", 0, True),  # read before the move that the email is about
        (_PLANS, "completed", 1, True),
        (_PLANS, "cancelled", 1, False),
        (_PLANS, "cancelled", 2, False),
        (("session_cancelled",), "cancelled", 9, True),
        *[(("session_feedback",), status, 1, False) for status in _NOT_MET],
        (("session_feedback",), "completed", 9, True),
        (("session_feedback",), "scheduled", 1, True),  # read before it was completed
        (("match_accepted", "match_declined", "match_invitation"), "cancelled", 9, True),
    ],
)
def test_an_email_holds_until_its_subject_changes(
    pair: Pair, kinds: Sequence[str], status: str, sequence: int, expected: bool
) -> None:
    session_id = pair.plan()["session"]["id"]
    facts = {"subject_id": session_id, "subject_revision": 1}
    ids = [new_email(pair.url, pair.first, email_template=kind, **facts) for kind in kinds]
    _subject(pair.url, session_id, status, sequence)

    assert {row["holds"] for row in claim(pair.url, *ids)} == {expected}


@pytest.mark.parametrize(("status", "expected"), [("scheduled", True), ("cancelled", False)])
def test_an_email_without_a_revision_holds_unless_the_session_is_cancelled(
    pair: Pair, status: str, expected: bool
) -> None:
    session_id = pair.plan()["session"]["id"]
    ids = [
        new_email(pair.url, pair.first, email_template=one, subject_id=session_id) for one in _PLANS
    ]
    _subject(pair.url, session_id, status, 7)

    assert {row["holds"] for row in claim(pair.url, *ids)} == {expected}


@pytest.mark.parametrize("bound", [False, True])
@pytest.mark.parametrize("template", ["session_scheduled", "session_reminder_24h"])
def test_a_later_claim_sees_the_subject_of_that_moment(
    pair: Pair, template: str, bound: bool
) -> None:
    session_id = pair.plan()["session"]["id"]
    ids = _due(pair, session_id, template)
    first = claim(pair.url, *ids, seconds=60 if bound else 0)
    assert [row["holds"] for row in first] == [True] * len(ids)
    if bound:
        _bind(pair.url, first)

    _subject(pair.url, session_id, "cancelled", 0)  # its revision stays

    again = claim(pair.url, *ids)
    assert {row["id"] for row in again} == set(ids)
    assert [row["holds"] for row in again] == [False] * len(ids)


_CHANGES = {
    "wanted": "insert into public.email_preferences (user_id, choices)"
    " values (%(reader)s, '{\"session_reminders\": false}')",
    "suppressed": "insert into public.email_suppressions (address_hash, reason)"
    " select private.address_hash(email), 'bounced' from public.user_profiles"
    " where id = %(reader)s",
    "holds": "update public.wingman_sessions set status = 'cancelled' where id = %(session)s",
}


@pytest.mark.parametrize(
    ("column", "before", "after"),
    [("wanted", True, False), ("suppressed", False, True), ("holds", True, False)],
)
def test_a_claim_that_waited_for_its_turn_sees_what_changed_since(
    pair: Pair, column: str, before: object, after: object
) -> None:
    session_id = pair.plan()["session"]["id"]
    ids = _due(pair, session_id, "session_reminder_2h")
    (email_id,) = [one for one in ids if email_row(pair.url, one)["user_id"] == pair.second.user_id]
    assert {row[column] for row in claim(pair.url, email_id, seconds=0)} == {before}

    with psycopg.connect(pair.url, row_factory=dict_row) as holder:
        holder.execute("select 1 from private.email_lanes for update")
        holder.execute(_CHANGES[column], {"reader": pair.second.user_id, "session": session_id})
        params = {"p_ids": [email_id], "p_lease_seconds": 60}
        claimed = overtaken(
            pair.url, holder, WORKER, lambda worker: invoke(worker, "claim_emails", **params)
        )

    assert [row[column] for row in claimed] == [after]


def test_an_email_without_a_subject_holds(url: str, leo: Person) -> None:
    assert [row["holds"] for row in claim(url, new_email(url, leo))] == [True]


def test_each_email_of_a_session_names_its_revision(pair: Pair) -> None:
    session_id = pair.plan()["session"]["id"]
    pair.move(session_id, venue_name="Park")
    pair.do(pair.second, "cancel_session", session_id)
    took_place = pair.session(timedelta(hours=-1))
    for person in (pair.first, pair.second):
        pair.do(person, "confirm_session", took_place)

    written = {
        (email["email_template"], email["subject_revision"])
        for one in (session_id, took_place)
        for email in emails(pair.url, one)
    }

    plans = {"session_scheduled", *_REMINDERS}
    assert written == {
        *((template, 0) for template in plans),
        *((template, 1) for template in (plans - {"session_scheduled"}) | {"session_rescheduled"}),
        ("session_cancelled", 2),
        ("session_feedback", 0),
    }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda pair, one: pair.move(one, venue_name="Park"), "skipped"),
        (lambda pair, one: pair.do(pair.first, "cancel_session", one), "skipped"),
        (lambda pair, one: pair.move(one, notes="Bring a pen"), "sent"),
    ],
)
def test_a_plan_that_changed_before_its_email_left_is_not_announced(
    pair: Pair, change: Callable[[Pair, object], object], expected: str
) -> None:
    session_id = pair.plan()["session"]["id"]
    ids = _due(pair, session_id, "session_scheduled")

    change(pair, session_id)

    assert _send(pair.url, *ids) == [expected] * 2
    why = "superseded" if expected == "skipped" else None
    assert {email_row(pair.url, one)["error_message"] for one in ids} == {why}


def test_a_change_is_announced_instead_of_the_first_plan(pair: Pair) -> None:
    session_id = pair.plan()["session"]["id"]
    pair.move(session_id, venue_name="Park")

    assert _send(pair.url, *_due(pair, session_id, "session_rescheduled")) == ["sent"] * 2


def test_an_email_goes_to_the_current_address(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)
    _move_to(url, leo, _NEW)

    claimed = claim(url, email_id)

    assert claimed[0]["recipient_email"] == _NEW
    assert email_row(url, email_id)["recipient_email"] == leo.email
    _bind(url, claimed)
    assert email_row(url, email_id)["recipient_email"] == _NEW


def test_a_group_notes_for_each_email_where_it_goes(url: str, leo: Person, maya: Person) -> None:
    ids = [new_email(url, person) for person in (leo, maya, leo)]
    addresses = {one: f"{place}@example.com" for place, one in enumerate(reversed(ids))}

    _bind(url, claim(url, *ids), addresses)

    assert {one: email_row(url, one)["recipient_email"] for one in ids} == addresses


def test_a_repeated_request_goes_to_the_same_addresses(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)
    _bind(url, claim(url, email_id))
    _move_to(url, leo, _NEW)

    (claimed,) = claim(url, email_id)

    assert claimed["recipient_email"] == leo.email


def test_a_request_that_was_not_accepted_goes_to_the_current_address(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)
    _bind(url, claim(url, email_id))
    (claimed,) = claim(url, email_id)
    retry = {"id": str(email_id), "outcome": "retry", "retry_at": "2026-01-01Z"}
    params = {"p_lease_token": claimed["lease_token"], "p_results": Jsonb([retry])}
    assert call(url, WORKER, "complete_emails", **params) == 1

    _move_to(url, leo, _NEW)

    assert claim(url, email_id)[0]["recipient_email"] == _NEW


@pytest.mark.parametrize(("bound", "expected"), [(False, False), (True, True)])
def test_suppression_applies_to_the_address_that_the_email_goes_to(
    url: str, leo: Person, bound: bool, expected: bool
) -> None:
    email_id = new_email(url, leo)
    if bound:
        _bind(url, claim(url, email_id))
    look(
        url,
        "insert into public.email_suppressions select private.address_hash(%s), 'bounced'",
        leo.email,
    )
    _move_to(url, leo, f"{leo.user_id}@new.example")

    (claimed,) = claim(url, email_id)

    assert claimed["suppressed"] is expected


@pytest.mark.parametrize("bound", [False, True])
@pytest.mark.parametrize("address", [None, ""])
def test_a_reader_without_an_address_gets_no_email(
    pair: Pair, address: str | None, bound: bool
) -> None:
    ids = _due(pair, pair.plan()["session"]["id"], "session_scheduled")
    if bound:
        _bind(pair.url, claim(pair.url, *ids))
    gone = email_row(pair.url, ids[0])["user_id"]
    look(pair.url, "update public.user_profiles set email = %s where id = %s", address, gone)

    assert _send(pair.url, *ids) == ["skipped", "sent"]
    assert email_row(pair.url, ids[0])["error_message"] == "no_address"
