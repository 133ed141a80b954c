"""`dog_profiles.discoverable` follows its definition through any changes, in any order."""

import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from tests.integration.connections import Connection, connected
from tests.integration.database import (
    WORKER,
    Actor,
    Person,
    acting_as,
    call,
    invoke,
    look,
    new_person,
    overtaken,
    race,
    until_waiting,
)
from tests.integration.photos import claim, new_path, ready, reserve, unhurried
from tests.support.profiles import ALEXANDERPLATZ, REX

LOCATION = {f"p_{name}": value for name, value in ALEXANDERPLATZ.items()}
# The definition, read from the tables alone.
_WRONG = """
    select profile.user_id
    from public.dog_profiles as profile
    inner join auth.users as account on account.id = profile.user_id
    where profile.discoverable <> (
        profile.visible and profile.display_name is not null and profile.latitude is not null
        and 2 <= (
            select count(*) from public.photos as photo
            where photo.user_id = profile.user_id and photo.object_path is not null
        )
        and profile.user_id not in (select hidden.user_id from private.hidden_profiles as hidden)
        and coalesce(account.banned_until <= now(), true)
    )
"""
_PHOTO = (
    "insert into public.photos (user_id, sort_order, content_type, size_bytes, status,"
    " object_path, width, height, placeholder) select %s, random() * 1e9, 'image/png', 5, 'ready',"
    " 'public/' || md5(random()::text), 9, 9, 'x'"
)
_HIDE = (
    "insert into private.hidden_profiles (user_id, hidden_by) values (%s, 'operator')"
    " on conflict do nothing"
)
_BAN = "update auth.users set banned_until = now() + %s * interval '1 hour' where id = %s"
_UNBAN = "update auth.users set banned_until = null where id = %s"
# The rows of private.candidates, computed from other tables alone.
_TRUTH = """
    select
        profile.user_id, profile.cell::text, profile.age, coalesce(wish.min_age, 0) as min_age,
        coalesce(wish.max_age, 20) as max_age,
        position(left(profile.activity_level, 1) in 'lmh') as activity,
        coalesce(wish.max_metres, 40233.6)::double precision as max_metres,
        nullif(position(left(wish.activity_level, 1) in 'lmh'), 0) as wanted_activity
    from public.dog_profiles as profile
    left join public.profile_preferences as wish using (user_id)
    where profile.discoverable
    order by profile.user_id
"""
_CANDIDATES = """
    select
        user_id, cell::text, age, min_age, max_age, activity, max_metres, wanted_activity
    from private.candidates
    order by user_id
"""
LOSSES = [
    "update public.dog_profiles set visible = false where user_id = %s",
    (
        "update public.dog_profiles set latitude = null, longitude = null, located_at = null"
        " where user_id = %s"
    ),
    "update public.dog_profiles set discoverable = not discoverable where user_id = %s",
    (
        "delete from public.photos where id ="
        " (select id from public.photos where user_id = %s order by random() limit 1)"
    ),
    (
        "update public.photos set status = 'rejected', rejection = 'moderation',"
        " object_path = null, width = null, height = null, placeholder = null where id ="
        " (select id from public.photos where user_id = %s order by random() limit 1)"
    ),
    _HIDE,
    "update auth.users set banned_until = now() + interval '1 hour' where id = %s",
]
OTHERS = [
    "update public.dog_profiles set age = (age + 1) %% 20 where user_id = %s",
    "update public.dog_profiles set activity_level = 'high' where user_id = %s",
    (
        "insert into public.profile_preferences values (%s, 1, 9, 5000.5, 'kilometers', 'low')"
        " on conflict (user_id) do update set min_age = 2, max_metres = 1609.344,"
        " activity_level = null"
    ),
    "update public.dog_profiles set longitude = longitude + 0.5 where user_id = %s",
]
GAINS = [
    "update public.dog_profiles set visible = true where user_id = %s",
    (
        "update public.dog_profiles set latitude = 1, longitude = 2, located_at = now()"
        " where user_id = %s"
    ),
    (
        "update public.dog_profiles set display_name = 'Rex', age = 4, created_at = now()"
        " where user_id = %s"
    ),
    _PHOTO,
    "delete from private.hidden_profiles where user_id = %s",
    _UNBAN,
]


def wrong_flags(url: str) -> list[UUID]:
    return [row["user_id"] for row in look(url, _WRONG)]


def discoverable(url: str, person: Person) -> bool:
    flag = "select discoverable from public.dog_profiles where user_id = %s"
    return [row["discoverable"] for row in look(url, flag, person.user_id)] == [True]


def publish(url: str, person: Person) -> None:
    call(url, person, "put_profile", p_profile=Jsonb(REX))
    call(url, person, "put_location", **LOCATION)
    for _ in range(2):
        ready(url, person)


def finishing(connection: Connection, claimed: dict[str, Any]) -> Any:
    return invoke(
        *(connection, "finish_photo"),
        p_id=claimed["id"],
        p_lease=claimed["lease"],
        p_path=new_path(),
        p_width=9,
        p_height=9,
        p_placeholder="x",
    )


