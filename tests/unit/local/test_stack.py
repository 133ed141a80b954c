import json
import stat
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from local import deployment, environment, processes
from local.credentials import credentials
from local.errors import StackError
from local.stack import Stack, stack

# The variables that functions read.
VARIABLES = [
    "ENVIRONMENT",
    "API_URL",
    "APP_URL",
    "SUPABASE_URL",
    "SUPABASE_PUBLISHABLE_KEY",
    "SUPABASE_SECRET_KEY",
    "SUPABASE_SECRET_KEY_PREVIOUS",
    "LOCAL_JWT_JWK",
    "LOCAL_LEGACY_JWT_SECRET",
    "BACKEND_KEY",
    "DATABASE_URL",
    "UPSTASH_REDIS_REST_URL",
    "UPSTASH_REDIS_REST_TOKEN",
    "UPSTASH_REDIS_REST_TOKEN_APP",
    "UPSTASH_REDIS_REST_TOKEN_PUBLIC",
    "REDIS_URL",
    "RESEND_API_URL",
    "RESEND_API_KEY",
    "RESEND_WEBHOOK_SECRET",
    "AUTH_EMAIL_HOOK_SECRET",
    "RESEND_WEBHOOK_SECRET_PREVIOUS",
    "AUTH_EMAIL_HOOK_SECRET_PREVIOUS",
    "EMAIL_LINK_SECRET",
    "EMAIL_LINK_SECRET_PREVIOUS",
    "ANTHROPIC_API_URL",
    "ANTHROPIC_API_KEY",
    "ENABLE_AI_COACHING",
    "AUTH_URL",
    "INBOX_URL",
    "REALTIME_URL",
    "REALTIME_ENDPOINT",
    "STACK_NAME",
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "EMAIL_URGENT_QUEUE_URL",
    "EMAIL_BULK_QUEUE_URL",
    "PUSH_QUEUE_URL",
    "SENTRY_DSN",
    "ENABLE_PUSH",
    "FCM_URL",
    "FCM_API_URL",
    "FCM_SERVICE_ACCOUNT",
    "PHOTO_QUEUE_URL",
    "RECOMMENDATIONS_QUEUE_URL",
    "PHOTOS_BUCKET",
    "PHOTOS_DISTRIBUTION",
    "AUTH_REQUEST_QUEUE_URL",
    "PIDS",
]


@pytest.fixture
def here(tmp_path: Path) -> Stack:
    return Stack("dev", 8700, checkout=tmp_path)


def test_the_ports_of_dev_can_be_moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WINGMAN_PORT_BASE", "9300")
    assert stack("dev", checkout=tmp_path).url("api") == "http://127.0.0.1:9300"
    assert stack("test", checkout=tmp_path).url("api") == "http://127.0.0.1:9400"


@pytest.mark.parametrize("base", ["eighty", "80", "70000"])
def test_a_base_that_is_no_port_is_refused(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINGMAN_PORT_BASE", base)
    with pytest.raises(StackError, match="WINGMAN_PORT_BASE"):
        stack("dev")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Stack]:
    """A stack on base 9300 with one running part."""
    here = Stack("test", 9400, checkout=tmp_path)
    log = here.log("part")
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    started = processes.start(command, env={}, log=log, cwd=tmp_path)
    here.pids_file.write_text(json.dumps({"redis": vars(started)}))
    here.base_file.write_text("9300")
    yield here
    processes.stop(started)


def test_a_running_stack_is_found_without_the_variable(
    running: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WINGMAN_PORT_BASE", raising=False)
    assert stack("test", checkout=running.checkout) == running


def test_a_base_other_than_that_of_a_running_stack_is_an_error(
    running: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINGMAN_PORT_BASE", "9500")
    with pytest.raises(StackError, match=r"=9300, not 9500: .*`make down STACK=test`"):
        stack("test", checkout=running.checkout)
    assert stack("test", wherever=True, checkout=running.checkout) == running


def test_a_stopped_stack_uses_the_base_in_the_variable(
    running: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes.stop(processes.recorded(running.pids_file)["redis"])
    monkeypatch.setenv("WINGMAN_PORT_BASE", "9500")
    assert stack("test", checkout=running.checkout).base == 9600


def test_secrets_stay_the_same_and_are_for_their_owner_only(here: Stack) -> None:
    first = credentials(here)
    assert credentials(here) == first
    assert stat.S_IMODE((here.state / "secrets.json").stat().st_mode) == 0o600


def test_two_stacks_share_no_secret(here: Stack) -> None:
    mine, other = credentials(here), credentials(replace(here, name="test"))
    assert not set(vars(mine).values()) & set(vars(other).values())


def test_the_env_file_holds_every_variable_and_reads_back(here: Stack) -> None:
    path = environment.write(here, {"redis": 12})
    found = environment.read(here)
    assert list(found) == VARIABLES
    assert json.loads(found["PIDS"]) == {"redis": 12}
    assert path == here.checkout / ".local" / "env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(("value", "expected"), [(None, "true"), ("false", "false")])
def test_rate_limits_can_be_switched_off_on_this_machine(
    value: str | None, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ENABLE_RATE_LIMITING", raising=False)
    if value:
        monkeypatch.setenv("ENABLE_RATE_LIMITING", value)
    here = replace(stack("test"), checkout=tmp_path)
    assert deployment.parameters(here)["EnableRateLimiting"] == expected
