"""Two users chat through the reference client while everything around them fails."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pytest
from psycopg.rows import dict_row
from redis import Redis

from tests.faults.chat_gateway import ChatGateway
from tests.faults.chat_pushes import PushQueue
from tests.faults.killed_process import DoomedProcess
from tests.faults.redis_front import Front
from tests.support.functions import Function
from tests.support.management_api import Fault, ManagementApiServer
from tests.support.people import People, Person
from tests.support.profiles import match
from tests.support.reference_client import History, Part, Participant
from wingman.kit.clients import circuits
from wingman.kit.clients import redis as redis_client
from wingman.kit.clients.circuits import SharedCircuit
from wingman.kit.clients.commands import Commands
from wingman.kit.resilience.breaker import Breaker, Dependency, Shared
from wingman.notifications.push import service as pushes
from wingman.realtime import registry, tickets

FUNCTIONS = ("push_sender", "realtime", "realtime_ticket", "conversations")

# The clients' waits are shortened by this factor.
SPEED = 25
_POSTS = {
    "post refused": [Fault.THROTTLED, Fault.UNAVAILABLE],
    "post broken": [Fault.BROKEN, Fault.LOST_ANSWER],
    "frame twice": [Fault.TWICE],
    "frame overtaken": [Fault.LATE],
}


class Chaos(ManagementApiServer):
    """Faults in an order given by a seed; each occurs within twice its mean interval."""

    def __init__(self, seed: int) -> None:
        super().__init__(("test", "test"), "us-east-1")
        self._random = random.Random(seed)  # noqa: S311 - not for secrets
        self._next: dict[str, int] = {}
        self._asked = Counter[str]()
        self._deciding = threading.Lock()
        self._owes_kill = False
        self.is_calm = False
        self.seen = Counter[str]()

    def happens(self, what: str, every: int) -> bool:
        with self._deciding:
            comes = not self.is_calm and self._comes(what, every)
            if comes:
                self.seen[what] += 1
            return comes

    def _comes(self, what: str, every: int) -> bool:
        next_ = self._next.setdefault(what, self._random.randint(1, 2 * every))
        self._asked[what] += 1
        if self._asked[what] < next_:
            return False
        self._next[what] += self._random.randint(1, 2 * every)
        return True

    def kills_before(self) -> bool:
        return self.happens("killed before the work", 20)

    def kills_before_fan_out(self) -> bool:
        """Let a process die; if it had nothing to post, the next one dies instead."""
        with self._deciding:
            dies, self._owes_kill = self._owes_kill or self._comes("kill", 20), False
            return dies

    def has_killed(self, *, is_dead: bool) -> None:
        with self._deciding:
            self._owes_kill = not is_dead
            if is_dead:
                self.seen["killed between commit and fan-out"] += 1

    def cuts(self) -> bool:
        return self.happens("connection cut before the answer", 20)

    def forgets_disconnect(self) -> bool:
        return self.happens("$disconnect lost", 2)

    def refuses(self) -> bool:
        return self.happens("REST refused", 8)

    def refuses_queue_message(self) -> bool:
        return self.happens("queue message refused", 4)

    def loses_queue_message(self) -> bool:
        return self.happens("queue message lost", 3)

    def repeats_queue_message(self) -> bool:
        return self.happens("queue message repeated", 2)

    def delays_queue_message(self) -> bool:
        return self.happens("queue message late", 2)

    def lets_overtake_queue_message(self) -> bool:
        return self.happens("queue message overtaken", 3)

    def delay(self) -> float:
        return self._random.random() * 0.05 if self.happens("frame delayed", 8) else 0

    def answer(self, call: Any) -> int:
        if self.happens("410 for an open connection", 20):
            return 410
        for what, faults in _POSTS.items():
            if self.happens(what, 10):
                self.plan(call.connection_id, self._random.choice(faults))
        return super().answer(call)


class Chat:
    """The conversation of two people; each sends half of the messages."""

    def __init__(self, stack: dict[str, str], people: People, *, messages: int, seed: int) -> None:
        self._stack, self._people, self.each = stack, people, messages // 2
        self.maya, self.leo = people.pair()
        for person in (self.maya, self.leo):
            _, session_id = people.sign_in(person)
            people.connection.execute(
                "insert into private.devices (user_id, device_id, platform, token, session_id)"
                " values (%s, gen_random_uuid(), 'android', %s, %s)",
                (person.id, str(person.id), session_id),
            )
        self.match_id = match(people, self.maya, self.leo)
        self._patch = pytest.MonkeyPatch()
        self.chaos = Chaos(seed)
        self._gateway = ChatGateway(self.chaos, self.chaos)
        self._front = Front(stack["UPSTASH_REDIS_REST_URL"])
        self._pushes = PushQueue(stack, self.match_id, self.chaos, speed=SPEED)
        environment = stack | {"AWS_ENDPOINT_URL": self._gateway.url}, self._overrides()
        self._doomed = DoomedProcess(("realtime", "conversations"), *environment)

    def __enter__(self) -> Self:
        self.chaos.__enter__()
        self._hasten_breakers()
        self._patch.setattr(tickets, "HEARTBEAT_SECONDS", 5)
        self._patch.setattr(registry, "YOUNG", registry.YOUNG / SPEED)
        functions = {name: self._function(name) for name in FUNCTIONS}
        self._gateway.start(functions, self._doomed, self._pushes)
        self._pushes.start(functions["push_sender"])
        self._patch.setattr(pushes, "sender", lambda: self._pushes.sender)
        return self

    def _overrides(self) -> dict[str, str]:
        return {
            "REALTIME_URL": self._gateway.ws_url,
            "REALTIME_ENDPOINT": self.chaos.url,
            "UPSTASH_REDIS_REST_URL": self._front.url,
            "ENABLE_RATE_LIMITING": "false",
        }

    def _function(self, name: str) -> Function:
        stack = self._stack | {"AWS_ENDPOINT_URL": self._gateway.url}
        return Function(name, stack, self._patch, self._overrides())

    def _hasten_breakers(self) -> None:
        """Shorten the time for which circuits stay open by the clients' factor."""

        def hasty(dependency: Dependency) -> Dependency:
            return replace(
                dependency,
                open_seconds=dependency.open_seconds / SPEED,
                rest_seconds=dependency.rest_seconds / SPEED,
            )

        def breaker(dependency: Dependency, shared: Shared | None = None) -> Breaker:
            return Breaker(hasty(dependency), shared)

        def shared(commands: Callable[[], Commands], dependency: Dependency) -> SharedCircuit:
            return SharedCircuit(commands, hasty(dependency))

        self._patch.setattr(redis_client, "Breaker", breaker)
        self._patch.setattr(circuits, "Breaker", breaker)
        self._patch.setattr(circuits, "SharedCircuit", shared)

    def __exit__(self, *_: object) -> None:
        self._pushes.__exit__()
        self._gateway.__exit__()
        self._doomed.__exit__()
        self._front.__exit__()
        self.chaos.__exit__()
        self._patch.undo()
        for person in (self.maya, self.leo):
            self._people.remove(person)

    def run(self, client: Path, *, seconds: float) -> list[History]:
        """Let the two write for at most `seconds`; return what each app has shown."""
        part = Part(self._gateway.url, self.match_id, self.each, speed=SPEED)
        running = [
            Participant(client, self.maya, part),
            Participant(client, self.leo, part, is_visible=False),
        ]
        try:
            self._upset(running, time.monotonic() + seconds)
            histories = [one.history() for one in running]
        finally:
            for one in running:
                one.kill()
        self._gateway.settle()
        self.chaos.is_calm = True
        self._pushes.finish(seconds=60)
        return histories

    def _upset(self, running: Sequence[Participant], ends_at: float) -> None:
        restart_at = between_restarts = min(4 * self.each // 3, 250)
        while time.monotonic() < ends_at and any(one.is_writing for one in running):
            if self._gateway.frames > restart_at:
                self._restart_redis()
                restart_at = self._gateway.frames + between_restarts
            time.sleep(0.05)

    def _restart_redis(self) -> None:
        """Restart Redis with nothing in it."""
        self.chaos.seen["Redis restarted"] += 1
        self._front.break_down("stopped")
        with Redis.from_url(self._stack["REDIS_URL"]) as redis:
            redis.flushall()
        time.sleep(0.2)
        self._front.heal()

    def wrong_pushes(self) -> list[str]:
        """Return what is wrong with the pushes; Maya's app is always visible, Leo's never."""
        return self._pushes.mistakes(self.maya, self.leo)

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
