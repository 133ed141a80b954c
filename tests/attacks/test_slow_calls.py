"""A user whose calls wait for a lock of their own blocks no other user."""

from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.support.api import Api, assert_problem
from tests.support.people import People

# One more than the failures that open the circuit of the database.
CALLS = 6


def test_calls_that_wait_for_a_users_own_lock_open_no_circuit(
    api: Api, people: People, stack: dict[str, str]
) -> None:
    maya, leo = people.pair()
    match_id = api.invited(maya, leo)
    with psycopg.connect(stack["DATABASE_URL"]) as locking, ThreadPoolExecutor(CALLS) as threads:
        locking.execute(
            "select 1 from public.wingman_matches where id = %s for update", (match_id,)
        )
        answers = list(threads.map(lambda _: api.answer(leo, match_id), range(CALLS)))

    for answer in answers:
        assert_problem(answer, 503, "dependency_unavailable")
    assert api.call("GET", "/api/matches", people.new()).status_code == 200
    breakers = api.call("GET", "/health").json()["services"]["circuit_breakers"]
    assert breakers["supabase"]["state"] == "closed"
