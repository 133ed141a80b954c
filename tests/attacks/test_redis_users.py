"""The tokens of Redis that functions hold do no more than the functions do."""

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from local.redis_users import APP, PUBLIC, RedisUser
from wingman.kit import clients

SCRIPTS = sorted(Path(clients.__file__).parents[2].rglob("*.lua"))
TOKENS = {APP: "UPSTASH_REDIS_REST_TOKEN_APP", PUBLIC: "UPSTASH_REDIS_REST_TOKEN_PUBLIC"}
EVERYTHING = [
    *(["FLUSHALL"], ["FLUSHDB"], ["KEYS", "*"], ["SCAN", "0"], ["RANDOMKEY"], ["DBSIZE"]),
    *(["CONFIG", "GET", "*"], ["ACL", "LIST"], ["INFO"], ["SCRIPT", "FLUSH"], ["DUMP", "x"]),
    *(["GET", "other:key"], ["SET", "other:key", "1"], ["DEL", "other:key"]),
    ["EVAL", "return redis.call('GET', 'other:key')", "0"],
    ["EVAL", "return redis.call('KEYS', '*')", "0"],
    ["EVAL", "return redis.call('GET', KEYS[1])", "1", "other:key"],
]
OF_USERS = ("activity:user:{}", "login:user:{}", "departed:user:{}", "reputation:user:{}")


def run(stack: dict[str, str], user: RedisUser, command: list[str]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {stack[TOKENS[user]]}"}
    answer = httpx.post(stack["UPSTASH_REDIS_REST_URL"], json=command, headers=headers)
    assert answer.status_code in {200, 400}, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("user", TOKENS, ids=lambda user: user.name)
@pytest.mark.parametrize("command", EVERYTHING, ids=" ".join)
def test_a_leaked_token_does_not_administer_redis(
    stack: dict[str, str], user: RedisUser, command: list[str]
) -> None:
    answer = run(stack, user, command)
    assert re.search("NOPERM|can't (run|access)", answer["error"]), answer


@pytest.mark.parametrize("key", OF_USERS)
def test_a_token_of_a_function_without_a_login_reaches_no_user(
    stack: dict[str, str], key: str
) -> None:
    name = key.format(uuid4())
    for command in (["GET", name], ["DEL", name], ["HGETALL", name], ["SET", name, "1"]):
        assert "NOPERM" in run(stack, PUBLIC, command)["error"]
    assert run(stack, APP, ["DEL", name]) == {"result": 0}


@pytest.mark.parametrize("user", TOKENS, ids=lambda user: user.name)
def test_limits_and_circuits_work_with_either_token(stack: dict[str, str], user: RedisUser) -> None:
    key = f"ratelimit:test:{uuid4()}"
    script = "redis.call('SET', KEYS[1], '1', 'PX', 1000); return redis.call('GET', KEYS[1])"
    assert run(stack, user, ["EVAL", script, "1", key]) == {"result": "1"}
    assert "NOSCRIPT" in run(stack, user, ["EVALSHA", "0" * 40, "1", key])["error"]
    assert run(stack, user, ["PING"]) == {"result": "PONG"}


def test_a_user_has_the_commands_of_the_scripts() -> None:
    used = {
        command.lower()
        for script in SCRIPTS
        for command in re.findall(r"redis\.p?call\('(\w+)'", script.read_text())
    }
    assert len(used) > 10
    assert used <= APP.commands
