"""Steps of a session: each is allowed to certain users until a certain moment."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.integration.database import Person, new_person, sqlstate
from tests.integration.meetings import (
    BEGINNER,
    Pair,
    answered_emails,
    at_the_moment,
    refusal,
    refused_at_the_moment,
)

_MOMENT = timedelta(microseconds=1)
_STARTED = timedelta(hours=-1)
_STEPS: dict[str, dict[str, object]] = {
    "get_session": {},
    "get_session_event": {},
    "update_session": {
        "p_venue_name": "Park",
        "p_scheduled_time": None,
        "p_notes": None,
        "p_changes": ["venue_name"],
    },
    "cancel_session": {},
    "confirm_session": {},
    "report_no_show": {},
}


def _refusal(pair: Pair, person: Person, step: str, session_id: UUID) -> str:
    return refusal(pair.url, person, step, session_id, **_STEPS[step])


# --- permissions


@pytest.mark.parametrize("step", _STEPS)
def test_a_session_of_other_users_is_not_found(pair: Pair, step: str) -> None:
    session_id = pair.session(_STARTED)

    assert _refusal(pair, new_person(pair.url), step, session_id) == "WS001 not_found"
    assert _refusal(pair, pair.first, step, uuid4()) == "WS001 not_found"


@pytest.mark.parametrize("step", _STEPS)
def test_a_token_of_a_deleted_user_does_nothing(pair: Pair, step: str) -> None:
    gone = Person("authenticated", uuid4())

    assert _refusal(pair, gone, step, pair.session()) == "WA001 unauthenticated"


@pytest.mark.parametrize("status", ["completed", "cancelled", "no_show", "expired"])
@pytest.mark.parametrize("step", ["update_session", "cancel_session", "confirm_session"])
def test_a_closed_session_stays_closed(pair: Pair, status: str, step: str) -> None:
    session_id = pair.session(_STARTED)
    pair.store(session_id, status=status)

    for person in (pair.first, pair.second):
        assert _refusal(pair, person, step, session_id) == "WS004 session_not_open"
    assert pair.read(session_id)["status"] == status


# --- reading


def test_a_session_is_in_progress_from_its_start(pair: Pair) -> None:
    session_id = pair.session()

    assert at_the_moment(pair, session_id, _MOMENT, "get_session")["status"] == "scheduled"
    assert at_the_moment(pair, session_id, timedelta(), "get_session")["status"] == "in_progress"


def test_a_calendar_event_names_its_revision_and_the_partner(pair: Pair) -> None:
    session_id = pair.session()
    pair.move(session_id, venue_name="Park")

    event = pair.do(pair.second, "get_session_event", session_id)

    assert (event["sequence"], event["partner_name"]) == (1, "Maya")
    assert event["session"] == pair.do(pair.second, "get_session", session_id)


def test_a_session_names_the_partner_of_its_reader(pair: Pair) -> None:
    session_id = pair.session()

    read = [pair.do(one, "get_session", session_id) for one in (pair.first, pair.second)]

    partners = [(one["partner"]["user_id"], one["partner"]["name"]) for one in read]
    assert partners == [(str(pair.second.user_id), "Leo"), (str(pair.first.user_id), "Maya")]


# --- changing the plan


def test_a_new_time_is_announced_to_both_users_beside_the_old_one(pair: Pair) -> None:
    session = pair.plan(p_user2_challenge_id=BEGINNER)["session"]
    later = datetime.now(UTC) + timedelta(days=9)

    answer = pair.move(session["id"], scheduled_time=later)

    assert (answer["changed_users"], answer["session"]["venue_name"]) == ([], "Café Central")
    by_user = {email["user_id"]: email for email in answered_emails(pair.url, answer)}
    assert set(by_user) == {pair.first.user_id, pair.second.user_id}
    email = by_user[pair.second.user_id]
    assert (email["email_template"], email["priority"]) == ("session_rescheduled", "urgent")
    data = email["template_data"]
    assert data.pop("challenge_description")
    assert data == {
        "partner_name": "Maya",
        "venue_name": "Café Central",
        "scheduled_time": later.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "previous_time": session["scheduled_time"],
        "session_id": session["id"],
        "challenge_title": "Learn a name and use it",
    }


def test_a_new_place_is_announced_without_a_previous_time(pair: Pair) -> None:
    session = pair.plan()["session"]

    answer = pair.move(session["id"], venue_name="Park")

    (first, _) = answered_emails(pair.url, answer)
    assert first["template_data"]["venue_name"] == "Park"
    assert "previous_time" not in first["template_data"]


def test_every_change_is_announced_again(pair: Pair) -> None:
    session_id = pair.session()

    for venue in ("Park", "Museum", "Park"):
        assert len(pair.move(session_id, venue_name=venue)["due"]) == 2
    assert pair.read(session_id)["sequence"] == 3


def test_a_change_of_notes_is_not_announced(pair: Pair) -> None:
    session_id = pair.session(_STARTED)

    answer = pair.move(session_id, notes="It rained")

    assert (answer["session"]["notes"], answer["due"]) == ("It rained", [])
    assert pair.move(session_id, notes=None)["session"]["notes"] is None
    assert pair.read(session_id)["sequence"] == 0


def test_an_update_equal_to_the_plan_changes_nothing(pair: Pair) -> None:
    session = pair.plan()["session"]

    answer = pair.move(
        session["id"],
        venue_name=session["venue_name"],
        scheduled_time=session["scheduled_time"],
    )

    assert answer["due"] == []
    assert pair.read(UUID(session["id"]))["sequence"] == 0


def test_only_named_fields_change(pair: Pair) -> None:
    session = pair.plan(p_notes="Bring a pen")["session"]
    unnamed = {"p_venue_name": "Park", "p_notes": None, "p_scheduled_time": None}

    pair.do(pair.first, "update_session", session["id"], **unnamed, p_changes=[])

    stored = pair.do(pair.first, "get_session", session["id"])
    assert stored == session | {"updated_at": stored["updated_at"]}


@pytest.mark.parametrize("when", ["now", "infinity", "2020-01-01Z", None])
def test_a_session_moves_to_the_near_future_only(pair: Pair, when: str | None) -> None:
    refused = sqlstate(
        pair.url,
        pair.first,
        "update_session",
        p_session_id=pair.session(),
        p_venue_name=None,
        p_scheduled_time=when,
        p_notes=None,
        p_changes=["scheduled_time"],
    )

    # The caller must name a time; the column refuses null.
    assert refused[0] == ("WS010" if when else "23502")


def test_time_and_place_are_fixed_from_the_start(pair: Pair) -> None:
    session_id = pair.session()

    to_the_park = _STEPS["update_session"]

    moved = at_the_moment(pair, session_id, _MOMENT, "update_session", **to_the_park)
    pair.store(session_id, venue_name="Museum")
    refused = refused_at_the_moment(pair, session_id, timedelta(), "update_session", **to_the_park)

    assert moved["session"]["venue_name"] == "Park"
    assert refused == "session_already_started"


# --- calling it off


def test_cancelling_sends_the_other_user_the_reason(pair: Pair) -> None:
    session = pair.plan()["session"]

    answer = pair.do(pair.second, "cancel_session", session["id"], p_reason="A cold")

    cancelled = answer["session"]
    assert (cancelled["status"], cancelled["cancel_reason"]) == ("cancelled", "A cold")
    assert cancelled["cancelled_by"] == str(pair.second.user_id)
    (email,) = answered_emails(pair.url, answer)
    assert (email["user_id"], email["email_template"]) == (pair.first.user_id, "session_cancelled")
    assert email["template_data"] == {
        "partner_name": "Leo",
        "venue_name": "Café Central",
        "scheduled_time": session["scheduled_time"],
        "session_id": session["id"],
        "reason": "A cold",
    }


@pytest.mark.parametrize(
    ("start", "late"),
    [
        (timedelta(hours=2) + _MOMENT, False),
        (timedelta(hours=2), False),
        (timedelta(hours=2) - _MOMENT, True),
        (timedelta(), True),
        (timedelta(hours=-30), True),
    ],
)
def test_a_late_cancellation_is_a_no_show_of_the_canceller(
    pair: Pair, start: timedelta, late: bool
) -> None:
    answer = at_the_moment(pair, pair.session(), start, "cancel_session")

    canceller = [str(pair.first.user_id)] if late else []
    assert answer["session"]["status"] == "cancelled"
    assert answer["session"]["no_show_user_ids"] == answer["changed_users"] == canceller


def test_the_place_can_change_shortly_before_the_start(pair: Pair) -> None:
    moved = at_the_moment(
        pair, pair.session(), timedelta(minutes=5), "update_session", **_STEPS["update_session"]
    )

    assert moved["session"]["venue_name"] == "Park"


@pytest.mark.parametrize("word", ["confirm_session", "report_no_show"])
@pytest.mark.parametrize("who", ["first", "second"])
def test_a_confirmed_session_cannot_be_cancelled(pair: Pair, word: str, who: str) -> None:
    session_id = pair.session(_STARTED)
    pair.do(getattr(pair, who), word, session_id)

    for person in (pair.first, pair.second):
        refused = _refusal(pair, person, "cancel_session", session_id)
        assert refused == "WS007 session_already_answered"
