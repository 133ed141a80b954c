"""What each role may do: nothing that is not theirs."""

from uuid import uuid4

import psycopg
import pytest
from psycopg import errors

from tests.integration.database import (
    ANONYMOUS,
    WORKER,
    Actor,
    Person,
    acting_as,
    call,
    invitation,
    look,
    new_mail,
    new_person,
    sqlstate,
)

_TABLES = [
    *("user_profiles", "wingman_matches", "email_preferences", "email_suppressions", "email_logs"),
    *("wingman_sessions", "challenge_submissions"),
]
_USER_CALLS: dict[str, dict[str, object]] = {
    "request_match": invitation(Actor("authenticated", uuid4())),
    "respond_to_match": {"p_match_id": uuid4(), "p_action": "accept"},
    "withdraw_match": {"p_match_id": uuid4()},
    "get_match": {"p_match_id": uuid4()},
    "list_matches": {},
    "create_session": {
        "p_match_id": uuid4(),
        "p_venue_name": "Here",
        "p_scheduled_time": "tomorrow",
    },
    "get_session": {"p_session_id": uuid4()},
    "get_session_event": {"p_session_id": uuid4()},
    "list_sessions": {},
    "update_session": {
        "p_session_id": uuid4(),
        "p_venue_name": None,
        "p_scheduled_time": None,
        "p_notes": None,
        "p_changes": [],
    },
    "cancel_session": {"p_session_id": uuid4(), "p_reason": None},
    "confirm_session": {"p_session_id": uuid4()},
    "report_no_show": {"p_session_id": uuid4()},
    "get_reputation": {"p_user_id": uuid4()},
    "submit_challenge": {
        "p_challenge_id": uuid4(),
        "p_session_id": None,
        "p_outcome": "done",
        "p_reflection": None,
        "p_window_days": 7,
    },
    "list_submissions": {},
    "get_email_preferences": {},
    "update_email_preferences": {"p_changes": "{}"},
    "get_email_status": {},
    "export_email_data": {},
    "erase_email_data": {},
}
_WORKER_CALLS: dict[str, dict[str, object]] = {
    "record_weekly_digests": {"p_after": None, "p_limit": 1, "p_now": "2026-11-23Z"},
    "get_session_event_of": {"p_session_id": uuid4(), "p_user_id": uuid4()},
    "claim_emails": {"p_ids": [uuid4()], "p_lease_seconds": 60},
    "form_send_group": {"p_lease_token": uuid4(), "p_ids": [uuid4()]},
    "complete_emails": {"p_lease_token": uuid4(), "p_results": "[]"},
    "sweep_emails": {"p_limit": 1},
    "pause_emails": {"p_priorities": [], "p_until": "2999-01-01Z", "p_reason": "x"},
    "resume_emails": {"p_priorities": []},
    "list_dead_letters": {"p_limit": 1},
    "show_dead_letter": {"p_id": uuid4()},
    "replay_dead_letters": {"p_ids": []},
    "show_lanes": {},
    "count_deliveries": {"p_hours": 1},
    "count_dead_letters": {},
    "close_overdue_sessions": {"p_limit": 1},
    "expire_matches": {"p_limit": 1},
    "get_email_preferences_of": {"p_user_id": uuid4()},
    "update_email_preferences_of": {"p_user_id": uuid4(), "p_changes": "{}"},
    "record_email_event": {"p_event_id": "msg_1", "p_status": "bounced"},
    "prune_email_logs": {"p_limit": 1},
}
_FORBIDDEN = "42501"


def _run(url: str, actor: Actor, statement: str, *params: object) -> list[dict[str, object]]:
    with acting_as(url, actor) as connection:
        cursor = connection.execute(statement.encode(), params)
        return cursor.fetchall() if cursor.description else []


def _forbidden(url: str, actor: Actor, statement: str, *params: object) -> bool:
    with pytest.raises(errors.InsufficientPrivilege):
        _run(url, actor, statement, *params)
    return True


@pytest.mark.parametrize("table", _TABLES)
def test_without_a_login_no_table_can_be_read(url: str, table: str) -> None:
    assert _forbidden(url, ANONYMOUS, f"select 1 from public.{table}")  # noqa: S608 (names above)


@pytest.mark.parametrize("function", [*_USER_CALLS, *_WORKER_CALLS])
def test_without_a_login_only_what_is_public_can_be_called(url: str, function: str) -> None:
    params = (_USER_CALLS | _WORKER_CALLS)[function]

    assert sqlstate(url, ANONYMOUS, function, **params)[0] == _FORBIDDEN


@pytest.mark.parametrize("function", _WORKER_CALLS)
def test_a_user_cannot_call_what_workers_call(url: str, maya: Person, function: str) -> None:
    assert sqlstate(url, maya, function, **_WORKER_CALLS[function])[0] == _FORBIDDEN


@pytest.mark.parametrize("function", _USER_CALLS)
def test_a_worker_cannot_act_as_a_user(url: str, function: str) -> None:
    assert sqlstate(url, WORKER, function, **_USER_CALLS[function])[0] == _FORBIDDEN


@pytest.mark.parametrize("actor", [ANONYMOUS, WORKER, Actor("authenticated", uuid4())])
def test_everyone_may_ping(url: str, actor: Actor) -> None:
    assert call(url, actor, "ping") is not None


@pytest.mark.parametrize(
    "table",
    [
        *("wingman_matches", "email_suppressions", "email_logs"),
        *("wingman_sessions", "challenge_submissions"),
    ],
)
@pytest.mark.parametrize(
    "statement",
    ["select 1 from public.{}", "delete from public.{}", "insert into public.{} default values"],
)
def test_a_user_has_no_way_into_the_tables_behind_the_functions(
    url: str, maya: Person, table: str, statement: str
) -> None:
    assert _forbidden(url, maya, statement.format(table))


