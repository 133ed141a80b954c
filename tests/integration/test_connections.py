"""Connections in real Redis, after frames and steps that race with their end."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.support.functions import Function
from tests.support.redis import ClockedCommands
from wingman.kit.clients.redis import redis
from wingman.kit.limits.limiter import Limiter
from wingman.kit.presence.ended import end_tokens
from wingman.realtime import registry
from wingman.realtime.registry import CONNECTIONS_PER_USER, Connection, Received


class Client:
    """The connections of one user, at a time that the test moves."""

    def __init__(self, clock: ClockedCommands, user_id: UUID | None = None) -> None:
        self.user_id = user_id or uuid4()
        self._clock = clock
        self._limiter = Limiter(clock)
        self.ends_at = datetime.fromtimestamp(clock.now, UTC) + timedelta(hours=1)

    def opened(self, session_id: UUID | None = None) -> Connection:
        return self.open(session_id)[0]

    def open(self, session_id: UUID | None = None) -> tuple[Connection, list[Connection]]:
        at = datetime.fromtimestamp(self._clock.now, UTC)
        new = Connection(uuid4().hex, self.user_id, session_id or uuid4(), at)
        taken = self._limiter.ask({}, steps=[registry.adding(new, self.ends_at)])
        return new, registry.added(taken.after or [])

    def send(self, connection: Connection, match_id: UUID | None = None) -> Received:
        step = registry.receiving(connection, self.ends_at, match_id)
        return registry.received(self._limiter.ask({}, steps=[step]).after or [])

    def ids(self) -> set[str]:
        return ids(registry.connections_of(self._clock, [self.user_id]))


def ids(connections: Iterable[Connection]) -> set[str]:
    return {each.id for each in connections}


@pytest.fixture(autouse=True)
def _environment(function: Callable[..., Function]) -> None:
    function("docs")


@pytest.fixture
def clock() -> ClockedCommands:
    return ClockedCommands(redis(), f"test:clock:{uuid4()}")


@pytest.fixture
def maya(clock: ClockedCommands) -> Client:
    return Client(clock)


@pytest.fixture
def leo(clock: ClockedCommands) -> Client:
    return Client(clock)


def test_connections_of_several_users_are_read_in_one_call(
    clock: ClockedCommands, maya: Client, leo: Client
) -> None:
    phone, laptop, other = maya.opened(), maya.opened(), leo.opened()

    found = registry.connections_of(clock, [maya.user_id, leo.user_id])

    assert {(each.id, each.user_id, each.auth_session_id) for each in found} == {
        (each.id, each.user_id, each.auth_session_id) for each in (phone, laptop, other)
    }


def test_an_entry_keeps_the_time_of_its_connection(clock: ClockedCommands, maya: Client) -> None:
    phone = maya.opened()
    clock.advance(100)
    maya.send(phone)

    [found] = registry.connections_of(clock, [maya.user_id])

    assert found.connected_at == phone.connected_at


def test_a_late_disconnect_removes_its_own_connection_only(
    clock: ClockedCommands, maya: Client
) -> None:
    old, new = maya.opened(), maya.opened()

    registry.remove(clock, maya.user_id, old.id)
    registry.remove(clock, maya.user_id, old.id)

    assert maya.ids() == {new.id}


def test_a_connection_without_a_disconnect_is_gone_after_its_lifetime(
    clock: ClockedCommands, maya: Client
) -> None:
    maya.opened()
    clock.advance(registry.LIFETIME.total_seconds() - 1)
    assert len(maya.ids()) == 1
    clock.advance(2)
    assert not maya.ids()


def test_each_frame_renews_the_connection_of_a_client_that_only_listens(
    clock: ClockedCommands, maya: Client
) -> None:
    phone = maya.opened()
    for _ in range(5):
        clock.advance(registry.LIFETIME.total_seconds() - 1)
        maya.ends_at += registry.LIFETIME
        maya.send(phone)

    assert maya.ids() == {phone.id}


def test_a_connection_that_was_silent_past_its_lifetime_is_registered_again(
    clock: ClockedCommands, maya: Client
) -> None:
    phone = maya.opened()
    clock.advance(registry.LIFETIME.total_seconds() + 1)
    assert not maya.ids()

    answer = maya.send(phone)

    assert not answer.removed
    assert maya.ids() == {phone.id}


def test_a_frame_in_flight_does_not_bring_a_removed_connection_back(
    clock: ClockedCommands, maya: Client
) -> None:
    phone = maya.opened()
    registry.remove(clock, maya.user_id, phone.id)

    answer = maya.send(phone)

    assert answer.removed
    assert not maya.ids()


def test_a_connection_is_not_listed_after_its_token_expires(
    clock: ClockedCommands, maya: Client
) -> None:
    maya.ends_at = datetime.fromtimestamp(clock.now, UTC) + timedelta(seconds=60)
    phone = maya.opened()
    clock.advance(59)
    maya.send(phone)
    assert maya.ids() == {phone.id}
    clock.advance(2)
    assert not maya.ids()


def test_a_young_connection_survives_a_410_and_an_old_one_does_not(
    clock: ClockedCommands, maya: Client
) -> None:
    phone = maya.opened()
    clock.advance(29)
    registry.forget_if_old(clock, [phone])
    assert maya.ids() == {phone.id}

    clock.advance(2)
    registry.forget_if_old(clock, [phone])

    assert not maya.ids()


def test_a_frame_about_a_known_match_finds_the_connections_of_both(
    clock: ClockedCommands, maya: Client, leo: Client
) -> None:
    phone, laptop, other, match = maya.opened(), maya.opened(), leo.opened(), uuid4()
    unknown = maya.send(phone, match)
    assert (unknown.known, ids(unknown.open)) == (False, {phone.id, laptop.id})

    learned = registry.learn(clock, match, (maya.user_id, leo.user_id))
    answer = maya.send(phone, match)

    assert ids(learned) == {phone.id, laptop.id, other.id}
    assert (answer.known, ids(answer.open)) == (True, ids(learned))


def test_a_stranger_to_a_known_match_finds_only_own_connections(
    clock: ClockedCommands, maya: Client, leo: Client
) -> None:
    stranger, match = Client(clock), uuid4()
    maya.opened()
    leo.opened()
    own = stranger.opened()
    registry.learn(clock, match, (maya.user_id, leo.user_id))

    answer = stranger.send(own, match)

    assert (answer.known, ids(answer.open)) == (False, {own.id})


def test_a_match_that_ended_is_not_known_any_more(
    clock: ClockedCommands, maya: Client, leo: Client
) -> None:
    phone, match = maya.opened(), uuid4()
    leo.opened()
    registry.learn(clock, match, (maya.user_id, leo.user_id))

    registry.forget_match(clock, match)

    assert not maya.send(phone, match).known


def test_connections_of_an_ended_session_are_neither_found_nor_kept(
    clock: ClockedCommands, maya: Client
) -> None:
    ended, open_one = uuid4(), uuid4()
    lost, kept = [maya.opened(ended) for _ in range(2)], maya.opened(open_one)

    end_tokens(clock, [ended])
    assert maya.ids() == {kept.id}
    found = registry.end_sessions(clock, [ended, uuid4()])

    assert ids(found) == ids(lost)
    assert maya.send(lost[0]).removed
    assert not registry.end_sessions(clock, [ended])


def test_the_newest_connections_push_out_the_one_that_was_silent_longest(
    clock: ClockedCommands, maya: Client, leo: Client
) -> None:
    other = leo.opened()
    opened = []
    for _ in range(CONNECTIONS_PER_USER):
        clock.advance(1)
        opened.append(maya.opened())
    clock.advance(1)
    maya.send(opened[0])

    new, pushed_out = maya.open()

    assert ids(pushed_out) == {opened[1].id}
    assert maya.ids() == {*ids(opened), new.id} - {opened[1].id}
    assert leo.ids() == {other.id}


def test_the_id_of_another_users_connection_removes_nothing(
    clock: ClockedCommands, maya: Client, leo: Client
) -> None:
    mine, theirs = maya.opened(), leo.opened()

    registry.remove(clock, maya.user_id, theirs.id)

    assert maya.ids() == {mine.id}
    assert leo.ids() == {theirs.id}
