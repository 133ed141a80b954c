"""Reading matches: `get_match`, `list_matches`."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.database import Person, call, look, new_person, sqlstate

_START = datetime(2026, 1, 1, tzinfo=UTC)


def _stored(  # in any state, past all rules
    url: str,
    inviter: Person,
    invitee: Person,
    *,
    status: str = "pending",
    created_at: datetime = _START,
    lasts: timedelta = timedelta(days=10_000),
) -> UUID:
    (row,) = look(
        url,
        "insert into public.wingman_matches"
        " (user1_id, user2_id, initiator_id, status, created_at, expires_at)"
        " values (%s, %s, %s, %s, %s, %s) returning id",
        *(inviter.user_id, invitee.user_id, inviter.user_id),
        *(status, created_at, created_at + lasts),
    )
    return UUID(str(row["id"]))


def _listed(url: str, person: Person, **params: object) -> list[dict[str, Any]]:
    return call(url, person, "list_matches", **params)  # type: ignore[no-any-return]  # JSON


def test_both_sides_read_the_match(url: str, maya: Person) -> None:
    leo = new_person(url)
    match_id = _stored(url, maya, leo)

    assert call(url, maya, "get_match", p_match_id=match_id)["id"] == str(match_id)
    assert call(url, leo, "get_match", p_match_id=match_id)["id"] == str(match_id)


def test_times_are_iso_8601_in_utc_in_any_session_timezone(url: str, maya: Person) -> None:
    created = datetime(2026, 3, 1, 12, 30, 0, 250, tzinfo=UTC)
    match_id = _stored(url, maya, new_person(url), created_at=created)

    match = call(url, maya, "get_match", p_match_id=match_id)

    assert match["created_at"] == "2026-03-01T12:30:00.000250Z"


def test_a_pending_match_past_its_time_reads_as_expired(url: str, maya: Person) -> None:
    match_id = _stored(url, maya, new_person(url), lasts=timedelta(hours=48))

    assert call(url, maya, "get_match", p_match_id=match_id)["status"] == "expired"
    assert [match["status"] for match in _listed(url, maya)] == ["expired"]
    assert len(_listed(url, maya, p_status="expired")) == 1
    assert _listed(url, maya, p_status="pending") == []


def test_the_list_is_newest_first_over_both_sides(url: str, maya: Person) -> None:
    ids = []
    for day in range(4):
        pair = (maya, new_person(url)) if day % 2 else (new_person(url), maya)
        ids.append(str(_stored(url, *pair, created_at=_START + timedelta(days=day))))

    assert [match["id"] for match in _listed(url, maya)] == ids[::-1]
    assert [match["id"] for match in _listed(url, maya, p_limit=2)] == ids[:1:-1]


def test_pages_have_no_gaps_even_within_one_instant(url: str, maya: Person) -> None:
    stored = {str(_stored(url, maya, new_person(url))) for _ in range(5)}

    seen: list[str] = []
    before: dict[str, object] = {}
    while page := _listed(url, maya, p_limit=2, **before):
        seen += [match["id"] for match in page]
        before = {
            "p_before_created_at": page[-1]["created_at"],
            "p_before_id": UUID(page[-1]["id"]),
        }

    assert (len(seen), set(seen)) == (5, stored)


def test_the_status_filters_the_list(url: str, maya: Person) -> None:
    accepted = _stored(url, maya, new_person(url), status="accepted")
    _stored(url, maya, new_person(url), status="declined")

    assert [match["id"] for match in _listed(url, maya, p_status="accepted")] == [str(accepted)]


@pytest.mark.parametrize(("limit", "rows"), [(-1, 1), (0, 1), (2, 2), (101, 101), (5000, 101)])
def test_a_page_holds_one_to_101_matches(url: str, maya: Person, limit: int, rows: int) -> None:
    leo = new_person(url)
    look(
        url,
        "insert into public.wingman_matches (user1_id, user2_id, initiator_id, status)"
        " select %s, %s, %s, 'declined' from generate_series(1, 102)",
        *(maya.user_id, leo.user_id, maya.user_id),
    )

    assert len(_listed(url, maya, p_limit=limit)) == rows


def test_matches_of_other_users_are_not_listed(url: str, maya: Person) -> None:
    _stored(url, new_person(url), new_person(url))

    assert _listed(url, maya) == []


def test_a_token_of_a_deleted_user_lists_nothing(url: str) -> None:
    gone = Person("authenticated", uuid4())

    assert sqlstate(url, gone, "list_matches") == ("WA001", "unauthenticated")
