"""Each dependency of the deployed API is stopped in turn, and started again."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.support.api import Api, assert_problem
from tests.support.fixtures import ENV_FILE
from tests.support.inbox import Inbox
from tests.support.people import People
from tests.support.template import ROOT

pytestmark = pytest.mark.alone


def pids() -> dict[str, int]:
    words = dict(word.split("=", 1) for word in shlex.split(ENV_FILE.read_text()))
    found: dict[str, int] = json.loads(words["PIDS"])
    return found


@contextmanager
def stopped(part: str) -> Iterator[None]:
    """Kill a part of the stack; start it again at the end, as a developer would."""
    os.kill(pids()[part], signal.SIGINT if part == "postgres" else signal.SIGKILL)
    try:
        yield
    finally:
        name = ENV_FILE.parent.name
        command = [sys.executable, "-m", "local", "up", "--name", name]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def hung(part: str) -> Iterator[None]:
    """Let a part accept connections and never answer."""
    pid = pids()[part]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def health(api: Api) -> tuple[int, dict[str, Any]]:
    """Read /health from a warm container; it answers whatever is down."""
    api.call("GET", "/health")
    response = api.call("GET", "/health")
    return response.status_code, response.json()


def wait_for_email_breaker(states: set[str], api: Api) -> None:
    """Wait up to 30 s until the circuit that all senders share is in one of these states."""
    ends_at = time.monotonic() + 30
    while (found := email_breaker(api)) not in states:
        assert time.monotonic() < ends_at, found
        time.sleep(0.5)


def email_breaker(api: Api) -> str:
    report = api.call("GET", "/health").json()
    return str(report["services"]["circuit_breakers"]["email"]["state"])


def until(status: int, api: Api, people: People) -> httpx.Response:
    """Send requests until the API answers with `status`, for up to 30 s."""
    person, ends_at = people.new(), time.monotonic() + 30
    while (response := api.call("GET", "/api/matches", person)).status_code != status:
        assert time.monotonic() < ends_at, response.text
        time.sleep(0.2)
    return response


@pytest.mark.parametrize("part", ["postgres", "postgrest"])
def test_without_a_database_there_is_a_503_and_then_a_200(
    api: Api, people: People, part: str
) -> None:
    maya, leo = people.pair()
    with stopped(part):
        response = api.invite(maya, leo)
        assert_problem(response, 503, "dependency_unavailable")
        assert int(response.headers["retry-after"]) >= 1
        assert_problem(api.call("GET", "/api/matches", maya), 503, "dependency_unavailable")
        status, report = health(api)
        assert (status, report["status"]) == (503, "unhealthy")
        assert report["services"]["database"]["service_client"] is False
        assert report["services"]["redis"]["connected"] is True
    until(200, api, people)
    assert api.invite(maya, leo).status_code == 201
    assert health(api)[1]["status"] == "healthy"


@pytest.mark.parametrize("fault", [stopped, hung])
def test_without_redis_the_api_works_and_still_limits(api: Api, people: People, fault: Any) -> None:
    maya = people.new()
    api.call("GET", f"/api/user/reputation/{maya.id}", maya)  # warm, as for /health
    with fault("redis"):
        codes = [api.invite(maya, people.new()).status_code for _ in range(7)]
        assert codes.count(201) >= 5
        reputation = api.call("GET", f"/api/user/reputation/{maya.id}", maya)
        assert (reputation.status_code, reputation.json()["score"]) == (200, 0)
        assert reputation.headers["x-cache"] == "bypass"
        status, report = health(api)
        assert (status, report["status"]) == (200, "degraded")
        assert report["services"]["redis"]["connected"] is False
        assert report["services"]["rate_limiter"]["redis_available"] is False
    assert health(api)[1]["status"] == "healthy"


def test_a_hung_database_is_a_503_in_time(api: Api, people: People) -> None:
    maya = people.new()
    with hung("postgrest"):
        assert_problem(api.call("GET", "/api/matches", maya), 503, "dependency_unavailable")
        status, report = health(api)
        assert (status, report["status"]) == (503, "unhealthy")
    until(200, api, people)


def test_emails_wait_while_the_provider_is_down(api: Api, people: People, inbox: Inbox) -> None:
    maya, leo = people.pair()
    with stopped("resend"):
        assert api.invite(maya, leo).status_code == 201
        status, report = health(api)
        assert (status, report["status"]) == (200, "degraded")
        assert report["services"]["email"]["enabled"] is False
        for _ in range(2):  # a sender without retries left fails once for each
            assert api.invite(*people.pair()).status_code == 201
        wait_for_email_breaker({"open"}, api)
    wait_for_email_breaker({"half_open", "closed"}, api)
    assert health(api)[1]["status"] == "healthy"
    # The retry is due in a minute or two; move the clock instead of waiting.
    ends_at = time.monotonic() + 90
    while not inbox.of(leo) and time.monotonic() < ends_at:
        people.connection.execute(
            "update public.email_logs set due_at = now(), enqueued_at = null"
            " where user_id = %s and delivery_status = 'pending'",
            (leo.id,),
        )
        time.sleep(1)
    inbox.wait_for(leo, 1)
