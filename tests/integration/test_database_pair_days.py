"""The plans and emails that one user causes another are limited per day, also without the API."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.integration.database import Person, call, invitation, look, rows, sqlstate
from tests.integration.meetings import BEGINNER, Pair, emails, planned

PLANS, EMAILS = ("WS011", "daily_plan_limit"), ("WN010", "daily_email_limit")
_SETTINGS = "update private.app_settings set max_daily_plans = %s, max_daily_emails = %s"


@pytest.fixture(autouse=True)
def _limits(url: str) -> Iterator[None]:
    look(url, _SETTINGS, 3, 30)
    yield
    look(url, _SETTINGS, 10, 30)


def cancel(pair: Pair, answer: object) -> None:
    assert isinstance(answer, dict)
    pair.do(pair.first, "cancel_session", answer["session"]["id"])


def refusal(pair: Pair, person: Person) -> tuple[str | None, str]:
    return sqlstate(pair.url, person, "create_session", **planned(pair.match_id))


def emails_to(pair: Pair, person: Person) -> int:
    [row] = look(
        pair.url,
        "select count(*) as emails from public.email_logs where user_id = %s and due_at <= now()",
        person.user_id,
    )
    return int(row["emails"])


def test_a_plan_beyond_the_limit_is_refused_without_an_email(pair: Pair) -> None:
    for _ in range(3):
        cancel(pair, pair.plan())
    sent = emails_to(pair, pair.second)

    assert refusal(pair, pair.first) == PLANS
    assert emails_to(pair, pair.second) == sent == 6


def test_a_move_counts_as_a_plan_and_new_notes_do_not(pair: Pair) -> None:
    session_id = pair.plan()["session"]["id"]
    for number in range(2):
        pair.move(session_id, venue_name=f"Park {number}")
        pair.move(session_id, notes=f"Bring water {number}")

    with pytest.raises(psycopg.Error) as refused:
        pair.move(session_id, venue_name="Elsewhere")
    assert refused.value.sqlstate == PLANS[0]
    assert pair.read(session_id)["venue_name"] == "Park 1"


def test_the_other_user_keeps_a_limit_of_their_own(pair: Pair) -> None:
    for _ in range(3):
        cancel(pair, pair.plan())

    assert refusal(pair, pair.first) == PLANS
    assert call(pair.url, pair.second, "create_session", **planned(pair.match_id))


def test_a_cancellation_is_never_refused_because_of_plans(pair: Pair) -> None:
    for _ in range(2):
        cancel(pair, pair.plan())
    last = pair.plan()

    cancel(pair, last)
    assert len(emails(pair.url, last["session"]["id"], "session_cancelled")) == 1


def test_each_day_has_its_own_limit(pair: Pair) -> None:
    for _ in range(3):
        cancel(pair, pair.plan())
    look(
        pair.url,
        "update private.pair_days set counted_on = counted_on - 1 where actor_id = %s",
        pair.first.user_id,
    )

    cancel(pair, pair.plan())
    [today] = look(
        pair.url,
        "select plan_count, email_count from private.pair_days where actor_id = %s",
        pair.first.user_id,
    )
    assert today == {"plan_count": 1, "email_count": 2}


def test_a_step_that_would_email_once_too_often_is_refused(pair: Pair) -> None:
    look(pair.url, _SETTINGS, 3, 2)
    cancel(pair, pair.plan())

    assert refusal(pair, pair.first) == EMAILS
    assert emails_to(pair, pair.second) == 2


def test_an_invitation_counts_too(url: str, maya: Person, leo: Person) -> None:
    look(url, _SETTINGS, 3, 0)

    assert sqlstate(url, maya, "request_match", **invitation(leo)) == EMAILS
    assert look(url, "select 1 from public.wingman_matches where user1_id = %s", maya.user_id) == []


def test_the_refusal_states_the_seconds_until_midnight(pair: Pair) -> None:
    look(pair.url, _SETTINGS, 0, 30)

    with pytest.raises(psycopg.Error) as refused:
        rows(pair.url, pair.first, "create_session", **planned(pair.match_id))

    [left] = look(
        pair.url,
        "select extract(epoch from date_trunc('day', now() at time zone 'UTC') + interval '1 day'"
        " - now() at time zone 'UTC') as seconds",
    )
    stated = int(refused.value.diag.message_detail or "")
    assert abs(stated - float(left["seconds"])) % 86400 < 60


def submit(url: str, maya: Person) -> None:
    call(url, maya, "submit_challenge", **attempt())


def attempt() -> dict[str, object]:
    return {
        "p_challenge_id": BEGINNER,
        "p_session_id": None,
        "p_outcome": "done",
        "p_reflection": None,
        "p_window_days": 7,
    }


def test_the_attempt_beyond_the_daily_limit_is_refused(url: str, maya: Person) -> None:
    look(url, "update private.app_settings set max_daily_submissions = 2")
    try:
        submit(url, maya)
        submit(url, maya)
        assert sqlstate(url, maya, "submit_challenge", **attempt()) == (
            "WC004",
            "daily_submission_limit",
        )
        look(
            url,
            "update public.challenge_submissions set created_at = created_at - interval '1 day'"
            " where user_id = %s",
            maya.user_id,
        )
        submit(url, maya)
    finally:
        look(url, "update private.app_settings set max_daily_submissions = 100")
