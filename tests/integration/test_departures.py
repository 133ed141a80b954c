"""The sweep finishes deletions of accounts in real Redis."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.functions import Function
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
    """A database with one deleted account and a partner of theirs."""

    def __init__(self) -> None:
        self.user, self.partner = uuid4(), uuid4()
        self.finished: object = None

    def rpc(self, function: str, params: Mapping[str, object], *, idempotent: bool = False) -> Any:
        if function == "list_departures":
            return [{"user_id": str(self.user), "partner_ids": [str(self.partner)]}]
        assert function == "finish_departures"
        self.finished = params["p_user_ids"]
        return 1


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
    Limiter(redis()).ask({}, steps=[touching(user)])


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
        cache.look_up(key, {}, [touching(user)])

    assert redis().run("EXISTS", key) == 0


@pytest.mark.usefixtures("user")
def test_the_sweep_drops_what_redis_keeps_and_finishes() -> None:
    database, forgotten = Departed(), set[UUID]()
    come(database.user)

    assert accounts.finish_departures(database, redis(), forgotten.update) == 1

    assert kept(database.user) == 0
    assert forgotten == {database.user, database.partner}
    assert database.finished == [str(database.user)]


def test_the_sweep_continues_later_while_redis_is_unavailable() -> None:
    database = Departed()

    assert accounts.finish_departures(database, Away(), lambda _: None) == 0

    assert database.finished is None
