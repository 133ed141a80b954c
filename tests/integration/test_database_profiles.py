"""Profiles in the database: their steps at the same time, their names elsewhere, their end."""

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.integration.connections import connected
from tests.integration.database import (
    Person,
    acting_as,
    call,
    invitation,
    invoke,
    look,
    new_person,
    overtaken,
    race,
)
from tests.integration.meetings import Pair
from tests.support.profiles import ALEXANDERPLATZ, REX, add_photos

# Each table of this domain.
TABLES = ("public.dog_profiles", "public.profile_preferences")


def put(url: str, person: Person, **fields: object) -> Any:
    return call(url, person, "put_profile", p_profile=Jsonb(REX | fields))


def change(url: str, person: Person, **fields: object) -> Any:
    return call(url, person, "change_profile", p_changes=Jsonb(fields))


def locate(url: str, person: Person, latitude: float, longitude: float) -> Any:
    return call(url, person, "put_location", p_latitude=latitude, p_longitude=longitude)


def publish(url: str, person: Person, name: str) -> None:
    put(url, person, display_name=name)
    locate(url, person, **ALEXANDERPLATZ)
    with connected(url, autocommit=True) as connection:
        add_photos(connection, person.user_id, 2)


def change_both(
    url: str, person: Person, step: str, one: dict[str, object], other: dict[str, object]
) -> None:
    """Make the second change while the first is not committed yet."""
    with acting_as(url, person) as first:
        invoke(first, step, p_changes=Jsonb(one))
        overtaken(url, first, person, lambda second: invoke(second, step, p_changes=Jsonb(other)))


def names_in_emails(url: str, person: Person) -> list[Any]:
    found = look(
        url,
        "select template_data from public.email_logs where user_id = %s order by created_at, id",
        person.user_id,
    )
    data = [row["template_data"] for row in found]
    return [one.get("partner_name") or one.get("inviter_name") for one in data]


def test_two_first_puts_at_once_create_one_profile(url: str, maya: Person) -> None:
    def first(connection: Any) -> Any:
        return invoke(connection, "put_profile", p_profile=Jsonb(REX))[0]["put_profile"]["created"]

    assert sorted(race(url, [(maya, first)] * 4)) == [False, False, False, True]


def test_simultaneous_changes_of_different_fields_are_both_kept(url: str, maya: Person) -> None:
    put(url, maya)

    change_both(url, maya, "change_profile", {"age": 7}, {"bio": "new"})

    own = call(url, maya, "get_profile")
    assert (own["age"], own["bio"]) == (7, "new")


@pytest.mark.parametrize(
    ("step", "arguments"),
    [
        ("put_profile", {"p_profile": Jsonb(REX)}),
        ("change_profile", {"p_changes": Jsonb({"age": 2})}),
        ("put_location", {"p_latitude": 52.5, "p_longitude": 13.4}),
        ("change_profile_preferences", {"p_changes": Jsonb({"min_age": 2})}),
    ],
)
def test_an_account_that_is_deleted_at_that_moment_changes_nothing(
    url: str, maya: Person, step: str, arguments: dict[str, Any]
) -> None:
    with connected(url) as deletion:
        deletion.execute("delete from auth.users where id = %s", [maya.user_id])

        refused = overtaken(url, deletion, maya, lambda late: invoke(late, step, **arguments))

    assert (refused.sqlstate, refused.diag.message_primary) == ("WA001", "unauthenticated")


def test_a_change_reaches_no_column_of_the_location(url: str, maya: Person) -> None:
    put(url, maya)
    locate(url, maya, **ALEXANDERPLATZ)
    before = call(url, maya, "get_profile")["location"]

    change(url, maya, latitude=1, longitude=1, located_at=None, user_id=None, created_at=None)

    assert call(url, maya, "get_profile")["location"] == before


def test_emails_and_calendars_name_the_dog_to_those_who_may_see_it(url: str, pair: Pair) -> None:
    publish(url, pair.first, "Rex")
    publish(url, pair.second, "Bello")
    change(url, pair.second, visible=False)

    session_id = pair.plan()["session"]["id"]

    assert names_in_emails(url, pair.first)[-1] == "Bello"
    assert names_in_emails(url, pair.second)[-1] == "Rex"
    event = call(url, pair.first, "get_session_event", p_session_id=session_id)
    assert (event["partner_name"], event["session"]["partner"]["name"]) == ("Bello", "Bello")


def test_an_invitation_names_a_published_dog_but_no_hidden_one(
    url: str, maya: Person, leo: Person
) -> None:
    ada = new_person(url, "Ada")
    publish(url, maya, "Rex")
    call(url, maya, "request_match", **invitation(leo))
    change(url, maya, visible=False)
    call(url, maya, "request_match", **invitation(ada))

    assert (names_in_emails(url, leo), names_in_emails(url, ada)) == (["Rex"], ["Maya"])


def test_a_user_without_a_profile_keeps_the_first_name(url: str, pair: Pair) -> None:
    locate(url, pair.second, **ALEXANDERPLATZ)

    session = pair.plan()["session"]

    assert (session["partner"]["name"], session["partner"]["photo_url"]) == ("Leo", None)


def test_the_coach_does_not_read_the_names_of_dogs(url: str, pair: Pair) -> None:
    publish(url, pair.first, "Rex")
    publish(url, pair.second, "Bello")
    session_id = pair.plan()["session"]["id"]

    context = call(
        url, pair.first, "get_coach_context", p_challenge_id=None, p_session_id=session_id
    )

    assert {"Rex", "Bello", "Maya", "Leo"} <= set(context["names"])


def test_an_export_has_what_the_user_stored(url: str, maya: Person) -> None:
    put(url, maya, bio="Barks.")
    locate(url, maya, **ALEXANDERPLATZ)
    call(url, maya, "change_profile_preferences", p_changes=Jsonb({"min_age": 3}))

    (row,) = look(url, "select private.export_profile(%s) as part", maya.user_id)

    part = row["part"]
    assert (part["first_name"], part["profile"]["bio"]) == ("Maya", "Barks.")
    assert (part["location"]["latitude"], part["preferences"]["min_age"]) == (52.5219, 3)


def test_an_export_has_a_location_without_a_profile(url: str, maya: Person) -> None:
    locate(url, maya, **ALEXANDERPLATZ)

    (row,) = look(url, "select private.export_profile(%s) as part", maya.user_id)

    assert row["part"]["profile"] is None
    assert row["part"]["location"]["longitude"] == 13.4132


def test_deleting_an_account_deletes_its_profile_and_no_other(
    url: str, maya: Person, leo: Person
) -> None:
    for person in (maya, leo):
        publish(url, person, "Rex")
        call(url, person, "change_profile_preferences", p_changes=Jsonb({"min_age": 3}))

    look(url, "delete from auth.users where id = %s", maya.user_id)

    for table in TABLES:
        left = look(url, f"select user_id from {table}")  # noqa: S608 (from above)
        ids = {row["user_id"] for row in left}
        assert maya.user_id not in ids
        assert leo.user_id in ids


def test_the_longest_profile_is_judged_in_a_moment(url: str, maya: Person) -> None:
    prompts = [{"question": "ü" * 500, "answer": "👩\u200d🚀" * 333} for _ in range(10)]

    stored = put(url, maya, display_name="ü" * 100, bio="a.b " * 500, prompts=prompts)

    assert stored["profile"]["prompts"] == prompts
