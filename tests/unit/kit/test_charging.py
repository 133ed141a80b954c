"""Limits are charged to subjects, independently of HTTP."""

from uuid import UUID

import pytest

from tests.unit.kit.test_ratelimit import Away
from wingman.kit.errors import RateLimited
from wingman.kit.limits import charging
from wingman.kit.limits.charging import LimitReached, Subjects, charge
from wingman.kit.limits.limiter import Limiter
from wingman.kit.limits.limits import LINK, SIGNED_IN
from wingman.kit.limits.policy import Policy

MAYA = Subjects("192.0.2.1", UUID(int=1))
LEO = Subjects("192.0.2.2", UUID(int=2))
FRAMES = Policy("frames", 4, 60.0, "user")  # a container without Redis allows half


@pytest.fixture(autouse=True)
def _container_without_redis(monkeypatch: pytest.MonkeyPatch, fresh_container: None) -> None:
    for name in ("ENABLE_RATE_LIMITING", "RATE_LIMIT_SHADOW", "REQUESTS_PER_MINUTE"):
        monkeypatch.delenv(name, raising=False)
    limiter = Limiter(Away())
    monkeypatch.setattr(charging, "limiter", lambda: limiter)


def test_a_charge_names_every_bucket_of_its_subjects() -> None:
    charged = charge(MAYA, [FRAMES, *SIGNED_IN])
    assert list(charged.buckets) == [
        "ratelimit:frames:00000000-0000-0000-0000-000000000001",
        "ratelimit:user:00000000-0000-0000-0000-000000000001",
        "ratelimit:ip:192.0.2.1",
        "ratelimit:global:all",
    ]
    assert [verdict.allowed for verdict in charged.verdicts] == [True] * 4


@pytest.mark.parametrize(
    ("a_minute", "paces"), [(None, [10_000, 6_000]), ("240000", [240_000, 250])]
)
def test_a_deployment_sets_only_the_limit_of_all_callers(
    monkeypatch: pytest.MonkeyPatch, a_minute: str | None, paces: list[int]
) -> None:
    if a_minute:
        monkeypatch.setenv("REQUESTS_PER_MINUTE", a_minute)
    found = dict(charge(MAYA, [FRAMES, *SIGNED_IN]).buckets)
    everyone = found.pop("ratelimit:global:all")
    assert [everyone.capacity, everyone.micros_per_token] == paces
    assert list(found.values()) == [FRAMES, *SIGNED_IN[:2]]


def test_an_empty_bucket_refuses_with_the_verdict_of_every_bucket() -> None:
    charge(MAYA, [FRAMES], cost=2)
    with pytest.raises(LimitReached) as refused:
        charge(MAYA, [FRAMES, *SIGNED_IN])
    assert isinstance(refused.value, RateLimited)
    assert refused.value.headers["Retry-After"] == "120"
    assert [verdict.refuses for verdict in refused.value.verdicts] == [True, False, False, False]


def test_each_subject_has_its_own_buckets() -> None:
    charge(MAYA, [FRAMES], cost=2)
    assert charge(LEO, [FRAMES]).verdicts[0].allowed


def test_a_charge_can_be_refunded() -> None:
    charge(MAYA, [FRAMES, *SIGNED_IN], cost=2).give_back(FRAMES)
    assert charge(MAYA, [FRAMES]).verdicts[0].remaining == 1


def test_a_bucket_in_shadow_refunds_only_the_tokens_it_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RATE_LIMIT_SHADOW", "link")
    charge(MAYA, [LINK], cost=50)  # all that a container without Redis allows
    over = charge(MAYA, [LINK])
    assert over.verdicts[0].allowed is False
    over.give_back(LINK)
    assert charge(MAYA, [LINK]).verdicts[0].allowed is False


def test_disabled_limits_charge_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENABLE_RATE_LIMITING", "false")
    assert charge(MAYA, [FRAMES, *SIGNED_IN], cost=1000).verdicts == []
