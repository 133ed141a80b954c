"""The pushes that a user wants."""

from typing import Any

from psycopg.types.json import Jsonb

from tests.integration.connections import Connection
from tests.integration.database import Person, call, invoke, look, race

DEFAULTS = {
    "matches": True,
    "messages": True,
    "match_ended": True,
    "sessions": True,
    "message_previews": False,
}


def test_pushes_are_on_and_previews_off_by_default(url: str, maya: Person) -> None:
    assert call(url, maya, "get_push_preferences") == DEFAULTS


def test_fields_change_one_by_one_and_only_for_their_user(
    url: str, maya: Person, leo: Person
) -> None:
    chosen = dict(DEFAULTS)
    for field, value in (("matches", False), ("message_previews", True), ("matches", True)):
        chosen[field] = value
        assert call(url, maya, "update_push_preferences", p_changes=Jsonb({field: value})) == chosen
    assert call(url, maya, "export_account")["push_preferences"] == chosen
    assert call(url, leo, "get_push_preferences") == DEFAULTS


def test_simultaneous_changes_of_different_fields_are_both_kept(url: str, maya: Person) -> None:
    fields = ["matches", "messages", "match_ended", "sessions"]

    def turns_off(field: str) -> Any:
        def step(connection: Connection) -> object:
            return invoke(connection, "update_push_preferences", p_changes=Jsonb({field: False}))

        return step

    race(url, [(maya, turns_off(field)) for field in fields])

    assert call(url, maya, "get_push_preferences") == DEFAULTS | dict.fromkeys(fields, False)


def test_unknown_fields_and_other_users_are_not_changed(
    url: str, maya: Person, leo: Person
) -> None:
    changes = {"user_id": str(leo.user_id), "matches": None, "nothing": 1}

    assert call(url, maya, "update_push_preferences", p_changes=Jsonb(changes)) == DEFAULTS

    stored = look(
        url, "select user_id from private.push_preferences where user_id = %s", leo.user_id
    )
    assert stored == []
