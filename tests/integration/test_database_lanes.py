"""Claiming the emails of a lane that have been due longest, and pausing a lane."""

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
    bind,
    call,
    invoke,
    look,
    new_email,
    race,
    rows,
)

_HOURS = {"one": "2026-01-01T01:00Z", "two": "2026-01-01T02:00Z", "three": "2026-01-01T03:00Z"}


@pytest.fixture
def url(url: str) -> str:
    """Return the module's own database with empty lanes, none of them paused."""
    look(url, "delete from public.email_logs")
    look(url, "delete from private.email_leases")
    call(url, WORKER, "resume_emails", p_priorities=["urgent", "bulk"])
    return url


def _claim(
    url: str, hint: UUID, *, limit: int | None = 100, seconds: int = 60
) -> list[dict[str, Any]]:
    params = {"p_ids": [hint], "p_lease_seconds": seconds, "p_limit": limit}
    return rows(url, WORKER, "claim_emails", **params)


def _ids(claimed: list[dict[str, Any]]) -> list[UUID]:
    return [email["id"] for email in claimed]


def _grouped(url: str, leo: Person, due: str, count: int = 1, **columns: object) -> list[UUID]:
    """Emails whose request may have reached the provider, to be repeated from `due` on."""
    ids = [new_email(url, leo, **columns) for _ in range(count)]
    token = bind(url, *ids)
    lost = [
        {"id": str(one), "outcome": "retry", "retry_at": due, "keep_group": True} for one in ids
    ]
    call(url, WORKER, "complete_emails", p_lease_token=token, p_results=Jsonb(lost))
    return ids


def test_a_claim_with_a_limit_takes_the_emails_due_longest(url: str, leo: Person) -> None:
    three, one, two = (new_email(url, leo, due_at=_HOURS[h]) for h in ("three", "one", "two"))

    assert _ids(_claim(url, three, limit=2)) == [one, two]
    assert _ids(_claim(url, three, limit=2)) == [three]
    assert _claim(url, three, limit=2) == []


def test_a_claim_stays_in_the_lane_of_its_hint(url: str, leo: Person) -> None:
    bulk = new_email(url, leo, priority="bulk", due_at=_HOURS["one"])
    urgent = new_email(url, leo, due_at=_HOURS["two"])

    assert _ids(_claim(url, urgent)) == [urgent]
    assert _ids(_claim(url, bulk)) == [bulk]


def test_an_unknown_hint_claims_nothing(url: str, leo: Person) -> None:
    new_email(url, leo)

    assert _claim(url, uuid4()) == []


def test_a_future_email_is_not_claimed_with_its_lane(url: str, leo: Person) -> None:
    later = new_email(url, leo, due_at="2999-01-01Z")

    assert _claim(url, later) == []


def test_an_expired_lease_returns_its_emails_to_the_lane(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)
    _claim(url, email_id, seconds=0)

    assert _ids(_claim(url, email_id)) == [email_id]


def test_eight_workers_at_once_share_a_lane_without_overlap(url: str, leo: Person) -> None:
    ids = [new_email(url, leo) for _ in range(40)]

    def claim(connection: Connection) -> list[UUID]:
        params = {"p_ids": ids[:1], "p_lease_seconds": 60, "p_limit": 7}
        return _ids(invoke(connection, "claim_emails", **params))

    shares = race(url, [(WORKER, claim)] * 8)

    assert Counter(email_id for share in shares for email_id in share) == Counter(ids)
    assert max(len(share) for share in shares) == 7


def test_a_claim_skips_locked_emails(url: str, leo: Person) -> None:
    ids = [new_email(url, leo) for _ in range(2)]

    with acting_as(url, WORKER) as holder:
        holder.execute(b"select 1 from public.email_logs for update")
        assert len(_claim(url, ids[0])) == 2


def test_a_group_is_claimed_alone_and_whole(url: str, leo: Person) -> None:
    group = _grouped(url, leo, due=_HOURS["one"], count=3)
    new = new_email(url, leo, due_at=_HOURS["two"])

    assert _ids(_claim(url, new, limit=1)) == group
    assert _ids(_claim(url, new, limit=1)) == [new]


