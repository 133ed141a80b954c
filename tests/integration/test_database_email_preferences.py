"""Email preferences in the database."""

from typing import Any
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.integration.database import (
    WORKER,
    Action,
    Actor,
    Person,
    acting_as,
    call,
    invoke,
    look,
    new_person,
    overtaken,
    race,
    sqlstate,
)

_DEFAULTS = {
    "match_notifications": True,
    "session_reminders": True,
    "feedback_requests": True,
    "messages": False,
    "marketing_emails": False,
    "email_frequency": "immediate",
    "message_wait_minutes": 60,
    "timezone": "UTC",
    "quiet_hours": {"start": "22:00", "end": "08:00"},
    "updated_at": None,
}

_ON = ("match_notifications", "session_reminders", "feedback_requests")


def _change(url: str, actor: Actor, **changes: object) -> dict[str, Any]:
    answer = call(url, actor, "update_email_preferences", p_changes=Jsonb(changes))
    assert isinstance(answer, dict)
    return answer


def test_nothing_stored_reads_as_the_defaults(url: str, maya: Person) -> None:
    look(
        url,
        "update public.user_profiles set timezone = 'Asia/Tokyo' where id = %s",
        maya.user_id,
    )

    answer = call(url, maya, "get_email_preferences")

    assert answer == _DEFAULTS | {"user_id": str(maya.user_id), "timezone": "Asia/Tokyo"}


def test_unnamed_preferences_keep_their_value(url: str, maya: Person) -> None:
    _change(url, maya, match_notifications=False, timezone="Europe/Berlin")

    answer = _change(url, maya, quiet_hours_start=None, quiet_hours_end=None)

    assert answer["updated_at"]
    expected = {
        "user_id": str(maya.user_id),
        "match_notifications": False,
        "timezone": "Europe/Berlin",
        "quiet_hours": None,
        "updated_at": answer["updated_at"],
    }
    assert answer == call(url, maya, "get_email_preferences") == _DEFAULTS | expected


def test_the_owner_of_preferences_cannot_be_changed(url: str, maya: Person) -> None:
    leo = new_person(url, "Leo")

    _change(url, maya, user_id=str(leo.user_id), marketing_emails=True)

    assert call(url, leo, "get_email_preferences")["marketing_emails"] is False
    assert call(url, maya, "get_email_preferences")["marketing_emails"] is True


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"timezone": "../../etc/passwd"}, ("WN001", "unknown_timezone")),
        ({"timezone": "Europe/Berlin" * 10}, ("WN001", "unknown_timezone")),
        ({"timezone": ""}, ("WN001", "unknown_timezone")),
        ({"quiet_hours_end": None}, ("WN002", "invalid_quiet_hours")),
        ({"quiet_hours_end": "22:00"}, ("WN002", "invalid_quiet_hours")),
        ({"quiet_hours_end": "21:59"}, ("WN002", "invalid_quiet_hours")),
        ({"quiet_hours_end": "24:00"}, ("WN002", "invalid_quiet_hours")),
    ],
)
def test_an_invalid_change_is_refused_and_changes_nothing(
    url: str, maya: Person, changes: dict[str, object], expected: tuple[str, str]
) -> None:
    params = Jsonb(changes | {"marketing_emails": True})

    assert sqlstate(url, maya, "update_email_preferences", p_changes=params) == expected
    assert call(url, maya, "get_email_preferences")["marketing_emails"] is False


def test_simultaneous_changes_are_all_stored(url: str) -> None:
    def turn_off(user_id: object, switch: str) -> Action:
        params = {"p_user_id": user_id, "p_changes": Jsonb({switch: False})}
        return lambda connection: invoke(connection, "update_email_preferences_of", **params)

    for _ in range(15):
        maya = new_person(url)
        race(url, [(WORKER, turn_off(maya.user_id, switch)) for switch in _ON])
        answer = call(url, maya, "get_email_preferences")
        assert [answer[switch] for switch in _ON] == [False, False, False]


def test_a_signed_link_changes_the_same_preferences(url: str, maya: Person) -> None:
    changes = Jsonb({"session_reminders": False, "match_notifications": True})

    answer = call(
        url, WORKER, "update_email_preferences_of", p_user_id=maya.user_id, p_changes=changes
    )

    assert answer["session_reminders"] is False
    assert answer["match_notifications"] is True
    assert answer == call(url, maya, "get_email_preferences")
    assert answer == call(url, WORKER, "get_email_preferences_of", p_user_id=maya.user_id)


@pytest.mark.parametrize("category", ["marketing_emails", "session_reminders"])
def test_a_link_opts_no_reader_in(url: str, maya: Person, category: str) -> None:
    _change(url, maya, session_reminders=False)
    changes = Jsonb({category: True, "match_notifications": False})

    assert sqlstate(
        url, WORKER, "update_email_preferences_of", p_user_id=maya.user_id, p_changes=changes
    ) == ("WN004", "opting_in_needs_a_login")

    answer = call(url, maya, "get_email_preferences")
    assert answer[category] is False
    assert answer["match_notifications"] is True


def test_an_opt_out_holds_against_a_form_that_did_not_see_it(url: str, maya: Person) -> None:
    form = {"p_user_id": maya.user_id, "p_changes": Jsonb({"session_reminders": True})}
    opt_out = Jsonb({"session_reminders": False})

    with acting_as(url, maya) as user:
        invoke(user, "update_email_preferences", p_changes=opt_out)
        overtaken(url, user, WORKER, lambda c: invoke(c, "update_email_preferences_of", **form))

    assert call(url, maya, "get_email_preferences")["session_reminders"] is False


def test_a_link_of_a_deleted_account_finds_no_user(url: str) -> None:
    gone = uuid4()

    assert call(url, WORKER, "get_email_preferences_of", p_user_id=gone) is None
    assert sqlstate(
        url, WORKER, "update_email_preferences_of", p_user_id=gone, p_changes=Jsonb({})
    ) == ("WN003", "not_found")


def test_a_token_without_an_account_reads_and_changes_nothing(url: str) -> None:
    gone = Actor("authenticated", uuid4())

    assert sqlstate(url, gone, "get_email_preferences")[0] == "WA001"
    assert sqlstate(url, gone, "update_email_preferences", p_changes=Jsonb({}))[0] == "WA001"