def test_a_user_cannot_set_a_status(url: str, maya: Person, leo: Person) -> None:
    match = call(url, maya, "request_match", **invitation(leo))["match"]
    accept = "update public.wingman_matches set status = 'accepted' where id = %s"

    assert _forbidden(url, maya, accept, match["id"])
    assert _forbidden(url, leo, accept, match["id"])
    assert _forbidden(url, leo, "update public.email_logs set delivery_status = 'sent'")


def test_a_user_reads_no_address_not_even_their_own(url: str, maya: Person) -> None:
    new_mail(url, maya)

    assert _forbidden(url, maya, "select email from public.user_profiles")
    assert _forbidden(url, maya, "select * from public.user_profiles")
    assert _forbidden(url, maya, "select recipient_email from public.email_logs")
    assert _forbidden(url, maya, "select email from auth.users")


def test_a_user_reads_their_own_profile_only(url: str, maya: Person, leo: Person) -> None:
    profiles = _run(url, maya, "select id, first_name, timezone from public.user_profiles")

    assert leo.user_id != maya.user_id
    assert profiles == [{"id": maya.user_id, "first_name": "Maya", "timezone": "UTC"}]


@pytest.mark.parametrize(
    "statement",
    [
        "update public.user_profiles set first_name = 'X'",
        "insert into public.user_profiles (id) values (gen_random_uuid())",
        "delete from public.user_profiles",
    ],
)
def test_a_user_changes_no_profile(url: str, maya: Person, statement: str) -> None:
    assert _forbidden(url, maya, statement)


def test_preferences_are_ones_own_to_create_read_and_change(url: str, maya: Person) -> None:
    _run(
        url,
        maya,
        "insert into public.email_preferences (user_id, timezone) values (%s, 'Europe/Berlin')",
        maya.user_id,
    )
    _run(url, maya, "update public.email_preferences set marketing_emails = true")

    stored = _run(url, maya, "select timezone, marketing_emails from public.email_preferences")
    assert stored == [{"timezone": "Europe/Berlin", "marketing_emails": True}]


def test_nobody_elses_preferences_can_be_read_changed_or_made(
    url: str, maya: Person, leo: Person
) -> None:
    mine = "insert into public.email_preferences (user_id) values (%s)"
    _run(url, leo, mine, leo.user_id)

    assert _run(url, maya, "select user_id from public.email_preferences") == []
    # Without `returning` or a condition, only the policy for updates stands in the way.
    _run(url, maya, "update public.email_preferences set marketing_emails = true")
    stored = _run(url, leo, "select marketing_emails from public.email_preferences")
    assert stored == [{"marketing_emails": False}]
    assert _forbidden(url, maya, mine, new_person(url).user_id)


@pytest.mark.parametrize(
    "statement",
    [
        "update public.email_preferences set user_id = gen_random_uuid()",
        "update public.email_preferences set updated_at = now()",
        "delete from public.email_preferences",
    ],
)
def test_columns_and_rows_that_the_database_keeps_are_closed(
    url: str, maya: Person, statement: str
) -> None:
    assert _forbidden(url, maya, statement)


def test_changing_preferences_moves_their_time(url: str, maya: Person) -> None:
    look(
        url,
        "insert into public.email_preferences (user_id, updated_at) values (%s, '2020-01-01Z')",
        maya.user_id,
    )

    _run(url, maya, "update public.email_preferences set session_reminders = false")

    recent = "select updated_at > now() - interval '1 hour' as recent from public.email_preferences"
    assert _run(url, maya, recent) == [{"recent": True}]


@pytest.mark.parametrize(
    ("columns", "values"),
    [
        ("timezone", "'Mars/Olympus'"),
        ("quiet_hours_start", "null"),
        ("quiet_hours_end", "null"),
        ("quiet_hours_end", "'24:00'"),
        ("quiet_hours_end", "'22:00'"),
        ("quiet_hours_end", "'21:30'"),
    ],
)
def test_preferences_that_make_no_sense_are_refused(
    url: str, maya: Person, columns: str, values: str
) -> None:
    statement = (
        f"insert into public.email_preferences (user_id, {columns})"  # noqa: S608 (from above)
        f" values (%s, {values})"
    )

    with pytest.raises((errors.CheckViolation, errors.InvalidParameterValue)):
        _run(url, maya, statement, maya.user_id)


def test_private_things_stay_private(url: str, maya: Person) -> None:
    assert _forbidden(url, maya, "select max_daily_matches from private.app_settings")
    assert _forbidden(url, maya, "select private.caller_id()")
    assert _forbidden(url, WORKER, "select max_daily_matches from private.app_settings")
    assert _forbidden(url, WORKER, "select private.caller_id()")


def test_a_worker_neither_writes_nor_removes_rows_by_hand(url: str) -> None:
    assert _forbidden(url, WORKER, "delete from public.email_logs")
    assert _forbidden(url, WORKER, "insert into public.email_logs default values")
    assert _forbidden(url, WORKER, "update public.user_profiles set email = 'x'")
    assert _forbidden(url, WORKER, "select 1 from public.wingman_matches")
    assert _forbidden(url, WORKER, "update public.wingman_sessions set status = 'completed'")


def test_too_long_words_are_refused(url: str, maya: Person, leo: Person) -> None:
    for name, length in (("p_venue_suggestion", 201), ("p_note", 501)):
        refusal = sqlstate(url, maya, "request_match", **invitation(leo, **{name: "x" * length}))
        assert refusal[0] == psycopg.errors.CheckViolation.sqlstate
