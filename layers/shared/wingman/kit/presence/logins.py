"""Sessions of users in Redis, and in this container while Redis is away.

A session is what was stored under a user, and when they were last active. It ends `ttl` after the
last request (SESSION_TIMEOUT_HOURS unless told); every request of a signed-in user touches it, in
the call of its limits (activity.py).

The container remembers the sessions that it handled, at most MOST_REMEMBERED. While Redis is away
it answers from there, and what it changed meanwhile reaches Redis with the next call for that user:
the last container that comes back with a change wins. A deletion that comes late takes nothing with
it that is newer.
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
from wingman.kit.clients.lua import Script, lua
from wingman.kit.clients.redis import redis
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.observability import logger
from wingman.kit.presence.activity import activity_key, session_key
from wingman.kit.settings import AppSettings, load

MOST_REMEMBERED = 1000

# KEYS[1] a session, ARGV[1] when it was deleted (s since 1970). One that was touched since began
# anew then: it loses what had been stored before.
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
class UserSession:
    """What is stored under a user, and the last time they did anything (to the minute)."""

    data: Mapping[str, Any]
    last_active: datetime


@dataclass(frozen=True)
class _Memory:
    """A session as this container knows it; `session` is None once it was deleted."""

    session: UserSession | None
    ttl: int
    unsaved: bool
    changed_at: float = field(default_factory=lambda: _now().timestamp())

    @property
    def alive(self) -> UserSession | None:
        if self.session is None or self.session.last_active + timedelta(seconds=self.ttl) <= _now():
            return None
        return self.session


@dataclass
class SessionStore:
    """Stores, reads, prolongs and deletes sessions; never fails because Redis does."""

    commands: Commands
    timeout: timedelta
    _known: OrderedDict[UUID, _Memory] = field(default_factory=OrderedDict)

    def store_user_session(
        self, user_id: UUID, data: Mapping[str, Any], ttl: timedelta | None = None
    ) -> None:
        """Replace what is stored under a user; `data` is JSON, `ttl` whole seconds."""
        memory = _Memory(UserSession(data, _now()), _seconds(ttl or self.timeout), unsaved=True)
        self._remember(user_id, memory)
        self._reach(lambda: self._save(user_id))

    def get_user_session(self, user_id: UUID) -> UserSession | None:
        """Read a user's session; None where there is none, or it has ended."""
        self._reach(lambda: self._read(user_id))
        known = self._known.get(user_id)
        return known.alive if known else None

    def touch(self, user_id: UUID) -> None:
        """Note that a user is here: their session, begun if there is none, lives on."""
        reached = self._reach(lambda: self._touch(user_id))
        known = self._known.get(user_id)
        if known and known.alive:
            here = replace(known.alive, last_active=_now())
            self._remember(user_id, replace(known, session=here))
        elif not reached:
            # What others stored is kept, unless this container knows that it was deleted.
            unsaved = known is not None and known.unsaved
            begun = _Memory(UserSession({}, _now()), _seconds(self.timeout), unsaved)
            self._remember(user_id, begun)

    def delete(self, user_id: UUID) -> None:
        """End a user's session."""
        self._remember(user_id, _Memory(None, _seconds(self.timeout), unsaved=True))
        self._reach(lambda: self._delete(user_id))

    def _reach(self, step: Callable[[], None]) -> bool:
        try:
            step()
        except (DependencyUnavailable, RedisError):
            logger().warning("sessions.redis_away")
            return False
        return True

    def _remember(self, user_id: UUID, memory: _Memory) -> None:
        self._known[user_id] = memory
        self._known.move_to_end(user_id)
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)

    def _save(self, user_id: UUID) -> None:
        """Bring a change of this container to Redis, if there is one."""
        known, key = self._known.get(user_id), session_key(user_id)
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
        self.commands.run("DEL", session_key(user_id))
        self._remember(user_id, replace(self._known[user_id], unsaved=False))

    def _read(self, user_id: UUID) -> None:
        self._save(user_id)
        found = self.commands.run("HMGET", session_key(user_id), "data", "last_active", "ttl")
        data, at, ttl = found
        if at is None:
            self._known.pop(user_id, None)
            return
        session = UserSession(json.loads(data or "{}"), datetime.fromtimestamp(int(at), UTC))
        self._remember(user_id, _Memory(session, int(ttl), unsaved=False))

    def _touch(self, user_id: UUID) -> None:
        self._save(user_id)
        keys = [activity_key(user_id), session_key(user_id)]
        _touch_alone().run(self.commands, keys, [_seconds(self.timeout)])


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
    return Script(f"local limits = function() return {{}} end\n{lua('presence/touch')}")


@cache
def _delete_what_is_older() -> Script:
    return Script(_DELETE_WHAT_IS_OLDER)


@cache
def session_store() -> SessionStore:
    """Return the container's store."""
    return SessionStore(redis(), timedelta(hours=load(AppSettings).session_timeout_hours))
