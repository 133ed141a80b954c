"""The limiter writes metrics, and keeps to its share while Redis is unavailable."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from wingman.kit.clients.commands import Command, Commands
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.limits.limiter import Limiter
from wingman.kit.limits.policy import Policy
from wingman.kit.observability import metrics


class Away(Commands):
    def run(self, *command: object) -> Any:
        raise DependencyUnavailable("redis")

    def pipeline(self, commands: Sequence[Command]) -> list[Any]:
        raise DependencyUnavailable("redis")


@pytest.mark.parametrize(
    ("shadow", "refusal"), [(False, "RateLimitRefused"), (True, "RateLimitWouldRefuse")]
)
def test_verdicts_near_or_beyond_a_limit_are_counted(
    fresh_container: None, capsys: pytest.CaptureFixture[str], *, shadow: bool, refusal: str
) -> None:
    policy = Policy("small", 20, 1000.0, "user", share=1.0, shadow=shadow)
    limiter = Limiter(Away())
    for _ in range(23):
        limiter.take({"key": policy})
    metrics().flush()

    counted = {"RateLimitNear": 0, "RateLimitRefused": 0, "RateLimitWouldRefuse": 0}
    for line in map(json.loads, capsys.readouterr().out.splitlines()):
        for name in counted.keys() & line.keys():
            assert line["policy"] == "small"
            counted[name] += line[name]
    # Two requests leave less than a tenth of the twenty; the next three are refused.
    expected = {"RateLimitNear": 2, refusal: 3}
    assert {name: number for name, number in counted.items() if number} == expected


def test_without_redis_a_container_keeps_to_its_share(fresh_container: None) -> None:
    policy = Policy("large", 100, 1000.0, "user", share=0.1)
    limiter = Limiter(Away())

    assert sum(limiter.take({"key": policy})[0].allowed for _ in range(50)) == 10
