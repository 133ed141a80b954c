"""Reports in the database: their evidence, their weight, and the decisions about them."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.connections import connected
from tests.integration.database import WORKER, Person, call, look, new_person, rows, sqlstate
from tests.integration.test_database_blocks import block, delete, like, stranger
from tests.integration.test_database_profiles import publish
from tests.integration.test_database_visibility import ban, match, published, seen
from tests.support.profiles import add_photos

__all__ = ["published"]
SHOWN, GONE = (True, True), (False, False)


def report(url: str, person: Person, other: Person, reason: str = "spam", **more: object) -> Any:
    asked = {"p_user_id": other.user_id, "p_reason": reason} | more
    return call(url, person, "create_report", **asked)


def stored(url: str, made: Any) -> Any:
    (row,) = look(url, "select * from private.reports where id = %s", made["id"])
    return row


def decide(url: str, step: str, **asked: object) -> Any:
    return call(url, WORKER, step, **asked)


def photo_of(url: str, person: Person) -> UUID:
    (row, *_) = look(url, "select id from public.photos where user_id = %s", person.user_id)
    return UUID(str(row["id"]))


def grown(url: str, person: Person) -> Person:
    statement = "update auth.users set created_at = now() - interval '3 days' where id = %s"
    look(url, statement, person.user_id)
    return person


def trustworthy(url: str, about: Person) -> Person:
    person = grown(url, new_person(url, "Ada"))
    publish(url, person, "Luna")
    like(url, person, about)
    return person


def test_three_trustworthy_users_hide_a_profile(url: str, maya: Person, leo: Person) -> None:
    viewer = new_person(url)
    for count in range(3):
        assert seen(url, viewer, leo) == SHOWN, count
        report(url, trustworthy(url, leo), leo)

    assert seen(url, viewer, leo) == GONE
    (hidden,) = look(
        url, "select hidden_by from private.hidden_profiles where user_id = %s", leo.user_id
    )
    assert hidden["hidden_by"] == "reports"


def test_one_user_counts_once(url: str, leo: Person) -> None:
    reporter = trustworthy(url, leo)
    for reason in ("spam", "fake", "other", "nudity"):
        report(url, reporter, leo, reason)

    assert seen(url, new_person(url), leo) == SHOWN


@pytest.mark.parametrize("lack", ["age", "profile", "contact", "hidden"])
def test_a_report_of_a_user_who_is_not_trustworthy_does_not_count(
    url: str, leo: Person, lack: str
) -> None:
    reporter = trustworthy(url, leo)
    statements = {
        "age": "update auth.users set created_at = now() - interval '71 hours' where id = %s",
        "profile": "update public.dog_profiles set visible = false where user_id = %s",
        "contact": "delete from public.likes where user_id = %s",
        "hidden": "insert into private.hidden_profiles values (%s, now(), 'operator')",
    }
    look(url, statements[lack], reporter.user_id)

    assert not stored(url, report(url, reporter, leo))["counts"]


@pytest.mark.parametrize("contact", ["like given", "like received", "match"])
def test_an_earlier_contact_counts_even_after_a_block(
    url: str, maya: Person, leo: Person, contact: str
) -> None:
    grown(url, maya)
    if contact == "match":
        match(url, leo, maya)
    else:
        like(url, *((maya, leo) if contact == "like given" else (leo, maya)))
    block(url, maya, leo)

    assert stored(url, report(url, maya, leo))["counts"]


def test_a_repeated_report_is_the_first_one(url: str, maya: Person, leo: Person) -> None:
    first = report(url, maya, leo, p_details="Sells food")

    assert report(url, maya, leo, p_details="Sells food") == first
    assert report(url, maya, leo, p_details="Sells toys")["id"] != first["id"]


def test_an_unknown_user_is_reported_like_any_other(url: str, maya: Person, leo: Person) -> None:
    gone, blocker, banned = new_person(url), new_person(url), new_person(url)
    delete(url, gone)
    block(url, blocker, maya)
    ban(url, banned, "1 day")

    answers = [report(url, maya, each) for each in (leo, stranger(url), gone, blocker, banned)]

    assert [set(each) for each in answers] == [{"id", "created_at"}] * 5
    assert len(call(url, maya, "export_account")["reports"]) == 5


def test_no_user_reports_themselves(url: str, maya: Person) -> None:
    refusal = sqlstate(url, maya, "create_report", p_user_id=maya.user_id, p_reason="spam")
    assert refusal == ("WB003", "cannot_report_yourself")


def test_reports_of_a_day_are_limited(url: str, maya: Person, leo: Person) -> None:
    look(url, "update private.app_settings set max_daily_reports = 1")
    try:
        report(url, maya, leo)
        refusal = sqlstate(url, maya, "create_report", p_user_id=uuid4(), p_reason="spam")
    finally:
        look(url, "update private.app_settings set max_daily_reports = 20")

    assert refusal == ("WB004", "daily_report_limit")


def test_the_record_of_a_photo_outlives_it(url: str, maya: Person, leo: Person) -> None:
    made = report(url, maya, leo, "nudity", p_photo_id=photo_of(url, leo))
    look(url, "delete from public.photos where user_id = %s", leo.user_id)

    evidence = decide(url, "get_report", p_report_id=made["id"])["evidence"]

    assert evidence["photo"]["object_path"].startswith("public/")


@pytest.mark.parametrize("photo", ["of another user", "pending", "of a hidden profile", "unknown"])
def test_a_photo_that_the_reporter_cannot_see_is_no_evidence(
    url: str, maya: Person, leo: Person, photo: str
) -> None:
    photo_id = photo_of(url, maya) if photo == "of another user" else photo_of(url, leo)
    if photo == "unknown":
        photo_id = uuid4()
    elif photo == "of a hidden profile":
        look(url, "update public.dog_profiles set visible = false where user_id = %s", leo.user_id)
    elif photo == "pending":
        with connected(url, autocommit=True) as connection:
            add_photos(connection, leo.user_id, 2)
        look(
            url,
            "update public.photos set status = 'pending', object_path = null, width = null,"
            " height = null, placeholder = null where id = %s",
            photo_id,
        )

    made = report(url, maya, leo, p_photo_id=photo_id)

    assert set(made) == {"id", "created_at"}
    assert stored(url, made)["evidence"] == {}


def test_a_dismissed_profile_is_not_hidden_again_by_the_same_reporters(
    url: str, leo: Person
) -> None:
    reporters = [trustworthy(url, leo) for _ in range(3)]
    made = [report(url, each, leo) for each in reporters]

    decide(url, "dismiss_report", p_report_id=made[0]["id"])
    assert seen(url, new_person(url), leo) == SHOWN

    for each in made[1:]:
        decide(url, "dismiss_report", p_report_id=each["id"])
    for each in reporters:
        report(url, each, leo, p_details="Again")
    assert seen(url, new_person(url), leo) == SHOWN

    for _ in range(3):
        report(url, trustworthy(url, leo), leo)
    assert seen(url, new_person(url), leo) == GONE


def test_a_dismissal_leaves_hidden_what_an_operator_has_hidden(
    url: str, maya: Person, leo: Person
) -> None:
    made = report(url, maya, leo)
    decide(url, "hide_user", p_user_id=leo.user_id)
    decide(url, "dismiss_report", p_report_id=made["id"])
    assert seen(url, maya, leo) == GONE

    standing = decide(url, "show_user", p_user_id=leo.user_id)

    assert (standing["hidden_by"], standing["open_reports"]) == (None, 0)
    assert seen(url, maya, leo) == SHOWN


def test_a_listed_report_shows_open_reports_and_a_ban_of_the_user(
    url: str, maya: Person, leo: Person
) -> None:
    made = report(url, maya, leo, "fake", p_details="No dog")

    (listed,) = [
        each for each in decide(url, "list_reports", p_limit=1000) if each["id"] == made["id"]
    ]
    whole = decide(url, "get_report", p_report_id=made["id"])

    assert (listed["reason"], listed["open_reports"], listed["banned"]) == ("fake", 1, False)
    assert (whole["details"], whole["profile"]["display_name"]) == ("No dog", "Bella")
    assert "latitude" not in str(whole)


def test_the_words_of_a_reporter_are_deleted_with_the_account(
    url: str, maya: Person, leo: Person
) -> None:
    made = report(url, maya, leo, p_details="My name is Maya")

    delete(url, maya)

    kept = stored(url, made)
    assert (kept["reporter_id"], kept["details"], kept["reason"]) == (None, None, "spam")


def test_reports_about_an_account_end_with_it(url: str, maya: Person, leo: Person) -> None:
    made = report(url, maya, leo)

    delete(url, leo)

    assert look(url, "select from private.reports where id = %s", made["id"]) == []


def test_an_export_shows_own_reports_and_not_those_of_others(
    url: str, maya: Person, leo: Person
) -> None:
    made = report(url, maya, leo, p_details="Sells food")

    (exported,) = call(url, maya, "export_account")["reports"]
    assert exported == made | {
        "user_id": str(leo.user_id),
        "reason": "spam",
        "details": "Sells food",
        "message_id": None,
        "photo_id": None,
    }
    assert call(url, leo, "export_account")["reports"] == []


def test_a_ban_ends_sessions_and_matches_and_decides_reports(
    url: str, maya: Person, leo: Person
) -> None:
    match(url, maya, leo)
    made = report(url, maya, leo)
    look(url, "insert into auth.sessions (id, user_id) values (%s, %s)", uuid4(), leo.user_id)

    standing = decide(url, "ban_user", p_user_id=leo.user_id)

    assert (standing["banned"], standing["open_reports"]) == (True, 0)
    assert stored(url, made)["decision"] == "banned"
    assert look(url, "select from auth.sessions where user_id = %s", leo.user_id) == []
    ended = rows(url, WORKER, "list_ended_sessions", p_limit=10, p_user_id=leo.user_id)
    assert len(ended) == 1
    assert call(url, maya, "list_matches") == []
    assert seen(url, maya, leo) == GONE

    assert decide(url, "unban_user", p_user_id=leo.user_id)["banned"] is False
    assert seen(url, maya, leo) == SHOWN


def test_a_banned_address_opens_no_account_again(url: str, leo: Person) -> None:
    decide(url, "ban_user", p_user_id=leo.user_id)
    delete(url, leo)
    asked = {"p_id": uuid4(), "p_kind": "register", "p_address": leo.email, "p_ip": "203.0.113.7"}

    assert decide(url, "begin_auth_request", **asked) is False
    with pytest.raises(Exception, match="address_banned"):
        new_person(url, "Leo", leo.email.upper())

    assert decide(url, "unban_address", p_address=leo.email)
    assert decide(url, "begin_auth_request", **asked | {"p_id": uuid4()}) is True
    new_person(url, "Leo", leo.email)


@pytest.mark.parametrize("step", ["hide_user", "show_user", "ban_user", "unban_user"])
def test_a_decision_about_an_unknown_user_is_refused(url: str, step: str) -> None:
    assert sqlstate(url, WORKER, step, p_user_id=uuid4()) == ("WB006", "not_found")


@pytest.mark.parametrize("step", ["get_report", "dismiss_report"])
def test_a_decision_about_an_unknown_report_is_refused(url: str, step: str) -> None:
    assert sqlstate(url, WORKER, step, p_report_id=uuid4()) == ("WB005", "not_found")
