"""The state in Redis: open circuits, and the number of connected users."""

import json
from uuid import UUID

from local.doctor.findings import Findings, fail, ok, warn
from wingman.kit import declarations
from wingman.kit.clients.dependencies import REDIS
from wingman.kit.clients.redis import redis
from wingman.kit.resilience.breaker import Dependency
from wingman.realtime.registry import connections_key

# A scan would read every key of Redis, so it stops after this many.
_PAGES, _PAGE = 200, 1000
_SAMPLE = UUID(int=0)


def breakers() -> Findings:
    """Read the circuit of each dependency."""
    shared = [
        each
        for each in declarations.declared("dependencies", Dependency)
        if each.name != REDIS.name
    ]
    stored = redis().run("MGET", *[each.key for each in shared])
    states = {
        each.name: json.loads(text)["state"] if text else "closed"
        for each, text in zip(shared, stored, strict=True)
    }
    for name, state in states.items():
        if state != "closed":
            text = f"the breaker of {name} is {state}: most calls to it are skipped"
            yield fail("breakers", text, f"the status page of {name}; it closes by itself")
    if closed := [name for name, state in states.items() if state == "closed"]:
        yield ok("breakers", f"closed: {', '.join(closed)}")


def connections() -> Findings:
    """Count the users in the connection registry."""
    pattern = connections_key(_SAMPLE).replace(str(_SAMPLE), "*")
    cursor, users = "0", 0
    for _ in range(_PAGES):
        cursor, page = redis().run("SCAN", cursor, "MATCH", pattern, "COUNT", _PAGE)
        users += len(page)
        if str(cursor) == "0":
            yield ok("connections", f"{users} users are connected")
            return
    text = f"at least {users} users are connected, in the first {_PAGES * _PAGE} keys"
    yield warn("connections", text, "CloudWatch has ConnectCount of the WebSocket API")
