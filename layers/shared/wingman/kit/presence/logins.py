"""Logins of users in Redis, and in this container while Redis is unavailable.

A login holds data stored for a user and the time of their last activity. It ends `ttl` after their
last request (by default SESSION_TIMEOUT_HOURS); every request of a signed-in user extends it, in
the call that charges the limits (touching.py).

The container remembers up to MAX_REMEMBERED logins that it handled. While Redis is unavailable it
answers from those, and writes its changes to Redis with its next call for that user. If several
containers changed a login, the last write wins. A late deletion removes nothing newer.
"""

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from wingman.kit.clients.commands import Commands, RedisError
from wingman.kit.clients.lua import Script, read_lua
from wingman.kit.clients.redis import redis
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.observability import logger
from wingman.kit.presence.settings import PresenceSettings
from wingman.kit.presence.touching import keys_of, login_key
from wingman.kit.settings import load

MAX_REMEMBERED = 1000

# KEYS[1] is a login, ARGV[1] the second of its deletion. A login with later activity is a new one:
# it loses only what was stored before.
_DELETE_WHAT_IS_OLDER = """
local found = redis.call('HMGET', KEYS[1], 'last_active', 'stored')
local deleted = tonumber(ARGV[1])
if (tonumber(found[1]) or 0) <= deleted then
  return redis.call('DEL', KEYS[1])
elseif (tonumber(found[2]) or 0) <= deleted then
  return redis.call('HDEL', KEYS[1], 'data', 'stored')
end
return 0
"""


@dataclass(frozen=True)
class Login:
    """The data stored for a user and the time of their last activity (to the minute)."""

    data: Mapping[str, Any]
    last_active: datetime


@dataclass(frozen=True)
class _Memory:
    """A login as this container knows it; `login` is None if it was deleted."""

    login: Login | None
    ttl: int
    unsaved: bool
    changed_at: float = field(default_factory=lambda: _now().timestamp())

    @property
    def alive(self) -> Login | None:
        if self.login is None or self.login.last_active + timedelta(seconds=self.ttl) <= _now():
            return None
        return self.login


@dataclass
class Logins:
    """Stores, reads, extends and deletes logins; never fails because Redis does."""

    commands: Commands
    timeout: timedelta
    _known: OrderedDict[UUID, _Memory] = field(default_factory=OrderedDict)

    def store(self, user_id: UUID, data: Mapping[str, Any], ttl: timedelta | None = None) -> None:
        """Replace a user's login; `data` must be JSON, `ttl` is rounded to seconds."""
        memory = _Memory(Login(data, _now()), _seconds(ttl or self.timeout), unsaved=True)
        self._remember(user_id, memory)
        self._reach(lambda: self._save(user_id))

    def get(self, user_id: UUID) -> Login | None:
        self._reach(lambda: self._read(user_id))
        known = self._known.get(user_id)
        return known.alive if known else None

    def touch(self, user_id: UUID) -> None:
        """Record a user's activity: extend their login, or begin one."""
        reached = self._reach(lambda: self._touch(user_id))
        known = self._known.get(user_id)
        if known and known.alive:
            here = replace(known.alive, last_active=_now())
            self._remember(user_id, replace(known, login=here))
        elif not reached:
            # This must not overwrite data of other containers, unless this one deleted the login.
            unsaved = known is not None and known.unsaved
            begun = _Memory(Login({}, _now()), _seconds(self.timeout), unsaved)
            self._remember(user_id, begun)

    def delete(self, user_id: UUID) -> None:
        self._remember(user_id, _Memory(None, _seconds(self.timeout), unsaved=True))
        self._reach(lambda: self._delete(user_id))

    def _reach(self, step: Callable[[], None]) -> bool:
        try:
            step()
        except (DependencyUnavailable, RedisError):
            logger().warning("logins.redis_away")
            return False
        return True

    def _remember(self, user_id: UUID, memory: _Memory) -> None:
        self._known[user_id] = memory
        self._known.move_to_end(user_id)
        if len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)

    def _save(self, user_id: UUID) -> None:
        known, key = self._known.get(user_id), login_key(user_id)
        if known is None or not known.unsaved:
            return
        if known.alive is None:
            _delete_what_is_older().run(self.commands, [key], [known.changed_at])
        else:
            at, data = int(known.alive.last_active.timestamp()), json.dumps(known.alive.data)
            fields = ["data", data, "last_active", at, "ttl", known.ttl, "stored", known.changed_at]
            _checked(self.commands.pipeline([["HSET", key, *fields], ["EXPIRE", key, known.ttl]]))
        self._remember(user_id, replace(known, unsaved=False))

    def _delete(self, user_id: UUID) -> None:
        self.commands.run("DEL", login_key(user_id))
        self._remember(user_id, replace(self._known[user_id], unsaved=False))

    def _read(self, user_id: UUID) -> None:
        self._save(user_id)
        found = self.commands.run("HMGET", login_key(user_id), "data", "last_active", "ttl")
        data, at, ttl = found
        if at is None:
            self._known.pop(user_id, None)
            return
        login = Login(json.loads(data or "{}"), datetime.fromtimestamp(int(at), UTC))
        self._remember(user_id, _Memory(login, int(ttl), unsaved=False))

    def _touch(self, user_id: UUID) -> None:
        self._save(user_id)
        _touch_alone().run(self.commands, keys_of(user_id), [_seconds(self.timeout)])


def _checked(replies: list[Any]) -> None:
    for reply in replies:
        if isinstance(reply, RedisError):
            raise reply


def _seconds(ttl: timedelta) -> int:
    return max(1, round(ttl.total_seconds()))


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


@cache
def _touch_alone() -> Script:
    return Script(f"local limits = function() return {{}} end\n{read_lua(__file__, 'touch')}")


@cache
def _delete_what_is_older() -> Script:
    return Script(_DELETE_WHAT_IS_OLDER)


@cache
def logins() -> Logins:
    return Logins(redis(), timedelta(hours=load(PresenceSettings).session_timeout_hours))
