"""Two users write to each other with the reference client, while everything around them fails."""

import random
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, Self

import pytest
from psycopg.rows import dict_row
from redis import Redis

from tests.faults.chat_gateway import ChatGateway, Killed
from tests.faults.redis_front import Front
from tests.support.functions import Function
from tests.support.management_api import Fault, ManagementApiServer
from tests.support.people import People, Person
from tests.support.profiles import match
from tests.support.reference_client import History, Part, Participant
from wingman.realtime import service, tickets

# The clients' waits pass so much faster.
SPEED = 25
_POSTS = {
    "post refused": [Fault.THROTTLED, Fault.UNAVAILABLE],
    "post broken": [Fault.BROKEN, Fault.LOST_ANSWER],
    "frame twice": [Fault.TWICE],
    "frame overtaken": [Fault.LATE],
}


class Chaos(ManagementApiServer):
    """Faults in the order of a seed; each one is sure to come, after twice its interval at last."""

    def __init__(self, seed: int) -> None:
        super().__init__(("test", "test"), "us-east-1")
        self._random = random.Random(seed)  # noqa: S311 - not for secrets
        self._next: dict[str, int] = {}
        self._asked = Counter[str]()
        self._deciding = threading.Lock()
        self.seen = Counter[str]()

    def happens(self, what: str, every: int) -> bool:
        with self._deciding:
            next_ = self._next.setdefault(what, self._random.randint(1, 2 * every))
            self._asked[what] += 1
            if self._asked[what] < next_:
                return False
            self._next[what] += self._random.randint(1, 2 * every)
            self.seen[what] += 1
            return True

    def kills_before(self) -> bool:
        return self.happens("killed before the work", 40)

    def kill_before_fan_out(self) -> None:
        if self.happens("killed between commit and fan-out", 20):
            raise Killed

    def cuts(self) -> bool:
        return self.happens("connection cut before the answer", 40)

    def forgets_disconnect(self) -> bool:
        return self.happens("$disconnect lost", 2)

    def refuses(self) -> bool:
        return self.happens("REST refused", 8)

    def loses_queue_message(self) -> bool:
        return self.happens("queue message lost", 4)

    def delay(self) -> float:
        return self._random.random() * 0.05 if self.happens("frame delayed", 8) else 0

    def answer(self, call: Any) -> int:
        if self.happens("410 for an open connection", 40):
            return 410
        for what, faults in _POSTS.items():
            if self.happens(what, 20):
                self.plan(call.connection_id, self._random.choice(faults))
        return super().answer(call)


class Chat:
    """The conversation of two people; each sends half of the messages."""

    def __init__(self, stack: dict[str, str], people: People, *, messages: int, seed: int) -> None:
        self._stack, self._people, self.each = stack, people, messages // 2
        self.maya, self.leo = people.pair()
        for person in (self.maya, self.leo):  # with devices, so that sending queues pushes
            people.connection.execute(
                "insert into private.devices (user_id, device_id, platform, token, session_id)"
                " values (%s, gen_random_uuid(), 'ios', %s, gen_random_uuid())",
                (person.id, str(person.id)),
            )
        self.match_id = match(people, self.maya, self.leo)
        self._patch = pytest.MonkeyPatch()
        self.chaos = Chaos(seed)
        self._gateway = ChatGateway(self.chaos, self.chaos)
        self._front = Front(stack["UPSTASH_REDIS_REST_URL"])

    def __enter__(self) -> Self:
        self.chaos.__enter__()
        names = ("realtime", "realtime_ticket", "conversations")
        self._gateway.start(*map(self._function, names))
        posts = service._posts

        def posts_unless_killed() -> Any:
            self.chaos.kill_before_fan_out()
            return posts()

        self._patch.setattr(service, "_posts", posts_unless_killed)
        self._patch.setattr(tickets, "HEARTBEAT_SECONDS", 5)
        return self

    def _function(self, name: str) -> Function:
        overrides = {
            "REALTIME_URL": self._gateway.ws_url,
            "REALTIME_ENDPOINT": self.chaos.url,
            "UPSTASH_REDIS_REST_URL": self._front.url,
            "ENABLE_RATE_LIMITING": "false",
        }
        stack = self._stack | {"AWS_ENDPOINT_URL": self._gateway.url}
        return Function(name, stack, self._patch, overrides)

    def __exit__(self, *_: object) -> None:
        self._gateway.__exit__()
        self._front.__exit__()
        self.chaos.__exit__()
        self._patch.undo()
        for person in (self.maya, self.leo):
            self._people.remove(person)

    def run(self, client: Path, *, seconds: float) -> list[History]:
        """Let the two write for so long at most; return what each has shown."""
        part = Part(self._gateway.url, self.match_id, self.each, speed=SPEED)
        running = [Participant(client, person, part) for person in (self.maya, self.leo)]
        ends_at = time.monotonic() + seconds
        restart_at = between_restarts = 4 * self.each // 3
        while time.monotonic() < ends_at and any(one.is_writing for one in running):
            if self._gateway.frames > restart_at:
                self._restart_redis()
                restart_at = self._gateway.frames + between_restarts
            time.sleep(0.05)
        return [one.history() for one in running]

    def _restart_redis(self) -> None:
        """Restart Redis, which keeps nothing."""
        self.chaos.seen["Redis restarted"] += 1
        self._front.break_down("stopped")
        with Redis.from_url(self._stack["REDIS_URL"]) as redis:
            redis.flushall()
        time.sleep(0.2)
        self._front.heal()

    def stored(self) -> list[dict[str, Any]]:
        """Return the messages in the database, in order."""
        with self._people.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(
                "select id::text, seq, client_id::text, text from public.messages"
                " where match_id = %s order by seq",
                [self.match_id],
            ).fetchall()

    def texts_of(self, person: Person) -> list[str]:
        """Return what a person wrote, in order."""
        return [f"{person.id} {n}" for n in range(1, self.each + 1)]
