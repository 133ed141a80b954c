"""Reading sessions: `list_sessions`."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.database import Person, call, look, new_person, sqlstate
from tests.integration.meetings import new_match

_START = datetime(2026, 1, 1, tzinfo=UTC)


def _stored(
    url: str,
    inviter: Person,
    invitee: Person,
    *,
    status: str = "expired",
    created_at: datetime = _START,
    starts_in: timedelta = timedelta(days=1),
) -> UUID:
    (row,) = look(
        url,
        "insert into public.wingman_sessions"
        " (match_id, venue_name, scheduled_time, status, created_at)"
        " values (%s, 'Café', now() + %s, %s, %s) returning id",
        *(new_match(url, inviter, invitee), starts_in, status, created_at),
    )
    return UUID(str(row["id"]))


def _listed(url: str, person: Person, **params: object) -> list[dict[str, Any]]:
    return call(url, person, "list_sessions", **params)  # type: ignore[no-any-return]  # JSON


def test_the_list_is_newest_first_over_both_sides(url: str, maya: Person) -> None:
    ids = []
    for day in range(6):
        pair = (maya, new_person(url)) if day % 2 else (new_person(url), maya)
        ids.append(str(_stored(url, *pair, created_at=_START + timedelta(days=day))))

    assert [session["id"] for session in _listed(url, maya)] == ids[::-1]
    assert [session["id"] for session in _listed(url, maya, p_limit=2)] == ids[:3:-1]


def test_a_listed_session_equals_the_one_read_by_id(url: str, maya: Person) -> None:
    session_id = _stored(url, maya, new_person(url))

    assert _listed(url, maya) == [call(url, maya, "get_session", p_session_id=session_id)]


def test_pages_have_no_gaps_even_within_one_instant(url: str, maya: Person) -> None:
    stored = {str(_stored(url, maya, new_person(url))) for _ in range(3)}
    stored |= {str(_stored(url, new_person(url), maya)) for _ in range(3)}

    seen: list[str] = []
    before: dict[str, object] = {}
    while page := _listed(url, maya, p_limit=2, **before):
        seen += [session["id"] for session in page]
        before = {
            "p_before_created_at": page[-1]["created_at"],
            "p_before_id": UUID(page[-1]["id"]),
        }

    assert (len(seen), set(seen)) == (6, stored)


def test_the_status_filters_the_list(url: str, maya: Person) -> None:
    ahead = _stored(url, maya, new_person(url), status="scheduled")
    running = _stored(
        url, maya, new_person(url), status="scheduled", starts_in=-timedelta(minutes=1)
    )
    over = _stored(url, maya, new_person(url), status="no_show")

    for status, session_id in (("scheduled", ahead), ("in_progress", running), ("no_show", over)):
        (session,) = _listed(url, maya, p_status=status)
        assert (session["id"], session["status"]) == (str(session_id), status)


@pytest.mark.parametrize(("limit", "rows"), [(-1, 1), (0, 1), (2, 2), (101, 101), (5000, 101)])
def test_a_page_holds_one_to_101_sessions(url: str, maya: Person, limit: int, rows: int) -> None:
    look(
        url,
        "insert into public.wingman_sessions (match_id, venue_name, scheduled_time, status)"
        " select %s, 'Café', now(), 'expired' from generate_series(1, 102)",
        new_match(url, maya, new_person(url)),
    )

    assert len(_listed(url, maya, p_limit=limit)) == rows


def test_sessions_of_other_users_are_not_listed(url: str, maya: Person) -> None:
    _stored(url, new_person(url), new_person(url))

    assert _listed(url, maya) == []


def test_a_token_of_a_deleted_user_lists_nothing(url: str) -> None:
    gone = Person("authenticated", uuid4())

    assert sqlstate(url, gone, "list_sessions") == ("WA001", "unauthenticated")