def test_the_steps_of_users_make_a_profile_discoverable(url: str, maya: Person) -> None:
    call(url, maya, "put_location", **LOCATION)
    ready(url, maya)
    call(url, maya, "put_profile", p_profile=Jsonb(REX))
    before = discoverable(url, maya)
    ready(url, maya)

    assert not before
    assert discoverable(url, maya)

    call(url, maya, "delete_location")

    assert not discoverable(url, maya)


def test_flags_and_candidates_match_their_definition_after_random_changes(url: str) -> None:
    chance = random.Random(15)  # noqa: S311
    people = [new_person(url) for _ in range(4)]
    for person in people:
        look(url, "insert into public.dog_profiles (user_id) values (%s)", person.user_id)
    flags = set()

    for _ in range(400):
        person = chance.choice(people)
        # Mostly gains, so that profiles are often complete.
        look(url, chance.choice(LOSSES + OTHERS + 4 * GAINS), person.user_id)
        flags.add(discoverable(url, person))
        assert wrong_flags(url) == []
        assert look(url, _CANDIDATES) == look(url, _TRUTH)

    assert flags == {True, False}


def test_a_ban_that_is_over_ends_for_discovery_with_the_next_login(url: str, maya: Person) -> None:
    publish(url, maya)
    look(url, _BAN, 1, maya.user_id)
    with connected(url) as time_passes:
        time_passes.execute("set local session_replication_role = replica")
        time_passes.execute(_BAN.encode(), [-1, maya.user_id])
    banned = not discoverable(url, maya)

    look(url, "update auth.users set last_sign_in_at = now() where id = %s", maya.user_id)

    assert banned
    assert discoverable(url, maya)


@pytest.mark.parametrize("profile_first", [True, False])
def test_a_profile_that_changes_while_a_photo_becomes_ready_sees_it(
    url: str, maya: Person, profile_first: bool
) -> None:
    unhurried(url)
    call(url, maya, "put_location", **LOCATION)
    ready(url, maya)
    claimed = claim(url, reserve(url, maya)["upload_key"])
    finish = partial(finishing, claimed=claimed)
    create = partial(invoke, function="put_profile", p_profile=Jsonb(REX))

    if profile_first:
        with acting_as(url, maya) as first:
            create(first)
            overtaken(url, first, WORKER, finish)
    else:
        with acting_as(url, WORKER) as first:
            finish(first)
            overtaken(url, first, maya, create)

    assert discoverable(url, maya)


def test_a_user_who_is_hidden_while_a_ban_is_lifted_stays_hidden(url: str, maya: Person) -> None:
    publish(url, maya)
    look(url, _BAN, 1, maya.user_id)
    operator = Actor("postgres")

    with acting_as(url, operator) as first:
        first.execute(_UNBAN.encode(), [maya.user_id])
        overtaken(url, first, operator, lambda second: second.execute(_HIDE, [maya.user_id]))

    assert not discoverable(url, maya)


def test_a_photo_that_becomes_ready_does_not_deadlock_with_a_deletion(
    url: str, maya: Person
) -> None:
    unhurried(url)
    publish(url, maya)
    claimed = claim(url, reserve(url, maya)["upload_key"])
    finish = partial(finishing, claimed=claimed)

    with ThreadPoolExecutor(1) as pool, connected(url) as deletion:
        # The order in which the deletion of an account deletes these.
        deletion.execute("delete from public.dog_profiles where user_id = %s", [maya.user_id])
        running = pool.submit(race, url, [(WORKER, finish)])
        until_waiting(url, running)
        deletion.execute("delete from public.photos where user_id = %s", [maya.user_id])
        deletion.commit()

        assert running.result() == [[{"finish_photo": False}]]


def test_a_move_within_a_cell_touches_no_row_that_others_read(url: str, maya: Person) -> None:
    publish(url, maya)
    rows = "select ctid::text, xmin::text from private.candidates where user_id = %s"
    before = look(url, rows, maya.user_id)

    call(url, maya, "put_location", p_latitude=52.5219, p_longitude=13.4133)
    within = look(url, rows, maya.user_id)
    call(url, maya, "put_location", p_latitude=52.5419, p_longitude=13.4133)

    assert within == before
    assert look(url, rows, maya.user_id) != before


def test_hiding_a_profile_for_a_while_does_not_make_it_new(url: str, maya: Person) -> None:
    publish(url, maya)
    look(
        url,
        "update private.exposures set discoverable_since = now() - interval '1 year',"
        " shown_ever = 500 where user_id = %s",
        maya.user_id,
    )
    seen = "select discoverable_since, shown_ever from private.exposures where user_id = %s"
    before = look(url, seen, maya.user_id)

    for visible in (False, True):
        call(url, maya, "change_profile", p_changes=Jsonb({"visible": visible}))

    assert look(url, seen, maya.user_id) == before


def test_simultaneous_changes_of_preferences_and_profile_are_both_kept(
    url: str, maya: Person
) -> None:
    publish(url, maya)
    wish = partial(invoke, function="change_profile_preferences", p_changes=Jsonb({"min_age": 3}))

    with acting_as(url, Actor("postgres")) as first:
        first.execute("update public.dog_profiles set age = 9 where user_id = %s", [maya.user_id])
        overtaken(url, first, maya, wish)

    assert look(url, _CANDIDATES) == look(url, _TRUTH)
