"""Leasing emails: `claim_emails`."""

import hashlib
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

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
    new_person,
    overtaken,
    race,
)

_LATER = "2999-01-01Z"


def test_a_claim_leases_the_email_and_leaves_it_as_it_is(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)
    before = email_row(url, email_id)

    (claimed,) = claim(url, email_id, seconds=90)

    assert email_row(url, email_id) == before
    assert look(
        url,
        "select email_ids, expires_at > now() + interval '80 seconds'"
        " and expires_at <= now() + interval '90 seconds' as lasts"
        " from private.email_leases where token = %s",
        claimed["lease_token"],
    ) == [{"email_ids": [email_id], "lasts": True}]


def test_a_claim_returns_everything_that_sending_needs(url: str, leo: Person) -> None:
    email_id = new_email(url, leo, template_data='{"note": "hi"}', priority="bulk")

    (claimed,) = claim(url, email_id)

    stored = email_row(url, email_id)
    assert set(claimed) == {
        *("id", "lease_token", "send_group", "group_position", "group_started_at", "user_id"),
        *("email_template", "recipient_email", "priority", "template_data", "retry_count"),
        *("due_at", "recipient_first_name", "timezone", "category", "wanted", "can_wait", "holds"),
        *("quiet_hours_start", "quiet_hours_end", "suppressed", "last_error", "handed_over"),
        *("created_at", "email_frequency", "request_id"),
    }
    for name in (set(claimed) & set(stored)) - {"lease_token"}:
        assert claimed[name] == stored[name]
    assert claimed["recipient_first_name"] == "Leo"


_KIND_OF = {
    "match_notifications": "match_declined",
    "session_reminders": "session_reminder_2h",
    "feedback_requests": "session_feedback",
    "messages": "unread_messages",
    "marketing_emails": "weekly_digest",
}


def _wishes(url: str, person: Person) -> list[Any]:
    """Claim an email of each category; return the timezone, the answers and the quiet hours."""
    ids = [new_email(url, person, email_template=kind) for kind in _KIND_OF.values()]
    rows = claim(url, *ids)
    wanted = {row["category"]: row["wanted"] for row in rows}
    times = [rows[0]["quiet_hours_start"], rows[0]["quiet_hours_end"]]
    return [
        rows[0]["timezone"],
        *[wanted[category] for category in _KIND_OF],
        *[time and f"{time:%H:%M}" for time in times],
    ]


def test_without_stored_preferences_the_defaults_apply(url: str, leo: Person) -> None:
    assert _wishes(url, leo) == ["UTC", True, True, True, False, False, "22:00", "08:00"]


def test_stored_preferences_apply(url: str, leo: Person) -> None:
    look(
        url,
        "insert into public.email_preferences"
        " (user_id, choices, timezone, quiet_hours_start, quiet_hours_end)"
        " values (%s, %s, 'Asia/Tokyo', null, null)",
        *(leo.user_id, Jsonb(dict.fromkeys(_KIND_OF, False) | {"marketing_emails": True})),
    )

    assert _wishes(url, leo) == ["Asia/Tokyo", False, False, False, False, True, None, None]


def test_preferences_without_a_timezone_use_the_profiles(url: str, leo: Person) -> None:
    look(url, "insert into public.email_preferences (user_id) values (%s)", leo.user_id)
    look(
        url,
        "update public.user_profiles set timezone = 'Europe/Rome' where id = %s",
        leo.user_id,
    )

    (claimed,) = claim(url, new_email(url, leo))

    assert claimed["timezone"] == "Europe/Rome"


def test_a_suppressed_address_is_recognised_however_it_is_written(url: str, leo: Person) -> None:
    digest = hashlib.sha256(b"bounced@example.com").hexdigest()
    look(url, "insert into public.email_suppressions values (%s, 'bounced')", digest)

    bounced = new_person(url, email=" Bounced@Example.COM ")
    (bad,) = claim(url, new_email(url, bounced))
    (good,) = claim(url, new_email(url, leo))

    assert (bad["suppressed"], good["suppressed"]) == (True, False)


def test_a_future_email_is_not_claimed(url: str, leo: Person) -> None:
    assert claim(url, new_email(url, leo, due_at=_LATER)) == []


def test_a_leased_email_is_not_claimed_again(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)
    claim(url, email_id)

    assert claim(url, email_id) == []


@pytest.mark.parametrize(
    "status",
    [
        *("sent", "delivered", "bounced", "complained", "failed", "suppressed"),
        *("skipped", "cancelled", "unknown"),
    ],
)
def test_a_settled_email_is_not_claimed(url: str, leo: Person, status: str) -> None:
    assert claim(url, new_email(url, leo, delivery_status=status)) == []


def test_an_expired_lease_without_a_send_group_returns(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)
    (first,) = claim(url, email_id, seconds=0)

    (second,) = claim(url, email_id)

    assert second["lease_token"] != first["lease_token"]
    assert second["send_group"] is None


def test_all_emails_of_a_claim_share_one_fresh_token(url: str, leo: Person) -> None:
    first = claim(url, *(new_email(url, leo) for _ in range(3)))
    second = claim(url, new_email(url, leo))

    assert len({email["lease_token"] for email in first}) == 1
    assert second[0]["lease_token"] != first[0]["lease_token"]


def test_single_emails_come_in_the_order_in_which_they_were_due(url: str, leo: Person) -> None:
    ids = [new_email(url, leo, due_at=f"2026-01-0{day}Z") for day in (3, 1, 2)]

    assert [email["id"] for email in claim(url, *ids)] == [ids[1], ids[2], ids[0]]


def test_unknown_and_repeated_ids_are_ignored(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)

    assert [email["id"] for email in claim(url, email_id, uuid4(), email_id)] == [email_id]
    assert claim(url) == []


def test_two_claims_of_one_email_at_the_same_moment_take_turns(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)
    params = {"p_ids": [email_id], "p_lease_seconds": 60}

    with acting_as(url, WORKER) as one:
        (claimed,) = invoke(one, "claim_emails", **params)
        other = overtaken(url, one, WORKER, lambda c: invoke(c, "claim_emails", **params))

    assert (claimed["id"], other) == (email_id, [])


def test_eight_workers_claiming_the_same_emails_at_once_get_each_email_once(
    url: str, leo: Person
) -> None:
    ids = [new_email(url, leo) for _ in range(40)]

    def claim(connection: Connection) -> list[UUID]:
        claimed = invoke(connection, "claim_emails", p_ids=ids, p_lease_seconds=60)
        return [email["id"] for email in claimed]

    shares = race(url, [(WORKER, claim)] * 8)

    assert Counter(email_id for share in shares for email_id in share) == Counter(ids)
