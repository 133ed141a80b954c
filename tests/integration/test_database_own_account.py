"""The caller's own account in the database: the proof by password, the export, the deletion."""

import json
import re
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.database import Person, call, invitation, look, new_person
from tests.integration.meetings import Pair

PASSWORD = "correct horse battery"
PROOF: dict[str, str] = {"p_ip": "203.0.113.7", "p_user_agent": "curl"}
# Tables with a user's id that no export shows, and the reason.
NOT_EXPORTED = {
    "departures": "rows are added when an account is deleted, and kept for a minute",
    "blocked_addresses": "blocks of accounts that no longer exist, as hashes",
    "discovery_generations": "how often the user's choices changed, and when lists were made",
    "candidates": "a copy of the profile and the preferences, for discovery",
    "exposures": "counts of how often a profile was shown, for the order of the lists of others",
    "ended_sessions": "sessions of Supabase Auth that ended in the last minute",
    "feeds": "the number of the newest notification, which the exported list shows",
    "idempotency_keys": "answers that the user has already received, kept for 24 hours",
    "message_windows": "the number of messages in ten minutes, for the limit",
    "held_notifications": "keys of notifications that a restore has held back, kept for 30 days",
    "pair_days": "counts of one day, for the limits",
    "user_days": "counts of one day, for the limits",
}
_TABLES = """
select distinct child.relname as name
from pg_constraint as found
inner join pg_class as child on found.conrelid = child.oid
where found.contype = 'f'
    and found.confrelid in ('auth.users'::regclass, 'public.user_profiles'::regclass)
    and child.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
union
select columns.table_name
from information_schema.columns as columns
where columns.table_schema in ('public', 'private')
    and columns.data_type = 'uuid'
    and columns.column_name in (
        'user_id', 'user1_id', 'user2_id', 'account_id', 'actor_id', 'partner_id', 'sender_id'
    )
    and columns.table_name in (
        select tables.table_name
        from information_schema.tables as tables
        where tables.table_type = 'BASE TABLE'
    )
"""
_BODIES = """
select proname as name, pg_get_functiondef(oid) as body
from pg_proc
where pronamespace in ('public'::regnamespace, 'private'::regnamespace) and prokind = 'f'
union all
select viewname, definition from pg_views where schemaname in ('public', 'private')
"""


def set_password(url: str, person: Person, prefix: str = "$2a$") -> None:
    look(
        url,
        "update auth.users set encrypted_password = %s || substr(extensions.crypt("
        "%s, extensions.gen_salt('bf', 4)), 5) where id = %s",
        *(prefix, PASSWORD, person.user_id),
    )


def proves(url: str, person: Person, password: str) -> bool:
    return bool(call(url, person, "prove_password", p_password=password, **PROOF))


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
def test_each_name_of_bcrypt_is_understood(url: str, maya: Person, prefix: str) -> None:
    set_password(url, maya, prefix)

    assert proves(url, maya, PASSWORD)
    assert not proves(url, maya, PASSWORD + "x")


@pytest.mark.parametrize(
    "stored", [None, "", "$argon2id$v=19$m=65536$x", "correct horse battery", "$2a$", "$1$a$b"]
)
def test_a_hash_of_another_kind_proves_nothing(url: str, maya: Person, stored: str | None) -> None:
    look(url, "update auth.users set encrypted_password = %s where id = %s", stored, maya.user_id)

    for password in ("", PASSWORD, str(stored)):
        if stored != "$2a$":
            assert proves(url, maya, password) is False


def test_each_attempt_is_recorded_with_hashes_in_place_of_addresses(url: str, maya: Person) -> None:
    set_password(url, maya)
    proves(url, maya, "wrong")
    proves(url, maya, PASSWORD)
    call(url, maya, "delete_account", p_password="wrong", **PROOF)

    found = look(
        url,
        "select kind, outcome, address_hash, ip_hash from private.sign_in_attempts"
        " where user_id = %s order by at",
        maya.user_id,
    )

    assert [(row["kind"], row["outcome"]) for row in found] == [
        ("password_change", "failure"),
        ("password_change", "success"),
        ("deletion", "failure"),
    ]
    assert {len(row["address_hash"]) for row in found} == {len(row["ip_hash"]) for row in found}
    assert maya.email not in str(found)


