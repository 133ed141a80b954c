"""An account is created with a profile, and deleted with all of its data."""

from typing import Any
from uuid import uuid4

import pytest

from tests.integration.database import (
    WORKER,
    Person,
    bind,
    call,
    claim,
    email_row,
    invitation,
    look,
    new_email,
    new_person,
    rows,
    sqlstate,
)


def _accepted(url: str, maya: Person, leo: Person) -> tuple[str, Any]:
    """Return the match and Leo's email about it."""
    match_id = call(url, maya, "request_match", **invitation(leo))["match"]["id"]
    call(url, leo, "respond_to_match", p_match_id=match_id, p_action="accept")
    (email,) = look(
        url,
        "select id from public.email_logs where user_id = %s and email_template = %s",
        *(leo.user_id, "match_accepted"),
    )
    return match_id, email["id"]


def _delete(url: str, person: Person) -> None:
    look(url, "delete from auth.users where id = %s", person.user_id)


def _profile(url: str, person: Person) -> dict[str, Any]:
    (row,) = look(url, "select * from public.user_profiles where id = %s", person.user_id)
    return row


def test_an_account_gets_a_profile(url: str, maya: Person) -> None:
    profile = _profile(url, maya)

    assert (profile["email"], profile["first_name"]) == (maya.email, "Maya")
    assert (profile["last_name"], profile["timezone"]) == (None, "UTC")


def test_a_name_of_blanks_is_no_name(url: str) -> None:
    assert _profile(url, new_person(url, "  "))["first_name"] is None


def test_a_name_follows_the_metadata_of_the_account(url: str, maya: Person) -> None:
    change = "update auth.users set raw_user_meta_data = %s where id = %s"
    look(url, change, '{"full_name": "Ana López"}', maya.user_id)
    assert (_profile(url, maya)["first_name"], _profile(url, maya)["last_name"]) == ("Ana", "López")

    look(url, change, '{"full_name": "evil.com"}', maya.user_id)
    assert (_profile(url, maya)["first_name"], _profile(url, maya)["last_name"]) == (None, None)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ('"Europe/Berlin"', "Europe/Berlin"),
        ('"Etc/GMT+1"', "Etc/GMT+1"),
        ('"<script>"', "UTC"),
        ('"Europe/Berlin; x"', "UTC"),
        ("true", "UTC"),
        ("null", "UTC"),
    ],
)
def test_a_timezone_in_the_metadata_of_a_new_account_is_that_of_its_profile(
    url: str, written: str, stored: str
) -> None:
    ada = Person("authenticated", uuid4(), f"{uuid4().hex}@example.com")
    insert = "insert into auth.users (id, email, raw_user_meta_data) values (%s, %s, %s)"
    look(url, insert, ada.user_id, ada.email, f'{{"timezone": {written}}}')

    assert _profile(url, ada)["timezone"] == stored


def test_a_login_that_repeats_the_metadata_keeps_a_chosen_name(url: str, maya: Person) -> None:
    names = {"p_first_name": "Mo", "p_last_name": None, "p_timezone": None}
    call(url, maya, "update_user", **names, p_changes=["first_name"])

    look(
        url,
        "update auth.users set raw_user_meta_data = raw_user_meta_data || %s where id = %s",
        '{"avatar_url": "a"}',
        maya.user_id,
    )

    assert _profile(url, maya)["first_name"] == "Mo"


def test_an_account_without_any_data_gets_a_profile(url: str) -> None:
    (row,) = look(url, "insert into auth.users default values returning id")

    assert _profile(url, Person("authenticated", row["id"]))["first_name"] is None


def test_a_changed_address_reaches_the_profile(url: str, maya: Person) -> None:
    look(url, "update auth.users set email = %s where id = %s", f"new-{maya.email}", maya.user_id)

    profile = _profile(url, maya)
    assert (profile["email"], profile["first_name"]) == (f"new-{maya.email}", "Maya")


def test_an_address_counts_once_it_is_confirmed(url: str) -> None:
    address = f"{uuid4().hex}@example.com"
    (row,) = look(url, "insert into auth.users (email) values (%s) returning id", address)
    ada = Person("authenticated", row["id"])
    assert _profile(url, ada)["email"] is None

    confirm = "update auth.users set email_confirmed_at = %s where id = %s"
    look(url, confirm, "2026-11-20T12:00Z", ada.user_id)
    assert _profile(url, ada)["email"] == address

    look(url, confirm, None, ada.user_id)
    assert _profile(url, ada)["email"] is None


def test_a_recorded_email_does_not_go_to_an_address_that_is_unconfirmed(
    url: str, maya: Person
) -> None:
    email_id = new_email(url, maya)
    look(url, "update auth.users set email_confirmed_at = null where id = %s", maya.user_id)

    assert [email["recipient_email"] for email in claim(url, email_id)] == [""]


def test_deleting_an_account_deletes_its_rows(url: str, maya: Person, leo: Person) -> None:
    match_id, _ = _accepted(url, maya, leo)
    look(url, "insert into public.email_preferences (user_id) values (%s)", maya.user_id)
    call(
        url,
        maya,
        "request_match",
        **invitation(new_person(url), p_idempotency_key="k", p_request_hash="h"),
    )

    _delete(url, maya)

    for table in ("public.email_preferences", "public.email_logs", "private.idempotency_keys"):
        query = f"select 1 from {table} where user_id = %s"  # noqa: S608 (names above)
        assert look(url, query, maya.user_id) == []
    assert look(url, "select 1 from public.user_profiles where id = %s", maya.user_id) == []
    assert sqlstate(url, leo, "get_match", p_match_id=match_id)[0] == "WM002"


def test_the_others_sent_email_stays_in_the_log_without_names_and_words(
    url: str, maya: Person, leo: Person
) -> None:
    _, email_id = _accepted(url, maya, leo)
    look(
        url,
        "update public.email_logs set delivery_status = 'delivered', subject = 'Maya!'"
        " where id = %s",
        email_id,
    )

    _delete(url, maya)

    row = email_row(url, email_id)
    assert (row["delivery_status"], row["recipient_email"]) == ("delivered", leo.email)
    assert (row["match_id"], row["subject"], row["template_data"]) == (None, None, {})


def test_the_others_unsent_email_is_cancelled(url: str, maya: Person, leo: Person) -> None:
    _, email_id = _accepted(url, maya, leo)

    _delete(url, maya)

    assert email_row(url, email_id)["delivery_status"] == "cancelled"


def test_an_email_that_was_claimed_but_not_handed_over_cannot_go_out_any_more(
    url: str, maya: Person, leo: Person
) -> None:
    _, email_id = _accepted(url, maya, leo)
    (email,) = claim(url, email_id)

    _delete(url, maya)

    form = {"p_lease_token": email["lease_token"], "p_ids": [email_id]}
    assert rows(url, WORKER, "form_send_group", **form) == []
    assert email_row(url, email_id)["delivery_status"] == "cancelled"


def test_an_email_that_may_be_at_the_provider_becomes_unknown(
    url: str, maya: Person, leo: Person
) -> None:
    _, email_id = _accepted(url, maya, leo)
    bind(url, email_id)

    _delete(url, maya)

    assert email_row(url, email_id)["delivery_status"] == "unknown"


def test_email_about_other_matches_is_left_alone(url: str, maya: Person, leo: Person) -> None:
    _accepted(url, maya, leo)
    other = new_email(url, leo, template_data='{"note": "hi"}')

    _delete(url, maya)

    row = email_row(url, other)
    assert (row["delivery_status"], row["template_data"]) == ("pending", {"note": "hi"})
