"""Settling emails: `complete_emails`, fenced by the lease token."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.integration.database import (
    WORKER,
    bind,
    call,
    claim,
    email_row,
    look,
    new_email,
    new_person,
    sqlstate,
)

_LATER = "2999-01-01T00:00:00Z"


@pytest.fixture
def email_id(url: str) -> UUID:
    return new_email(url, new_person(url, "Leo"))


def _claim(url: str, email_id: UUID, seconds: int = 60) -> UUID:
    (email,) = claim(url, email_id, seconds=seconds)
    return UUID(str(email["lease_token"]))


def _report(url: str, token: UUID, email_id: UUID, outcome: str, **details: object) -> int:
    result = {"id": str(email_id), "outcome": outcome} | details
    changed = call(url, WORKER, "complete_emails", p_lease_token=token, p_results=Jsonb([result]))
    return int(changed)


def _group(url: str, email_id: UUID, started: str = "0 hours") -> UUID:
    """Claim the email and start a send group of it alone; return the lease token."""
    token = bind(url, email_id)
    look(
        url,
        "update public.email_logs set group_started_at = now() - %s::interval where id = %s",
        *(started, email_id),
    )
    return token


def _in_hours(url: str, hours: float) -> str:
    (row,) = look(url, "select (now() + %s * interval '1 hour')::text as moment", hours)
    return str(row["moment"])


def _lease(row: dict[str, Any]) -> tuple[object, object]:
    return row["lease_token"], row["lease_expires_at"]


def test_a_sent_email_is_recorded_and_its_lease_ends(url: str, email_id: UUID) -> None:
    token = _group(url, email_id)

    changed = _report(
        url, token, email_id, "sent", resend_message_id="re-1", subject="An invitation"
    )

    row = email_row(url, email_id)
    assert changed == 1
    assert (row["delivery_status"], row["resend_message_id"]) == ("sent", "re-1")
    assert (row["subject"], row["error_message"]) == ("An invitation", None)
    assert row["sent_at"] is not None
    assert _lease(row) == (None, None)


@pytest.mark.parametrize("outcome", ["failed", "unknown", "skipped", "suppressed"])
def test_other_outcomes_are_recorded_with_their_reason(
    url: str, email_id: UUID, outcome: str
) -> None:
    token = _claim(url, email_id)

    _report(url, token, email_id, outcome, error="because")

    row = email_row(url, email_id)
    assert (row["delivery_status"], row["error_message"]) == (outcome, "because")
    assert (row["sent_at"], row["retry_count"]) == (None, 0)
    assert _lease(row) == (None, None)


def test_an_outcome_that_does_not_exist_is_refused(url: str, email_id: UUID) -> None:
    token = _claim(url, email_id)
    results = Jsonb([{"id": str(email_id), "outcome": "lost", "retry_at": _LATER}])

    refusal = sqlstate(url, WORKER, "complete_emails", p_lease_token=token, p_results=results)

    assert refusal[0] == "23502"
    assert email_row(url, email_id)["delivery_status"] == "pending"
    assert _report(url, token, email_id, "skipped") == 1


def test_a_worker_whose_lease_was_taken_over_changes_nothing(url: str, email_id: UUID) -> None:
    old = _claim(url, email_id, seconds=0)
    new = _claim(url, email_id)

    assert _report(url, old, email_id, "failed") == 0
    assert email_row(url, email_id)["delivery_status"] == "pending"
    assert _report(url, new, email_id, "skipped") == 1


def test_a_worker_whose_group_was_taken_over_changes_nothing(url: str, email_id: UUID) -> None:
    old = _group(url, email_id)
    look(url, "update public.email_logs set lease_expires_at = now() where id = %s", email_id)
    new = _claim(url, email_id)

    assert _report(url, old, email_id, "failed") == 0
    row = email_row(url, email_id)
    assert (row["delivery_status"], row["lease_token"]) == ("sending", new)


@pytest.mark.parametrize("outcome", ["skipped", "failed", "retry"])
def test_an_email_cancelled_since_the_claim_stays_cancelled(
    url: str, email_id: UUID, outcome: str
) -> None:
    token = _claim(url, email_id)
    look(url, "update public.email_logs set delivery_status = 'cancelled' where id = %s", email_id)

    assert _report(url, token, email_id, outcome, retry_at=_LATER, error="x") == 0
    row = email_row(url, email_id)
    assert (row["delivery_status"], row["error_message"]) == ("cancelled", None)


def test_an_email_that_was_put_back_may_be_claimed_at_once(url: str, email_id: UUID) -> None:
    token = _claim(url, email_id)

    _report(url, token, email_id, "retry", retry_at=_in_hours(url, -1), counts=False)

    assert _claim(url, email_id) != token


def test_an_expired_lease_counts_until_another_worker_takes_over(url: str, email_id: UUID) -> None:
    token = _claim(url, email_id, seconds=0)

    assert _report(url, token, email_id, "sent") == 1


def test_reporting_twice_changes_once(url: str, email_id: UUID) -> None:
    token = _claim(url, email_id)

    assert _report(url, token, email_id, "sent") == 1
    assert _report(url, token, email_id, "failed") == 0
    assert email_row(url, email_id)["delivery_status"] == "sent"


def test_nothing_is_changed_without_a_token_or_results(url: str, email_id: UUID) -> None:
    result = Jsonb([{"id": str(email_id), "outcome": "failed"}])
    _claim(url, email_id)

    for token, results in ((None, result), (uuid4(), result), (uuid4(), Jsonb([]))):
        changed = call(url, WORKER, "complete_emails", p_lease_token=token, p_results=results)
        assert changed == 0


@pytest.mark.parametrize("status", ["delivered", "bounced", "complained"])
@pytest.mark.parametrize("outcome", ["sent", "retry", "failed", "unknown"])
def test_a_status_that_a_webhook_advanced_does_not_go_back(
    url: str, email_id: UUID, status: str, outcome: str
) -> None:
    token = _group(url, email_id)
    look(
        url,
        "update public.email_logs set delivery_status = %s, error_message = 'from the webhook'"
        " where id = %s",
        *(status, email_id),
    )

    _report(url, token, email_id, outcome, resend_message_id="re-1", retry_at=_LATER, error="x")

    row = email_row(url, email_id)
    assert (row["delivery_status"], row["error_message"]) == (status, "from the webhook")
    assert (row["resend_message_id"], row["retry_count"]) == ("re-1", 0)
    assert row["send_group"] is not None
    assert _lease(row) == (None, None)


def test_a_retry_goes_back_to_the_outbox_without_its_group(url: str, email_id: UUID) -> None:
    token = _group(url, email_id)
    look(url, "update public.email_logs set enqueued_at = now() where id = %s", email_id)
    retry_at = _in_hours(url, 1)

    _report(url, token, email_id, "retry", retry_at=retry_at, error="busy")

    row = email_row(url, email_id)
    assert (row["delivery_status"], row["retry_count"]) == ("pending", 1)
    assert look(url, "select %s = %s::timestamptz as same", row["due_at"], retry_at) == [
        {"same": True}
    ]
    assert (row["enqueued_at"], row["error_message"]) == (None, "busy")
    assert (row["send_group"], row["group_position"], row["group_started_at"]) == (None,) * 3
    assert _lease(row) == (None, None)


def test_a_retry_of_an_unclear_request_keeps_its_group(url: str, email_id: UUID) -> None:
    token = _group(url, email_id)
    before = email_row(url, email_id)

    _report(url, token, email_id, "retry", retry_at=_in_hours(url, 1), keep_group=True)

    row = email_row(url, email_id)
    assert row["delivery_status"] == "pending"
    for name in ("send_group", "group_position", "group_started_at"):
        assert row[name] == before[name]


def test_emails_of_an_unclear_request_wait_for_each_other(url: str, email_id: UUID) -> None:
    ids = [email_id, new_email(url, new_person(url, "Maya"))]
    token = bind(url, *ids)
    results = [
        {"id": str(one), "outcome": "retry", "retry_at": _in_hours(url, hours), "keep_group": True}
        for one, hours in zip(ids, (1, 3), strict=True)
    ]

    call(url, WORKER, "complete_emails", p_lease_token=token, p_results=Jsonb(results))

    first, second = (email_row(url, one)["due_at"] for one in ids)
    assert first == second


def test_waiting_is_not_a_failure(url: str, email_id: UUID) -> None:
    token = _claim(url, email_id)

    _report(url, token, email_id, "retry", retry_at=_in_hours(url, 30), counts=False)

    row = email_row(url, email_id)
    assert (row["delivery_status"], row["retry_count"]) == ("pending", 0)
    assert row["first_failed_at"] is None


@pytest.mark.parametrize(("hours", "status"), [(19.9, "pending"), (20.1, "failed")])
def test_retries_end_in_the_dead_letters_20_hours_after_the_first_failure(
    url: str, email_id: UUID, hours: float, status: str
) -> None:
    _report(url, _claim(url, email_id), email_id, "retry", retry_at=_in_hours(url, 0))
    look(
        url,
        "update public.email_logs set first_failed_at = now() - %s * interval '1 hour',"
        " due_at = now() where id = %s",
        *(hours, email_id),
    )

    _report(url, _claim(url, email_id), email_id, "retry", retry_at=_in_hours(url, 0))

    row = email_row(url, email_id)
    assert (row["delivery_status"], row["retry_count"]) == (status, 2)


def test_an_email_that_waited_through_an_outage_is_still_retried(url: str, email_id: UUID) -> None:
    look(
        url,
        "update public.email_logs set created_at = now() - interval '30 hours',"
        " due_at = now() - interval '30 hours' where id = %s",
        email_id,
    )

    _report(url, _claim(url, email_id), email_id, "retry", retry_at=_in_hours(url, 0.1))

    assert email_row(url, email_id)["delivery_status"] == "pending"


@pytest.mark.parametrize(("started", "status"), [("19 hours", "pending"), ("20 hours", "unknown")])
@pytest.mark.parametrize("counts", [True, False])
def test_an_unclear_request_ends_unknown_20_hours_after_it_started(
    url: str, email_id: UUID, started: str, status: str, *, counts: bool
) -> None:
    token = _group(url, email_id, started)

    details = {"retry_at": _in_hours(url, 0.1), "keep_group": True, "counts": counts}
    _report(url, token, email_id, "retry", **details)

    assert email_row(url, email_id)["delivery_status"] == status
