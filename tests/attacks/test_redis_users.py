"""The Redis tokens of functions allow only the commands that the functions need."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from redis import Redis, ResponseError

from local.redis_users import APP, PUBLIC, USERS, RedisUser
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
OF_USERS = (
    *("activity:user:{}", "login:user:{}", "departed:user:{}", "reputation:user:{}"),
    "ended:session:{}",
)
Connect = Callable[[RedisUser], Redis]
EACH_USER = pytest.mark.parametrize("user", USERS, ids=lambda user: user.name)


@pytest.fixture(scope="module")
def as_user(stack: dict[str, str]) -> Iterator[Connect]:
    """Connect to the running Redis as a new user with the same rules."""
    password = uuid4().hex
    mark = f"attack-{uuid4().hex[:8]}"
    with Redis.from_url(stack["REDIS_URL"]) as admin:
        names = {user: f"{mark}-{user.name}" for user in USERS}
        for user, name in names.items():
            admin.execute_command("ACL", "SETUSER", name, *user.rules, f">{password}")
        where = admin.get_connection_kwargs()
        connected = {
            user: Redis(where["host"], where["port"], username=name, password=password)
            for user, name in names.items()
        }
        yield connected.__getitem__
        for connection in connected.values():
            connection.close()
        admin.execute_command("ACL", "DELUSER", *names.values())


def refusal(connection: Redis, command: list[str]) -> str:
    with pytest.raises(ResponseError) as refused:
        connection.execute_command(*command)  # type: ignore[no-untyped-call]
    return str(refused.value)


@EACH_USER
@pytest.mark.parametrize("command", EVERYTHING, ids=" ".join)
def test_a_leaked_token_does_not_administer_redis(
    as_user: Connect, user: RedisUser, command: list[str]
) -> None:
    refused = refusal(as_user(user), command)
    assert re.search("no permissions|can't (run|access)", refused), refused


@pytest.mark.parametrize("key", OF_USERS)
def test_a_token_of_a_function_without_a_login_reaches_no_user(as_user: Connect, key: str) -> None:
    name = key.format(uuid4())
    for command in (["GET", name], ["DEL", name], ["HGETALL", name], ["SET", name, "1"]):
        assert "no permissions" in refusal(as_user(PUBLIC), command)
    assert as_user(APP).delete(name) == 0


@EACH_USER
def test_limits_and_circuits_work_with_either_token(as_user: Connect, user: RedisUser) -> None:
    key = f"ratelimit:test:{uuid4()}"
    script = "redis.call('SET', KEYS[1], '1', 'PX', 1000); return redis.call('GET', KEYS[1])"
    assert as_user(user).eval(script, 1, key) == b"1"
    assert "No matching script" in refusal(as_user(user), ["EVALSHA", "0" * 40, "1", key])
    assert as_user(user).ping()


@EACH_USER
def test_a_token_of_the_stack_belongs_to_its_narrow_user(
    stack: dict[str, str], user: RedisUser
) -> None:
    headers = {"Authorization": f"Bearer {stack[TOKENS[user]]}"}

    def run(*command: str) -> str:
        return httpx.post(stack["UPSTASH_REDIS_REST_URL"], json=command, headers=headers).text

    assert "NOPERM" in run("GET", "other:key")
    assert ("NOPERM" in run("GET", f"login:user:{uuid4()}")) == (user is PUBLIC)
    assert "PONG" in run("PING")


def test_a_user_has_the_commands_of_the_scripts() -> None:
    used = {
        command.lower()
        for script in SCRIPTS
        for command in re.findall(r"redis\.p?call\('(\w+)'", script.read_text())
    }
    assert len(used) > 10
    assert used <= APP.commands


def test_a_user_has_two_tokens_until_one_ends(stack: dict[str, str]) -> None:
    """As during a rotation (docs/operating.md)."""
    new = uuid4().hex

    def status() -> int:
        headers = {"authorization": f"Bearer {new}"}
        url = stack["UPSTASH_REDIS_REST_URL"]
        return httpx.post(url, json=["PING"], headers=headers, timeout=10).status_code

    assert status() == 401
    with Redis.from_url(stack["REDIS_URL"]) as admin:
        admin.execute_command("ACL", "SETUSER", PUBLIC.name, f">{new}")
        assert status() == 200
        admin.execute_command("ACL", "SETUSER", PUBLIC.name, f"<{new}")
    ends_at = time.monotonic() + 20
    while (found := status()) == 200 and time.monotonic() < ends_at:
        time.sleep(0.1)
    assert found == 401
