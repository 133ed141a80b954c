"""The difference of two readings of a stack, per repetition."""

from typing import Any

import pytest

from tests.bench.meters import Worker, each, is_work


def segment(id_: str, name: str, parent: str = "", milliseconds: float = 0) -> dict[str, Any]:
    facts = {"wingman": {"function": "wingman-PushSenderFunction-1A2B"}}
    return {
        "id": id_,
        "name": name,
        "parent_id": parent,
        "start_time": 100.0,
        "end_time": 100 + milliseconds / 1000,
        "metadata": facts if name == "handler" else {},
    }


def reading(segments: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = dict.fromkeys(("redis", "emails", "pushes", "requests", "frames"), 0)
    usual: dict[str, Any] = {"at": 50.0, "cpu": {}, "database": {}, "database_cpu": {}, "rows": {}}
    return nothing | usual | {"segments": {one["id"]: one for one in segments}} | more


def test_a_step_is_the_difference_of_two_readings_by_its_repetitions() -> None:
    old = [segment("a", "handler", milliseconds=70), segment("b", "redis", "a")]
    new = [segment("c", "handler", milliseconds=30), segment("d", "supabase", "c")]
    new += [segment("e", "supabase", "c"), segment("f", "redis", "unknown")]
    before = reading(
        old,
        cpu={21: Worker("push_sender", 1, 50.0), 22: Worker("push_sender", 1, 9)},
        database={"buffers": 1000},
        database_cpu={11: 5.0, 12: 7.0},
        rows={"public.messages": 3, "public.likes": 4},
        redis=5,
    )
    after = reading(
        old + new,
        cpu={
            21: Worker("push_sender", 1, 70.0),
            23: Worker("push_sender", 60, 10.0),  # started since
            24: Worker("push_sender", 1, 900.0),  # missing in the first reading
        },
        database={"buffers": 1300},
        database_cpu={11: 9.0, 13: 2.0},  # one connection has ended, one is new
        rows={"public.messages": 5, "public.likes": 4, "private.feeds": 2},
        redis=9,
        emails=1,
    )
    assert each(before, after, 2) == {
        "requests": 0,
        "frames": 0,
        "redis_commands": 2,
        "emails": 0.5,
        "pushes": 0,
        "database_cpu_ms": 3,
        "buffers": 150,
        "functions": {
            "push_sender": {
                "cpu_ms": 15,
                "wall_ms": 15,
                "calls": {"invocations": 0.5, "supabase": 1},
            }
        },
        "rows": {"private.feeds": 1, "public.messages": 1},
    }


@pytest.mark.parametrize(
    ("client", "command", "counts"),
    [
        ("tcp", "EVALSHA 842cfc 1 reputation", True),
        ("lua", "TIME", False),
        ("tcp", "AUTH (redacted) (redacted)", False),
        ("tcp", "HELLO 3", False),
        ("tcp", "CLIENT SETINFO LIB-NAME redis-py", False),
    ],
)
def test_connecting_and_scripts_are_no_commands_of_their_own(
    client: str, command: str, counts: bool
) -> None:
    assert is_work({"client_type": client, "command": command}) is counts
