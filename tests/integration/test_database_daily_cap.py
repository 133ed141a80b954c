"""For email that can wait, a claim counts the emails that the reader got lately."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tests.integration.database import (
    WORKER,
    Person,
    acting_as,
    claim,
    invoke,
    look,
    new_email,
    new_person,
    overtaken,
)

NOW = datetime.now(UTC)


def _handed(url: str, person: Person, hours_ago: float, status: str = "sent") -> None:
    started = NOW - timedelta(hours=hours_ago)
    group = {"send_group": uuid4(), "group_position": 0, "group_started_at": started}
    new_email(url, person, delivery_status=status, **group)


def test_a_claim_counts_the_emails_sent_lately(url: str, maya: Person) -> None:
    for hours_ago, status in ((1, "delivered"), (30, "bounced"), (2, "unknown"), (49, "sent")):
        _handed(url, maya, hours_ago, status)
    _handed(url, maya, 1, "failed")
    _handed(url, new_person(url), 1)
    email = new_email(url, maya, priority="bulk", error_message="quiet_hours")

    [claimed] = claim(url, email)

    handed_over = sorted(round((NOW - at) / timedelta(hours=1)) for at in claimed["handed_over"])
    assert handed_over == [1, 2, 30]
    assert claimed["last_error"] == "quiet_hours"


def test_an_urgent_email_needs_no_count(url: str, maya: Person) -> None:
    _handed(url, maya, 1)

    [claimed] = claim(url, new_email(url, maya))

    assert claimed["handed_over"] == []


def test_an_email_that_another_worker_is_about_to_send_counts_as_sent(
    url: str, maya: Person
) -> None:
    first, second = (new_email(url, maya, priority="bulk") for _ in range(2))

    assert [row["handed_over"] for row in claim(url, first)] == [[]]
    [claimed] = claim(url, second)

    [at] = claimed["handed_over"]
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=1)


def test_two_claims_at_the_same_moment_see_each_other(url: str, maya: Person) -> None:
    first, second = (new_email(url, maya, priority="bulk") for _ in range(2))
    params = {"p_ids": [second], "p_lease_seconds": 60}

    with acting_as(url, WORKER) as one:
        invoke(one, "claim_emails", p_ids=[first], p_lease_seconds=60)
        [claimed] = overtaken(url, one, WORKER, lambda c: invoke(c, "claim_emails", **params))

    assert len(claimed["handed_over"]) == 1


def test_an_expired_lease_no_longer_counts(url: str, maya: Person) -> None:
    first, second = (new_email(url, maya, priority="bulk") for _ in range(2))
    claim(url, first)
    look(url, "update private.email_leases set expires_at = now() - interval '1 s'")

    [claimed] = claim(url, second)

    assert claimed["handed_over"] == []
