"""Attempts to get into an account: recorded once, hashed, bounded, pruned, and forgotten."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.connections import Row
from tests.integration.database import WORKER, Person, call, look, new_person, sqlstate

IP = "203.0.113.7"
DEFAULT_DAYS = 90


def record(url: str, **changes: object) -> Any:
    params: dict[str, object] = {
        "p_id": uuid4(),
        "p_kind": "sign_in",
        "p_outcome": "failure",
        "p_address": None,
        "p_refresh_token": None,
        "p_ip": f"10.0.0.{uuid4().int % 250}",
        "p_user_agent": "App/1",
    }
    return call(url, WORKER, "record_attempt", **params | changes)


def stored(url: str, **where: object) -> list[Row]:
    [(column, value)] = where.items()
    query = f"select * from private.sign_in_attempts where {column} = %s order by at"  # noqa: S608
    return look(url, query, value)


def open_session(url: str, person: Person, user_agent: str | None = "App/1") -> UUID:
    session_id = uuid4()
    look(
        url,
        "insert into auth.sessions (id, user_id, user_agent, ip) values (%s, %s, %s, %s)",
        *(session_id, person.user_id, user_agent, IP),
    )
    return session_id


def test_a_new_session_is_recorded_however_it_was_opened(url: str, maya: Person) -> None:
    open_session(url, maya)

    [attempt] = stored(url, user_id=maya.user_id)

    kept = {name: attempt[name] for name in ("kind", "outcome", "user_agent")}
    assert kept == {"kind": "sign_in", "outcome": "success", "user_agent": "App/1"}


def test_a_failure_names_the_user_of_the_address(url: str, maya: Person) -> None:
    assert record(url, p_address=maya.email) == maya.user_id
    assert record(url, p_address="unknown@example.com") is None

    assert [attempt["outcome"] for attempt in stored(url, user_id=maya.user_id)] == ["failure"]


def test_a_failure_names_the_user_of_a_refresh_token(url: str, maya: Person) -> None:
    session_id = open_session(url, maya)
    look(
        url,
        "insert into auth.refresh_tokens (token, user_id, session_id) values (%s, %s, %s)",
        *("a-token", str(maya.user_id), session_id),
    )

    assert record(url, p_kind="refresh", p_refresh_token="a-token") == maya.user_id
    assert record(url, p_kind="refresh", p_refresh_token="another") is None


def test_addresses_are_stored_as_hashes_with_a_key(url: str, maya: Person) -> None:
    record(url, p_address=maya.email, p_ip=IP)
    open_session(url, maya)

    first, second = stored(url, user_id=maya.user_id)

    assert (first["address_hash"], first["ip_hash"]) == (second["address_hash"], second["ip_hash"])
    [unkeyed] = look(url, "select private.address_hash(%s) as hash", maya.email)
    assert unkeyed["hash"] != first["address_hash"]
    everything = str(look(url, "select to_jsonb(each) from private.sign_in_attempts as each"))
    assert maya.email not in everything
    assert IP not in everything


def test_each_database_has_a_key_of_its_own(url: str, maya: Person) -> None:
    record(url, p_address=maya.email)
    [before] = stored(url, user_id=maya.user_id)
    look(url, "delete from private.hash_keys")

    record(url, p_address=maya.email)

    assert stored(url, user_id=maya.user_id)[1]["address_hash"] != before["address_hash"]


def test_an_attempt_is_recorded_once(url: str, maya: Person) -> None:
    attempt_id = uuid4()

    answers = [record(url, p_id=attempt_id, p_address=maya.email) for _ in range(2)]

    assert answers == [maya.user_id] * 2
    assert len(stored(url, user_id=maya.user_id)) == 1


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("App/1\r\nX: y", "App/1X: y"),
        ("x" * 900, "x" * 255),
        ("\U0001f415", None),
        (None, None),
    ],
)
def test_a_user_agent_is_cut_to_a_sane_text(
    url: str, maya: Person, sent: str | None, kept: str | None
) -> None:
    open_session(url, maya, sent)
    record(url, p_address=maya.email, p_user_agent=sent)

    assert [each["user_agent"] for each in stored(url, user_id=maya.user_id)] == [kept, kept]


@pytest.mark.parametrize(
    "changes",
    [{"p_address": "x" * 255}, {"p_ip": "x" * 101}, {"p_user_agent": "x" * 1001}],
)
def test_an_argument_that_is_too_long_is_refused(url: str, changes: dict[str, object]) -> None:
    params: dict[str, object] = {
        "p_id": uuid4(),
        "p_kind": "sign_in",
        "p_outcome": "failure",
        "p_address": None,
        "p_refresh_token": None,
        "p_ip": IP,
        "p_user_agent": "",
    }
    refusal = sqlstate(url, WORKER, "record_attempt", **params | changes)

    assert refusal == ("WA004", "argument_too_long")


def test_one_network_stores_a_thousand_attempts_a_day(url: str, maya: Person) -> None:
    look(
        url,
        "insert into private.sign_in_attempts (kind, outcome, ip_hash)"
        " select 'sign_in', 'failure', private.keyed_hash('192.0.2.1')"
        " from generate_series(1, 999)",
    )
    for _ in range(3):
        record(url, p_ip="192.0.2.1", p_address=maya.email)

    assert len(stored(url, user_id=maya.user_id)) == 1
    record(url, p_ip="192.0.2.2", p_address=maya.email)
    assert len(stored(url, user_id=maya.user_id)) == 2


@pytest.mark.parametrize("days", [90, 30])
def test_attempts_are_pruned_after_the_days_of_the_setting(
    url: str, maya: Person, days: int
) -> None:
    look(
        url,
        "insert into private.sign_in_attempts (kind, outcome, user_id, at) values"
        " ('sign_in', 'success', %s, now() - make_interval(days => %s, secs => 1)),"
        " ('sign_in', 'failure', %s, now() - make_interval(days => %s - 1))",
        *(maya.user_id, days, maya.user_id, days),
    )
    if days != DEFAULT_DAYS:
        look(url, "update private.app_settings set attempt_days = %s", days)

    assert call(url, WORKER, "prune_attempts", p_limit=10) >= 1

    look(url, "update private.app_settings set attempt_days = default")
    assert [each["outcome"] for each in stored(url, user_id=maya.user_id)] == ["failure"]


def test_the_hashes_alone_outlive_an_account(url: str) -> None:
    leo = new_person(url, "Leo")
    open_session(url, leo)
    record(url, p_address=leo.email, p_ip=IP)
    ids = [each["id"] for each in stored(url, user_id=leo.user_id)]

    look(url, "delete from auth.users where id = %s", leo.user_id)

    for attempt_id in ids:
        [left] = stored(url, id=attempt_id)
        assert (left["user_id"], left["user_agent"]) == (None, None)
        assert left["address_hash"]
        assert left["ip_hash"]


def test_the_newest_sign_ins_of_a_user_are_listed(url: str, maya: Person) -> None:
    record(url, p_address=maya.email)
    open_session(url, maya)
    record(url, p_kind="reset", p_address=maya.email)

    [found] = look(url, "select private.sign_ins_json(%s, 2) as shown", maya.user_id)

    assert [each["outcome"] for each in found["shown"]] == ["success", "failure"]
    assert [set(each) for each in found["shown"]] == [{"at", "outcome", "user_agent"}] * 2
    assert found["shown"][0]["at"].endswith("Z")


def test_an_export_has_all_attempts_of_a_user(url: str, maya: Person, leo: Person) -> None:
    record(url, p_address=leo.email)
    open_session(url, maya)
    record(url, p_kind="refresh", p_address=maya.email)

    [found] = look(url, "select private.export_sign_ins(%s) as part", maya.user_id)

    assert [(each["kind"], each["outcome"]) for each in found["part"]] == [
        ("sign_in", "success"),
        ("refresh", "failure"),
    ]


# --- registrations


def begins(url: str, p_address: str, **changes: object) -> Any:
    params = {"p_id": uuid4(), "p_kind": "register", "p_address": p_address, "p_ip": IP}
    return call(url, WORKER, "begin_auth_request", **params | changes)


def unconfirmed(url: str, **columns: object) -> Person:
    person = new_person(url, "Ada")
    look(url, "update auth.users set email_confirmed_at = null where id = %s", person.user_id)
    for column, value in columns.items():
        query = f"update auth.users set {column} = %s where id = %s"  # noqa: S608 (from below)
        look(url, query, value, person.user_id)
    return person


def exists(url: str, person: Person) -> bool:
    return bool(look(url, "select 1 from auth.users where id = %s", person.user_id))


def test_a_registration_removes_an_unconfirmed_one(url: str) -> None:
    ada = unconfirmed(url)

    assert begins(url, ada.email)

    assert not exists(url, ada)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("email_confirmed_at", "2026-01-01"),
        ("phone_confirmed_at", "2026-01-01"),
        ("invited_at", "2026-01-01"),
        ("last_sign_in_at", "2026-01-01"),
        ("is_anonymous", True),
        ("is_sso_user", True),
    ],
)
def test_a_registration_removes_no_account_that_is_someones(
    url: str, column: str, value: object
) -> None:
    ada = unconfirmed(url, **{column: value})

    assert begins(url, ada.email)

    assert exists(url, ada)


def test_a_registration_that_was_made_removes_nothing(url: str) -> None:
    ada, attempt_id = unconfirmed(url), uuid4()
    record(url, p_id=attempt_id, p_kind="register", p_outcome="accepted", p_address=ada.email)

    assert not begins(url, ada.email, p_id=attempt_id)

    assert exists(url, ada)


def test_another_request_leaves_a_registration_alone(url: str) -> None:
    ada = unconfirmed(url)

    assert begins(url, ada.email, p_kind="forgot")

    assert exists(url, ada)


@pytest.mark.parametrize("kind", ["register", "forgot"])
def test_a_network_asks_ten_times_a_day_about_an_address(url: str, kind: str) -> None:
    ada = unconfirmed(url)
    asked = {"p_kind": kind, "p_address": ada.email, "p_ip": "192.0.2.7"}
    for _ in range(10):
        assert begins(url, **asked)
        record(url, **asked, p_outcome="accepted")

    assert not begins(url, **asked)
    assert begins(url, **asked | {"p_ip": "192.0.2.8"})
    assert begins(url, **asked | {"p_address": "another@example.com"})
    ago = (
        "update private.sign_in_attempts set at = at - interval '1 day' where outcome = 'accepted'"
    )
    look(url, ago)
    assert begins(url, **asked)
