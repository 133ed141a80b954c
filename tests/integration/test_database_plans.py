"""Frequent queries read by index, however many emails and matches there are."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from tests.integration.database import WORKER, Actor, invoke, look
from tests.integration.own_database import own_database
from tests.integration.plans import explained, full_scans, plans

_ROWS = 20_000
_BIG = ("email_logs", "wingman_matches", "user_profiles", "likes")


@pytest.fixture(scope="module")
def url(database_url: str) -> Iterator[str]:
    """A database with 20 000 accounts, each with a settled and a planned email and a match."""
    with own_database(database_url) as own:
        look(
            own,
            "insert into auth.users (email, email_confirmed_at)"
            " select n || '@example.com', now() from generate_series(1, %s) as n",
            _ROWS,
        )
        for status, due in (("sent", "-1 day"), ("pending", "1 day")):
            look(
                own,
                "insert into public.email_logs (user_id, email_template, recipient_email,"
                " dedupe_key, priority, delivery_status, due_at)"
                " select id, 'match_invitation', email, %s || id, 'urgent', %s,"
                " now() + %s::interval from public.user_profiles",
                *(status, status, due),
            )
        look(
            own,
            "with pairs as (select id, lead(id) over (order by id) as next_id"
            " from public.user_profiles)"
            " insert into public.wingman_matches (user1_id, user2_id, initiator_id)"
            " select id, next_id, id from pairs where next_id is not null",
        )
        look(
            own,
            "insert into public.likes (user_id, liked_id)"
            " select user1_id, user2_id from public.wingman_matches",
        )
        look(own, "analyze")
        yield own


def _someone(url: str) -> UUID:
    (row,) = look(url, "select user1_id from public.wingman_matches limit 1")
    return UUID(str(row["user1_id"]))


@pytest.mark.parametrize(
    ("function", "index"),
    [
        ("sweep_emails", "email_logs_due"),
        ("sweep_emails", "email_logs_due_groups"),
        ("claim_emails", "email_logs_pkey"),
        ("list_matches", "wingman_matches_of_user2"),
        ("request_match", "wingman_matches_of_user1"),
        ("list_likes", "using likes_received on"),  # not the function of this name
    ],
)
def test_the_function_reads_by_index(url: str, function: str, index: str) -> None:
    stored = look(url, "select id from public.email_logs limit 50")
    params: dict[str, dict[str, object]] = {
        "sweep_emails": {"p_limit": 100},
        "claim_emails": {"p_ids": [row["id"] for row in stored], "p_lease_seconds": 60},
        "list_matches": {"p_limit": 20},
        "list_likes": {"p_direction": "received"},
        "request_match": {
            "p_invitee_id": look(url, "select max(id::text)::uuid as id from auth.users")[0]["id"],
            "p_venue_suggestion": None,
            "p_note": None,
            "p_max_daily": 10,
        },
    }
    actor = WORKER if function.endswith("emails") else Actor("authenticated", _someone(url))

    found = plans(url, actor, function, **params[function])

    assert full_scans(found, *_BIG) == []
    assert index in found


def test_emails_of_a_lane_are_claimed_grouped_and_settled_by_index(url: str) -> None:
    stored = look(url, "select id from public.email_logs where delivery_status = 'pending' limit 3")
    ids = [row["id"] for row in stored]
    look(url, "update public.email_logs set due_at = now() where id = any(%s)", ids)

    with explained(url, WORKER) as (connection, found):
        params = {"p_ids": ids[:1], "p_lease_seconds": 60, "p_limit": 100}
        claimed = invoke(connection, "claim_emails", **params)
        token = claimed[0]["lease_token"]
        invoke(connection, "form_send_group", p_lease_token=token, p_ids=ids)
        results = Jsonb([{"id": str(one), "outcome": "sent"} for one in ids])
        invoke(connection, "complete_emails", p_lease_token=token, p_results=results)

    assert len(claimed) >= 3
    assert full_scans("\n".join(found), *_BIG) == []
    for index in ("email_logs_due", "email_logs_due_groups", "email_logs_pkey"):
        assert any(f"using {index} " in plan for plan in found)
