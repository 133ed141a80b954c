"""A token whose session has ended, through the deployed API."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

from redis import Redis

from tests.support.api import Api, assert_problem
from tests.support.functions import Function
from tests.support.people import People, Person

Load = Callable[..., Function]


def signed_in(people: People, person: Person) -> tuple[UUID, Person]:
    session_id = uuid4()
    people.connection.execute(
        "insert into auth.sessions (id, user_id, created_at) values (%s, %s, now())",
        (session_id, person.id),
    )
    return session_id, replace(person, token=people.token(person.id, session_id=str(session_id)))


def test_a_token_ends_with_its_session_and_another_stays(
    api: Api, people: People, stack: dict[str, str], function: Load
) -> None:
    maya = people.new("Maya")
    (ended, on_phone), (_, on_laptop) = signed_in(people, maya), signed_in(people, maya)
    paths = ["/api/matches", f"/api/user/reputation/{maya.id}"]
    assert [api.call("GET", path, on_phone).status_code for path in paths] == [200, 200]

    people.connection.execute("delete from auth.sessions where id = %s", (ended,))
    sweep = function("session_reminders")
    sweep.invoke(sweep.event("every_minute"), milliseconds=50_000)

    for path in paths:
        answer = api.call("GET", path, on_phone)
        assert_problem(answer, 401, "session_ended")
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        assert api.call("GET", path, on_laptop).status_code == 200
    with Redis.from_url(stack["REDIS_URL"], decode_responses=True) as redis:
        assert redis.exists(f"ended:session:{ended}")