def test_a_new_email_that_has_waited_longer_comes_before_a_group(url: str, leo: Person) -> None:
    group = _grouped(url, leo, due=_HOURS["two"])
    new = new_email(url, leo, due_at=_HOURS["one"])

    assert _ids(_claim(url, new)) == [new]
    assert _ids(_claim(url, new)) == group


def test_a_group_that_is_not_due_yet_is_left_alone(url: str, leo: Person) -> None:
    group = _grouped(url, leo, due="2999-01-01T00:00Z")

    assert _claim(url, group[0]) == []


def test_a_group_that_cannot_be_claimed_whole_delays_no_new_email(url: str, leo: Person) -> None:
    group = _grouped(url, leo, due=_HOURS["one"], count=2)
    look(url, "update public.email_logs set due_at = now() + '1 h' where id = %s", group[0])
    new = new_email(url, leo)

    assert _ids(_claim(url, new)) == [new]


def test_a_group_that_the_provider_may_forget_is_passed_over(url: str, leo: Person) -> None:
    old = _grouped(url, leo, due=_HOURS["one"])
    group = _grouped(url, leo, due=_HOURS["two"])
    look(
        url,
        "update public.email_logs set group_started_at = now() - interval '20 hours'"
        " where id = any(%s)",
        old,
    )

    assert _ids(_claim(url, old[0])) == group
    assert _claim(url, old[0]) == []


def _pause(url: str, until: str, reason: str = "quota", lane: str = "urgent") -> int:
    (row,) = look(url, "select (now() + %s::interval)::text as moment", until)
    params = {"p_priorities": [lane], "p_until": row["moment"], "p_reason": reason}
    return int(call(url, WORKER, "pause_emails", **params))


@pytest.mark.parametrize("limit", [100, None])
def test_nothing_of_a_paused_lane_is_claimed(url: str, leo: Person, limit: int | None) -> None:
    group = _grouped(url, leo, due=_HOURS["one"])
    email_id = new_email(url, leo)
    bulk = new_email(url, leo, priority="bulk")

    assert _pause(url, "1 hour") == 1

    assert _claim(url, email_id, limit=limit) == []
    assert _claim(url, group[0], limit=limit) == []
    assert _ids(_claim(url, bulk, limit=limit)) == [bulk]


def test_nothing_of_a_paused_lane_is_handed_out(url: str, leo: Person) -> None:
    _grouped(url, leo, due=_HOURS["one"])
    new_email(url, leo)
    bulk = new_email(url, leo, priority="bulk")
    _pause(url, "1 hour")

    assert [row["id"] for row in rows(url, WORKER, "sweep_emails", p_limit=10)] == [bulk]


def test_a_pause_ends_by_itself(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)
    _pause(url, "0 seconds")

    assert [row["id"] for row in rows(url, WORKER, "sweep_emails", p_limit=10)] == [email_id]
    assert _ids(_claim(url, email_id)) == [email_id]


def test_a_longer_pause_replaces_a_shorter_one_and_not_the_other_way_round(
    url: str, leo: Person
) -> None:
    assert _pause(url, "1 hour", "daily quota") == 1
    assert _pause(url, "1 minute", "rate limit") == 0

    reason = "select paused_reason from private.email_lanes where priority = 'urgent'"
    assert look(url, reason) == [{"paused_reason": "daily quota"}]

    assert _pause(url, "2 hours", "monthly quota") == 1
    assert look(url, reason) == [{"paused_reason": "monthly quota"}]


def test_a_lane_that_is_resumed_continues_at_once(url: str, leo: Person) -> None:
    email_id = new_email(url, leo)
    _pause(url, "1 hour")

    assert call(url, WORKER, "resume_emails", p_priorities=["urgent", "bulk"]) == 1

    assert _ids(_claim(url, email_id)) == [email_id]