def test_another_users_password_is_no_proof(url: str, maya: Person, leo: Person) -> None:
    set_password(url, leo)
    assert not proves(url, maya, PASSWORD)


def test_a_wrong_password_deletes_nothing(url: str, maya: Person) -> None:
    set_password(url, maya)

    assert not call(url, maya, "delete_account", p_password="wrong", **PROOF)

    assert look(url, "select 1 from auth.users where id = %s", maya.user_id)


def test_a_deletion_deletes_only_the_caller(url: str, maya: Person, leo: Person) -> None:
    for person in (maya, leo):
        set_password(url, person)

    assert call(url, maya, "delete_account", p_password=PASSWORD, **PROOF)

    left = look(url, "select id from auth.users where id = any(%s)", [maya.user_id, leo.user_id])
    assert [row["id"] for row in left] == [leo.user_id]


def test_no_limit_of_emails_keeps_a_user_who_deletes_the_account(pair: Pair) -> None:
    pair.session()
    set_password(pair.url, pair.first)
    look(pair.url, "update private.app_settings set max_daily_emails = 0")

    assert call(pair.url, pair.first, "delete_account", p_password=PASSWORD, **PROOF)

    look(pair.url, "update private.app_settings set max_daily_emails = 30")
    [email] = look(
        pair.url,
        "select email_template from public.email_logs where user_id = %s"
        " and email_template = 'session_called_off'",
        pair.second.user_id,
    )
    assert email


# --- export


def called(name: str, bodies: dict[str, str], seen: set[str]) -> str:
    """Return the text of a function, and of every function and view of ours that it uses."""
    seen.add(name)
    text = bodies[name]
    for other in re.findall(r"(?:private|public)\.(\w+)", text):
        if other in bodies and other not in seen:
            text += called(other, bodies, seen)
    return text


def test_each_table_about_users_is_exported_or_has_a_reason_not_to_be(url: str) -> None:
    bodies: dict[str, str] = {}
    for row in look(url, _BODIES):
        bodies[row["name"]] = bodies.get(row["name"], "") + row["body"]
    parts = [name for name in bodies if name.startswith("export_")]
    exported = "".join(called(name, bodies, set()) for name in parts)
    tables = {row["name"] for row in look(url, _TABLES)}

    assert {"email_logs", "wingman_matches", "meeting_feedback"} <= tables
    missing = {name for name in tables if not re.search(rf"\b{name}\b", exported)}
    assert missing == set(NOT_EXPORTED)


def test_an_export_has_the_words_of_the_user_and_not_of_the_partner(url: str) -> None:
    maya, leo = new_person(url, "Maya"), new_person(url, "Leo")
    invite = invitation(leo, p_note="written by Maya", p_venue_suggestion="Café of Maya")
    call(url, maya, "request_match", **invite)

    hers, his = (call(url, person, "export_account") for person in (maya, leo))

    assert hers["matches"][0]["note"] == "written by Maya"
    assert hers["matches"][0]["invited_by_me"] is True
    assert "Maya" not in json.dumps(his["matches"])
    assert leo.email not in json.dumps(hers)
    assert maya.email not in json.dumps(his)


def test_an_export_does_not_show_that_the_partner_reported_a_no_show(pair: Pair) -> None:
    session_id = pair.session()
    shown = _session(pair, pair.first, session_id)

    pair.store(session_id, no_show_user_ids=[pair.first.user_id], notes="ours")

    assert _session(pair, pair.first, session_id) == shown | {"notes": "ours"}
    assert "no_show" not in json.dumps(shown)


def _session(pair: Pair, person: Person, session_id: Any) -> dict[str, Any]:
    found = call(pair.url, person, "export_account")["sessions"]
    [one] = [each for each in found if each["id"] == str(session_id)]
    return dict(one)


def test_an_export_contains_the_emails_about_the_account_without_their_token(
    url: str, maya: Person
) -> None:
    look(
        url,
        "insert into public.email_logs (account_id, email_template, recipient_email, dedupe_key,"
        " priority, template_data) values (%s, 'password_reset', %s, %s, 'urgent',"
        """ '{"token": "hush-hush"}')""",
        *(maya.user_id, maya.email, uuid4().hex),
    )

    [email] = call(url, maya, "export_account")["email"]["emails"]

    assert (email["template"], email["recipient"]) == ("password_reset", maya.email)
    assert email["data"] is None
    assert "hush" not in json.dumps(email)
