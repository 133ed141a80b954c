"""The operator command `make limits`, against real Redis."""

import time
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from local import limits
from tests.support.functions import Function
from tests.support.people import People
from wingman.kit import settings
from wingman.kit.clients.redis import redis
from wingman.kit.limits import memory as ratelimit_memory
from wingman.kit.limits.limiter import Limiter
from wingman.kit.limits.limits import EVERY_IP, EVERY_USER, PUBLIC
from wingman.kit.limits.policy import Policy
from wingman.matches.limits import MATCH_REQUESTS

Command = Callable[..., str]
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def command(function: Callable[..., Function], capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command; return what it prints."""
    function("coach")  # for its environment

    def run(*arguments: str) -> str:
        capsys.readouterr()  # discards earlier metrics
        limits.main(arguments)
        return capsys.readouterr().out

    return run


def row(output: str, policy: str) -> list[str]:
    return next(line.split() for line in output.splitlines() if line.startswith(f"{policy} "))


def spend(policy: Policy, subject: str, times: int) -> None:
    Limiter(redis()).take({policy.key(subject): policy}, cost=times)


def test_a_users_buckets_are_shown_and_not_charged(command: Command) -> None:
    user = str(uuid4())
    spend(MATCH_REQUESTS, user, 5)
    for _ in range(3):
        output = command("show", user)
        assert row(output, "match-requests") == ["match-requests", "0", "5", "100", "s", "20", "s"]
    assert row(output, "user") == ["user", "100", "100", "0", "s", "now"]
    assert row(output, "coach")[1:3] == ["20", "20"]
    assert "ip " not in output
    assert "global" not in output


@pytest.mark.parametrize("written", ["2001:DB8::0:1", "2001:db8::2"])
def test_a_network_of_addresses_has_buckets_of_its_own(command: Command, written: str) -> None:
    spend(PUBLIC, "2001:db8::/64", 40)
    output = command("show", written)
    assert int(row(output, "public")[1]) <= 62  # it has refilled a little since
    assert row(output, EVERY_IP.name)[1] == "1000"
    command("reset", written)


def test_a_reset_refills_and_says_when_containers_notice(command: Command) -> None:
    user = str(uuid4())
    spend(MATCH_REQUESTS, user, 5)
    spend(EVERY_USER, user, 50)
    output = command("reset", user.upper())
    assert output.startswith("2 of ")
    assert "up to 30 s." in output
    assert row(output, "match-requests")[1] == "5"
    assert command("reset", user).startswith("0 of ")


def test_a_refused_user_passes_after_a_reset(
    command: Command,
    function: Callable[..., Function],
    people: People,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ratelimit_memory, "MAX_REFUSAL_SECONDS", 0.0)  # none is remembered
    maya, app = people.new(), function("match_request")
    spend(MATCH_REQUESTS, str(maya.id), 5)

    def invite() -> int:
        values = {"access_token": maya.token, "invitee_id": str(people.new().id)}
        return app.call("create", **values)[0]

    assert invite() == 429
    assert command("reset", str(maya.id)).startswith("1 of ")
    assert invite() == 201


def test_a_container_asks_again_before_a_long_refusal_ends(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Policy("slow", 1, 3600.0, "user")
    buckets = {slow.key(str(UUID(int=7))): slow}
    limiter = Limiter(redis())
    limiter.take(buckets)
    assert not limiter.take(buckets)[0].allowed
    limiter.reset(buckets)
    assert not limiter.take(buckets)[0].allowed  # the container remembers the refusal

    later = time.monotonic() + ratelimit_memory.MAX_REFUSAL_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert limiter.take(buckets)[0].allowed


def test_the_shared_bucket_is_named_all(command: Command) -> None:
    assert row(command("show", "all"), "global")[2] == "10000"


@pytest.mark.parametrize("subject", ["maya@example.com", "1.2.3", ""])
def test_an_unknown_subject_is_reported(
    command: Command, subject: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command("show", subject)
    assert "is not a user id or an IP address" in capsys.readouterr().err


def test_without_redis_the_command_says_where_to_look(function: Callable[..., Function]) -> None:
    function("coach", UPSTASH_REDIS_REST_URL=NOWHERE)
    with pytest.raises(SystemExit, match="UPSTASH_REDIS_REST_URL"):
        limits.main(["show", str(uuid4())])


def test_missing_settings_are_named(
    function: Callable[..., Function], monkeypatch: pytest.MonkeyPatch
) -> None:
    function("coach")
    monkeypatch.delenv("UPSTASH_REDIS_REST_TOKEN")
    settings._load.cache_clear()
    with pytest.raises(SystemExit, match="UPSTASH_REDIS_REST_TOKEN is missing"):
        limits.main(["show", str(uuid4())])
