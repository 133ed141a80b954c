"""The hours in which users are active: recorded by the limits' call to Redis, used by email."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.functions import Function
from tests.support.people import People, Person
from tests.support.redis import ClockedCommands, Counted
from tests.unit.notifications.email.sending.fakes import NOON, house, reminder
from wingman.kit.clients.redis import redis
from wingman.kit.limits.limiter import Limiter
from wingman.kit.limits.policy import Policy
from wingman.kit.presence.activity import Activity
from wingman.kit.presence.touching import activity_key, login_key, touching
from wingman.notifications.email.sending import service as emails
from wingman.notifications.models import Priority

DAY, HOUR = 86_400, 3600
NOWHERE = "http://127.0.0.1:9"
ONE = Policy("one", 1, 3600.0, "user")


@pytest.fixture
def clocked(function: Callable[..., Function]) -> Iterator[ClockedCommands]:
    """Redis at midnight, on a clock that the test moves."""
    function("docs")  # for its environment
    key = f"test:clock:{uuid4()}"
    clocked = ClockedCommands(redis(), key)
    clocked.advance(-(clocked.now % DAY))
    yield clocked
    redis().run("DEL", key)


def come(clocked: ClockedCommands, user: UUID) -> None:
    Limiter(clocked).ask({}, steps=[touching(user, uuid4())])


def seen(user: UUID) -> dict[int, int]:
    counts = Activity(redis()).hours([user]).get(user, [])
    return {hour: times for hour, times in enumerate(counts) if times}


def test_an_hour_counts_once_however_often_a_client_asks(clocked: ClockedCommands) -> None:
    user = uuid4()
    clocked.advance(9 * HOUR)
    for _ in range(30):
        come(clocked, user)
        clocked.advance(100)
    assert seen(user) == {9: 1}

    clocked.advance(DAY)
    come(clocked, user)
    clocked.advance(2 * HOUR)
    come(clocked, user)
    assert seen(user) == {9: 2, 11: 1}


def test_an_old_habit_counts_half_after_a_month_and_is_gone_in_two(
    clocked: ClockedCommands,
) -> None:
    user = uuid4()
    for _ in range(9):
        come(clocked, user)
        clocked.advance(DAY)
    clocked.advance(21 * DAY + 18 * HOUR)
    come(clocked, user)
    assert seen(user) == {0: 4, 18: 1}
    assert redis().run("TTL", activity_key(user)) == pytest.approx(60 * DAY, abs=60)

    clocked.advance(60 * DAY)
    come(clocked, user)
    assert seen(user) == {0: 1, 18: 1}


def test_a_refused_request_is_not_noted(clocked: ClockedCommands) -> None:
    user, limiter = uuid4(), Limiter(clocked)
    bucket = {ONE.key(str(uuid4())): ONE}
    limiter.take(bucket)
    limiter.ask(bucket, steps=[touching(user, uuid4())])
    assert seen(user) == {}


def test_the_session_lives_on_from_request_to_request(clocked: ClockedCommands) -> None:
    user = uuid4()
    come(clocked, user)
    began = int(redis().run("HGET", login_key(user), "last_active"))
    redis().run("EXPIRE", login_key(user), 100)
    clocked.advance(30)
    come(clocked, user)  # within the minute: left as it is
    assert int(redis().run("HGET", login_key(user), "last_active")) == began
    clocked.advance(31)
    come(clocked, user)
    assert int(redis().run("HGET", login_key(user), "last_active")) == began + 61
    assert redis().run("TTL", login_key(user)) == pytest.approx(DAY, abs=60)


def test_a_foreign_value_under_our_key_is_replaced(clocked: ClockedCommands) -> None:
    user = uuid4()
    for key in (activity_key(user), login_key(user)):
        redis().run("SET", key, "what is this?")
    come(clocked, user)
    assert seen(user) == {0: 1}


def test_all_readers_are_looked_up_in_one_call(function: Callable[..., Function]) -> None:
    function("docs")
    commands = Counted(redis())
    assert Activity(commands).hours([uuid4() for _ in range(100)]) == {}
    assert len(commands.names) == 1
    assert Activity(commands).hours([]) == {}
    assert len(commands.names) == 1


def test_no_activity_is_known_while_redis_is_down(function: Callable[..., Function]) -> None:
    function("docs", UPSTASH_REDIS_REST_URL=NOWHERE)
    assert Activity(redis()).hours([uuid4()]) == {}
    Activity(redis()).forget(uuid4())


@pytest.mark.parametrize("flag", ["true", "false"])
def test_a_request_is_noted_in_the_one_call_that_it_makes(
    function: Callable[..., Function], people: People, calls: list[str], flag: str
) -> None:
    maya = people.new()
    app = function("match_request", ENABLE_RATE_LIMITING=flag)
    app.call("list", access_token=people.new().token)  # Redis has the script from here on
    calls.clear()
    assert app.call("list", access_token=maya.token)[0] == 200
    assert [path for path in calls if not path.startswith("POST /rest")] == ["POST /"]
    assert list(seen(maya.id).values()) == [1]
    assert redis().run("EXISTS", login_key(maya.id)) == 1


def test_a_cached_answer_is_one_call_and_noted_as_well(
    function: Callable[..., Function], people: People, calls: list[str]
) -> None:
    maya, app = people.new(), function("reputation")
    facts = {"access_token": maya.token, "user_id": str(maya.id)}
    app.call("get", **facts)
    redis().run("DEL", activity_key(maya.id), login_key(maya.id))
    calls.clear()
    assert app.call("get", **facts)[2]["x-cache"] == "hit"
    assert calls == ["POST /"]
    assert list(seen(maya.id).values()) == [1]


def test_a_deferrable_email_leaves_at_the_hour_when_its_reader_is_active(
    clocked: ClockedCommands,
) -> None:
    on, reader = house(), uuid4()
    clocked.advance(18 * HOUR)
    for _ in range(5):
        come(clocked, reader)
        clocked.advance(DAY)
    sender = replace(on.sender, active_hours=Activity(redis()).hours)
    email = on.outbox.add(reminder("session_feedback", user_id=reader), Priority.BULK)

    emails.send(sender, [email])
    assert on.outbox.result(email).error == "active_hour"
    assert on.outbox.result(email).retry_at == NOON.replace(hour=18)

    on.clock.advance(hours=6)
    emails.send(sender, [email])
    assert on.outbox.status(email) == "sent"


def _ask_for_feedback(people: People, reader: Person) -> dict[str, Any]:
    """Record an email that can wait; return the queue message of it."""
    row = people.connection.execute(
        "insert into public.email_logs (user_id, email_template, recipient_email, dedupe_key,"
        " priority, enqueued_at, due_at, template_data) values (%s, 'session_feedback', %s,"
        " gen_random_uuid(), 'bulk', now(), now() - interval '1 year', jsonb_build_object("
        "'session_id', gen_random_uuid(), 'partner_name', 'Leo', 'venue_name', 'Café',"
        " 'scheduled_time', now() - interval '1 hour')) returning id::text",
        (reader.id, reader.email),
    ).fetchone()
    assert row is not None
    return {"Records": [{"messageId": row[0], "body": f'{{"email_ids": ["{row[0]}"]}}'}]}


@pytest.mark.parametrize("later", [0, 2])
def test_the_deployed_sender_asks_for_the_hour(
    function: Callable[..., Function], people: People, later: int
) -> None:
    """On the real database and provider; by the reader's clock it is early afternoon."""
    now, reader = dt.datetime.now(UTC), people.new()
    zone = f"Etc/GMT{now.hour - 13:+d}"
    people.connection.execute(
        "insert into public.email_preferences (user_id, timezone) values (%s, %s)"
        " on conflict (user_id) do update set timezone = excluded.timezone",
        (reader.id, zone),
    )
    sender = function("email_sender")
    favourite = (now + timedelta(hours=later)).hour
    redis().run("HSET", activity_key(reader.id), favourite, 5)

    message = _ask_for_feedback(people, reader)
    assert sender.invoke(message, milliseconds=30_000) == {"batchItemFailures": []}

    row = people.connection.execute(
        "select delivery_status, due_at, error_message from public.email_logs where id = %s",
        (message["Records"][0]["messageId"],),
    ).fetchone()
    assert row is not None
    if later:
        assert (row[0], row[1].hour, row[2]) == ("pending", favourite, "active_hour")
    else:
        assert (row[0], row[2]) == ("sent", None)
