"""The remains of a deleted account: in the API, in Redis, and in emails to others."""

from collections.abc import Callable
from datetime import timedelta

from redis import Redis

from tests.support.api import Api, assert_problem
from tests.support.functions import Function
from tests.support.inbox import Inbox
from tests.support.meetings import meeting
from tests.support.people import People

Load = Callable[..., Function]


def test_a_deleted_account_leaves_no_key_no_token_and_no_name(
    api: Api, people: People, inbox: Inbox, stack: dict[str, str], function: Load
) -> None:
    planned = meeting(people)
    maya, leo = planned.both
    path = f"/api/user/reputation/{maya.id}"
    for _ in range(2):
        assert api.call("GET", path, leo).status_code == 200
    with Redis.from_url(stack["REDIS_URL"], decode_responses=True) as redis:
        keys = f"*{leo.id}"
        assert redis.keys(keys)

        people.remove(leo)
        sweep = function("session_reminders")
        sweep.invoke(sweep.event("every_minute"), milliseconds=50_000)

        for _ in range(2):
            assert_problem(api.call("GET", path, leo), 401, "unauthenticated")
        left = [key for key in redis.keys(keys) if not key.startswith("ratelimit:")]
        assert left == [f"departed:user:{leo.id}"]
    [email] = inbox.wait_for(maya, 1)
    assert email["subject"].startswith("Off: ")
    for part in ("subject", "html", "text"):
        assert leo.first_name not in email[part]
    assert api.call("GET", f"/api/sessions/{planned.session_id}", maya).status_code == 404


def test_a_token_of_a_deleted_account_renews_nothing_before_the_sweep(
    api: Api, people: People, stack: dict[str, str]
) -> None:
    leo = people.new("Leo")
    assert api.call("GET", "/api/matches", leo).status_code == 200
    people.remove(leo)

    for _ in range(2):
        assert_problem(api.call("GET", "/api/matches", leo), 401, "unauthenticated")

    with Redis.from_url(stack["REDIS_URL"], decode_responses=True) as redis:
        kept = [key for key in redis.keys(f"*{leo.id}") if not key.startswith("ratelimit:")]
    assert kept == [f"departed:user:{leo.id}"]


def test_the_other_user_keeps_the_score(api: Api, people: People) -> None:
    planned = meeting(people)
    planned.starts_in(timedelta(hours=-1))
    maya, leo = planned.both
    for person in (maya, leo):
        api.call("POST", f"/api/sessions/{planned.session_id}/confirm", person)

    people.remove(leo)

    found = api.call("GET", f"/api/user/reputation/{maya.id}", maya).json()
    assert (found["score"], found["completed_sessions"]) == (1, 1)
