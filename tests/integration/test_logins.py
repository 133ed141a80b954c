"""Sessions in real Redis, and in the container while Redis is down."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.functions import Function
from wingman.kit import settings
from wingman.kit.clients.commands import Command, Commands
from wingman.kit.clients.redis import redis
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.presence import logins as module
from wingman.kit.presence.logins import MAX_REMEMBERED, Logins, logins
from wingman.kit.presence.touching import activity_key, login_key

DAY = 86_400


class Switched(Commands):
    """Redis, unless it is switched off."""

    def __init__(self) -> None:
        self.away = False

    def run(self, *command: object) -> Any:
        if self.away:
            raise DependencyUnavailable("redis")
        return redis().run(*command)

    def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        if self.away:
            raise DependencyUnavailable("redis")
        return redis().pipeline(commands)


@pytest.fixture(autouse=True)
def _environment(function: Callable[..., Function]) -> None:
    function("docs", SESSION_TIMEOUT_HOURS="24")


@pytest.fixture
def commands() -> Switched:
    return Switched()


@pytest.fixture
def store(commands: Switched) -> Logins:
    return Logins(commands, timedelta(hours=24))


def another() -> Logins:
    return Logins(redis(), timedelta(hours=24))


def test_one_container_reads_the_values_of_another(store: Logins) -> None:
    user = uuid4()
    store.store(user, {"screen": "café", "steps": [1, 2]})
    session = another().get(user)
    assert session is not None
    assert session.data == {"screen": "café", "steps": [1, 2]}
    assert abs(session.last_active - datetime.now(UTC)) < timedelta(seconds=5)


def test_an_unknown_session_has_no_values(store: Logins) -> None:
    assert store.get(uuid4()) is None


@pytest.mark.parametrize(
    ("ttl", "seconds"), [(None, DAY), (timedelta(seconds=30), 30), (timedelta(days=7), 7 * DAY)]
)
def test_a_session_lasts_a_day_by_default(
    store: Logins, ttl: timedelta | None, seconds: int
) -> None:
    user = uuid4()
    store.store(user, {}, ttl)
    assert redis().run("TTL", login_key(user)) == pytest.approx(seconds, abs=2)


def test_the_day_is_a_setting(function: Callable[..., Function]) -> None:
    settings._load.cache_clear()
    function("docs", SESSION_TIMEOUT_HOURS="2")
    user = uuid4()
    logins().store(user, {})
    assert redis().run("TTL", login_key(user)) == pytest.approx(7200, abs=2)


def test_touching_prolongs_by_its_own_time_and_keeps_what_is_stored(store: Logins) -> None:
    user = uuid4()
    store.store(user, {"a": 1}, timedelta(hours=3))
    redis().run("HSET", login_key(user), "last_active", 1_700_000_000)
    redis().run("EXPIRE", login_key(user), 10)
    store.touch(user)
    assert redis().run("TTL", login_key(user)) == pytest.approx(3 * 3600, abs=2)
    session = another().get(user)
    assert session is not None
    assert session.data == {"a": 1}
    assert redis().run("EXISTS", activity_key(user)) == 1


def test_touching_begins_a_session(store: Logins) -> None:
    user = uuid4()
    store.touch(user)
    session = store.get(user)
    assert session is not None
    assert session.data == {}


def test_a_deleted_session_is_gone_everywhere(store: Logins) -> None:
    user = uuid4()
    store.store(user, {"a": 1})
    store.delete(user)
    assert store.get(user) is None
    assert another().get(user) is None


def test_a_container_continues_alone_while_redis_is_down(store: Logins, commands: Switched) -> None:
    known, new, gone = uuid4(), uuid4(), uuid4()
    store.store(known, {"a": 1})
    store.store(gone, {"b": 1})
    commands.away = True
    store.touch(known)
    store.store(new, {"c": 1})
    store.delete(gone)
    data = [(found := store.get(user)) and found.data for user in (known, new, gone)]
    assert data == [{"a": 1}, {"c": 1}, None]


def test_touching_begins_a_session_while_redis_is_down(store: Logins, commands: Switched) -> None:
    new, back, elsewhere = uuid4(), uuid4(), uuid4()
    another().store(elsewhere, {"kept": True})
    store.store(back, {"old": True})
    commands.away = True
    store.delete(back)
    for user in (new, back, elsewhere):
        store.touch(user)
        assert store.get(user) is not None
    commands.away = False
    found = [store.get(user) for user in (back, elsewhere)]
    assert [session and session.data for session in found] == [{}, {"kept": True}]


def test_changes_during_an_outage_reach_redis_afterwards(store: Logins, commands: Switched) -> None:
    new, gone = uuid4(), uuid4()
    store.store(gone, {"b": 1})
    commands.away = True
    store.store(new, {"c": 1})
    store.delete(gone)
    commands.away = False
    assert another().get(gone) is not None
    store.get(gone)
    store.touch(new)
    assert another().get(gone) is None
    session = another().get(new)
    assert session is not None
    assert session.data == {"c": 1}


def deleted_a_minute_ago(
    store: Logins, commands: Switched, user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Delete while Redis is down, a minute ago; then Redis comes back."""
    now = datetime.now(UTC)
    with monkeypatch.context() as clock:
        clock.setattr(module, "_now", lambda: now - timedelta(minutes=1))
        commands.away = True
        store.delete(user)
        commands.away = False


def test_a_late_deletion_keeps_newer_values(
    store: Logins, commands: Switched, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = uuid4()
    deleted_a_minute_ago(store, commands, user, monkeypatch)
    another().store(user, {"new": True})

    for reader in (store, another()):
        session = reader.get(user)
        assert session is not None
        assert session.data == {"new": True}


def test_a_late_deletion_removes_older_values_and_keeps_a_newer_session(
    store: Logins, commands: Switched, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, now = uuid4(), datetime.now(UTC)
    with monkeypatch.context() as clock:
        clock.setattr(module, "_now", lambda: now - timedelta(hours=1))
        another().store(user, {"old": True})
    deleted_a_minute_ago(store, commands, user, monkeypatch)
    another().touch(user)

    for reader in (store, another()):
        session = reader.get(user)
        assert session is not None
        assert session.data == {}
        assert abs(session.last_active - now) < timedelta(seconds=30)


def test_a_session_that_ended_unsaved_removes_nothing_newer(
    store: Logins, commands: Switched, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, now = uuid4(), datetime.now(UTC)
    with monkeypatch.context() as clock:
        clock.setattr(module, "_now", lambda: now - timedelta(minutes=6))
        commands.away = True
        store.store(user, {"old": True}, timedelta(minutes=5))
        commands.away = False
    another().store(user, {"new": True})

    session = store.get(user)
    assert session is not None
    assert session.data == {"new": True}


def test_a_session_ends_in_the_container_as_well(
    store: Logins, commands: Switched, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, now = uuid4(), datetime.now(UTC)
    commands.away = True
    store.store(user, {}, timedelta(minutes=5))
    monkeypatch.setattr(module, "_now", lambda: now + timedelta(minutes=6))
    assert store.get(user) is None


def test_a_container_remembers_a_bounded_number(store: Logins, commands: Switched) -> None:
    commands.away = True
    users = [uuid4() for _ in range(MAX_REMEMBERED + 10)]
    for user in users:
        store.store(user, {})
    found = [store.get(user) is not None for user in users]
    assert found == [False] * 10 + [True] * MAX_REMEMBERED
