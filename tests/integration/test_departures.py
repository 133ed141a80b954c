"""The sweep finishes deletions of accounts in real Redis."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.functions import Function
from tests.support.realtime import MemoryPosts, connect, live
from wingman.accounts import service as accounts
from wingman.kit.cache.cache import Ages, Cache
from wingman.kit.clients.commands import Commands
from wingman.kit.clients.database import Database
from wingman.kit.clients.redis import redis
from wingman.kit.errors import AccountDeleted, DependencyUnavailable
from wingman.kit.limits.limiter import Limiter
from wingman.kit.presence.departures import depart
from wingman.kit.presence.touching import activity_key, departed_key, login_key, touching
from wingman.reputation.models import Totals

DAY = 86_400


class Departed(Database):
    """A database with deleted accounts, each with the same partner."""

    def __init__(self, accounts: int = 1) -> None:
        self.users, self.partner = [str(uuid4()) for _ in range(accounts)], uuid4()
        self.waiting = list(self.users)

    def rpc(self, function: str, params: Mapping[str, Any], *, idempotent: bool = False) -> Any:
        if function == "list_departures":
            page = self.waiting[: params["p_limit"]]
            return [{"user_id": user, "partner_ids": [str(self.partner)]} for user in page]
        assert function == "finish_departures"
        self.waiting = [user for user in self.waiting if user not in params["p_user_ids"]]
        return len(params["p_user_ids"])


class Away(Commands):
    """Redis, unavailable."""

    def run(self, *_: object) -> Any:
        raise DependencyUnavailable("redis")

    def pipeline(self, commands: object) -> list[Any]:
        raise DependencyUnavailable("redis")


@pytest.fixture
def user(function: Callable[..., Function]) -> UUID:
    function("docs")  # for its environment
    return uuid4()


def come(user: UUID) -> None:
    Limiter(redis()).ask({}, steps=[touching(user, uuid4())])


def kept(user: UUID) -> int:
    return int(redis().run("EXISTS", activity_key(user), login_key(user)))


def test_the_token_of_a_deleted_account_is_refused_and_records_nothing(user: UUID) -> None:
    come(user)
    assert kept(user) == 2

    depart(redis(), [user])

    assert kept(user) == 0
    with pytest.raises(AccountDeleted):
        come(user)
    assert kept(user) == 0
    assert redis().run("TTL", departed_key(user)) == pytest.approx(7 * DAY, abs=60)


def test_a_cached_value_is_not_read_with_the_token_of_a_deleted_account(user: UUID) -> None:
    cache = Cache(redis(), Limiter(redis()), Totals, Ages(60, 60, 60))
    key = f"test:{uuid4()}"
    depart(redis(), [user])

    with pytest.raises(AccountDeleted):
        cache.look_up(key, {}, [touching(user, uuid4())])

    assert redis().run("EXISTS", key) == 0


@pytest.mark.usefixtures("user")
def test_one_sweep_drops_what_redis_keeps_and_finishes_all() -> None:
    database, forgotten = Departed(250), set[UUID]()
    users = {UUID(user) for user in database.users}
    last, posts = UUID(database.users[-1]), MemoryPosts()
    come(last)
    phone = connect(redis(), last)

    assert accounts.finish_departures(database, live(redis(), posts), forgotten.update) == 250

    assert kept(last) == 0
    assert posts.to(phone) == [{"type": "session_ended"}]
    assert posts.closed == [phone.id]
    assert forgotten == {*users, database.partner}
    assert database.waiting == []


def test_the_sweep_continues_later_while_redis_is_unavailable() -> None:
    database = Departed()

    assert accounts.finish_departures(database, live(Away()), lambda _: None) == 0

    assert database.waiting == database.users
