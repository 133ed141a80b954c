"""The operator command `make cache`, against real Redis."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from local import cache
from local.sample_events import filled
from tests.support.functions import Function
from tests.support.template import ROOT
from wingman.kit import settings
from wingman.kit.clients import redis as redis_module

Command = Callable[..., str]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*arguments: str) -> str:
        capsys.readouterr()
        cache.main(arguments)
        return capsys.readouterr().out

    return run


def test_a_dropped_reputation_is_counted_again(
    function: Callable[..., Function], stack: dict[str, str], command: Command
) -> None:
    app, event = function("reputation"), filled(ROOT / "events/reputation/get.json", stack)
    user = event["rawPath"].rpartition("/")[2]

    def source() -> str:
        return str(app.invoke(event)["headers"]["x-cache"])

    assert [source(), source()] == ["miss", "hit"]
    assert " s left" in command("show", "reputation", user)
    assert command("drop", "reputation", user) == "1 of 1 values were cached; now none is.\n"
    assert "not cached" in command("show", "reputation", user)
    assert source() == "miss"


def test_challenges_are_dropped_in_every_list(
    function: Callable[..., Function], command: Command
) -> None:
    app = function("challenges")
    app.call("list")
    app.call("beginner")

    assert command("drop", "challenges") == "2 of 4 values were cached; now none is.\n"
    assert app.call("beginner")[2]["x-cache"] == "miss"


@pytest.mark.parametrize("arguments", [["drop", "reputation"], ["drop", "reputation", "maya"]])
def test_a_missing_or_malformed_id_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cache.main(arguments)
    assert ended.value.code == 2


def test_without_redis_the_command_says_where_to_look(
    function: Callable[..., Function], monkeypatch: pytest.MonkeyPatch
) -> None:
    function("reputation", UPSTASH_REDIS_REST_URL="http://127.0.0.1:9")
    settings._load.cache_clear()
    redis_module.redis.cache_clear()

    with pytest.raises(SystemExit, match="is UPSTASH_REDIS_REST_URL right"):
        cache.main(["drop", "reputation", str(uuid4())])
