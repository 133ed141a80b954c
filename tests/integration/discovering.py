"""Published profiles, their lists and their pages, in a database of a test's own."""

from typing import Any
from uuid import UUID

from psycopg import sql

from tests.integration.connections import connected
from tests.integration.database import Person, acting_as, call, look, new_person
from tests.support.profiles import add_photos

_PROFILE = """
insert into public.dog_profiles
(user_id, display_name, age, created_at, latitude, longitude, located_at)
values (%s, 'Rex', 4, now(), %s, %s, now())
"""
GENERATIONS = "select * from private.discovery_generations where user_id = %s"


def published(url: str, latitude: float = 52.52) -> Person:
    person = new_person(url)
    look(url, _PROFILE, person.user_id, latitude, 13.41)
    with connected(url, autocommit=True) as connection:
        add_photos(connection, person.user_id, 2)
    return person


def others(url: str, count: int) -> list[Person]:
    return [published(url) for _ in range(count)]


def generation_of(url: str, person: Person) -> dict[str, Any]:
    found = look(url, GENERATIONS, person.user_id)
    return dict(found[0]) if found else {"generation": 0, "returned_in": 0, "changed_in": 0}


def discover(url: str, person: Person, limit: int = 50) -> Any:
    return call(url, person, "discover", p_limit=limit)


def ids_of(made: Any) -> list[UUID]:
    return [UUID(each["user_id"]) for each in made["list"]["candidates"]]


def shown(page: Any) -> list[UUID]:
    return [UUID(each["card"]["user_id"]) for each in page["shown"]]


def page_of(url: str, person: Person, made: Any, **params: Any) -> Any:
    given: dict[str, Any] = {
        "p_user_ids": ids_of(made),
        "p_stage": made["list"]["stage"],
        "p_generation": made["list"]["generation"],
        "p_limit": 50,
        "p_first": True,
        "p_renewable": False,
    }
    return call(url, person, "discovery_page", **given | params)


def swipe(url: str, person: Person, table: str, other: Person) -> None:
    """Add a row as the user's own step does."""
    insert = sql.SQL("insert into {} values (%s, %s)").format(sql.Identifier(*table.split(".")))
    with acting_as(url, person) as connection:
        connection.execute("reset role")
        connection.execute(insert, (person.user_id, other.user_id))


def undo(url: str, person: Person, table: str) -> None:
    delete = sql.SQL("delete from {} where user_id = %s").format(sql.Identifier(*table.split(".")))
    with acting_as(url, person) as connection:
        connection.execute("reset role")
        connection.execute(delete, (person.user_id,))
