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


def test_random_changes_leave_no_flag_that_differs_from_its_definition(url: str) -> None:
    chance = random.Random(15)  # noqa: S311
    people = [new_person(url) for _ in range(4)]
    for person in people:
        look(url, "insert into public.dog_profiles (user_id) values (%s)", person.user_id)
    flags = set()

    for _ in range(400):
        person = chance.choice(people)
        # Most of the time nothing else is missing.
        look(url, chance.choice(LOSSES + 4 * GAINS), person.user_id)
        flags.add(discoverable(url, person))
        assert wrong_flags(url) == []

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


def test_a_user_who_is_hidden_while_a_ban_is_lifted_stays_away(url: str, maya: Person) -> None:
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
