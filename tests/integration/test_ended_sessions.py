"""Ended sessions in real Redis: the limits' own call refuses their tokens."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.functions import Function
from tests.support.realtime import MemoryPosts, connect, live
from tests.support.redis import Counted
from wingman.accounts import sessions
from wingman.kit.cache.cache import Ages, Cache
from wingman.kit.clients.commands import Commands
from wingman.kit.clients.database import Database
from wingman.kit.clients.redis import redis
from wingman.kit.errors import DependencyUnavailable, SessionEnded
from wingman.kit.limits.limiter import Limiter
from wingman.kit.limits.policy import Policy
from wingman.kit.presence.ended import end_tokens
from wingman.kit.presence.touching import activity_key, ended_key, login_key, touching
from wingman.realtime import registry
from wingman.reputation.models import Totals

DAY = 86_400
ONE = Policy("one", 1, 3600.0, "user")


class Ended(Database):
    """A database in which some sessions have ended."""

    def __init__(self, ended: Sequence[UUID]) -> None:
        self.ended = list(ended)
        self.away = False

    def rpc(self, function: str, params: Mapping[str, object], *, idempotent: bool = False) -> Any:
        if self.away:
            raise DependencyUnavailable("supabase")
        if function == "finish_ended_sessions":
            finished = {UUID(str(one)) for one in list(params["p_session_ids"])}  # type: ignore[call-overload]
            self.ended = [one for one in self.ended if one not in finished]
            return len(finished)
        assert function in {"list_ended_sessions", "list_own_ended_sessions"}
        return [str(one) for one in self.ended[: sessions.AT_ONCE]]


class Away(Commands):
    """Redis, unavailable."""

    def run(self, *_: object) -> Any:
        raise DependencyUnavailable("redis")

    def pipeline(self, commands: object) -> list[Any]:
        raise DependencyUnavailable("redis")


@pytest.fixture(autouse=True)
def environment(function: Callable[..., Function]) -> None:
    function("docs")


def come(user: UUID, session: UUID) -> None:
    Limiter(redis()).ask({}, steps=[touching(user, session)])


def test_the_token_of_an_ended_session_is_refused_and_records_nothing() -> None:
    user, session, another = uuid4(), uuid4(), uuid4()

    end_tokens(redis(), [session])

    with pytest.raises(SessionEnded):
        come(user, session)
    assert redis().run("EXISTS", activity_key(user), login_key(user)) == 0
    come(user, another)
    assert redis().run("TTL", ended_key(session)) == pytest.approx(7 * DAY, abs=60)


def test_the_check_is_part_of_the_one_call_that_charges_the_limits() -> None:
    counted, user, session = Counted(redis()), uuid4(), uuid4()
    end_tokens(redis(), [session])
    bucket = {ONE.key(str(user)): ONE}

    with pytest.raises(SessionEnded):
        Limiter(counted).ask(bucket, steps=[touching(user, session)])

    assert counted.names in (["EVALSHA"], ["EVALSHA", "EVAL"])  # Redis may not know the script yet
    assert not Limiter(redis()).take(bucket)[0].allowed  # the refused request was charged


def test_a_cached_value_is_not_read_with_the_token_of_an_ended_session() -> None:
    cache = Cache(redis(), Limiter(redis()), Totals, Ages(60, 60, 60))
    key, session = f"test:{uuid4()}", uuid4()
    end_tokens(redis(), [session])

    with pytest.raises(SessionEnded):
        cache.look_up(key, {}, [touching(uuid4(), session)])

    assert redis().run("EXISTS", key) == 0


def test_without_redis_a_token_works_until_it_expires() -> None:
    session = uuid4()
    end_tokens(redis(), [session])

    verdicts = Limiter(Away()).ask({}, steps=[touching(uuid4(), session)]).verdicts

    assert verdicts == []


@pytest.mark.parametrize("own", [True, False])
def test_a_step_marks_what_it_ended_and_the_sweep_finishes(own: bool) -> None:
    user, session, posts = uuid4(), uuid4(), MemoryPosts()
    database = Ended([session])
    phone, laptop = connect(redis(), user, session), connect(redis(), user)

    if own:
        sessions.end_own(database, live(redis(), posts))
    else:
        sessions.end(database, live(redis(), posts), user)

    with pytest.raises(SessionEnded):
        come(user, session)
    assert (posts.to(phone), posts.to(laptop)) == ([{"type": "session_ended"}], [])
    assert posts.closed == [phone.id]
    assert sessions.finish_ended(database, live(redis(), posts)) == 1
    assert database.ended == []
    assert len(posts.closed) == 1


def test_an_operator_marks_a_session_and_the_sweep_closes_its_connections() -> None:
    user, session, posts = uuid4(), uuid4(), MemoryPosts()
    database = Ended([session])
    phone = connect(redis(), user, session)

    sessions.mark_ended(database, redis(), user)

    assert registry.connections_of(redis(), [user]) == []
    assert sessions.finish_ended(database, live(redis(), posts)) == 1
    assert posts.closed == [phone.id]


def test_a_step_succeeds_though_nothing_can_be_marked_now() -> None:
    database = Ended([uuid4()])
    sessions.end(database, live(Away()), uuid4())
    sessions.end_own(database, live(Away()))
    database.away = True
    sessions.end(database, live(redis()), uuid4())
    sessions.end_own(database, live(redis()))


def test_the_sweep_goes_on_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "AT_ONCE", 2)
    database = Ended(ended := [uuid4() for _ in range(5)])

    assert sessions.finish_ended(database, live(redis())) == 5

    assert database.ended == []
    assert redis().run("EXISTS", *map(ended_key, ended)) == 5


def test_the_sweep_continues_later_while_redis_is_unavailable() -> None:
    database = Ended([uuid4()])

    assert sessions.finish_ended(database, live(Away())) == 0

    assert len(database.ended) == 1
