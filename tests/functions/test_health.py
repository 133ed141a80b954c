from collections.abc import Callable

import pytest

from tests.support.functions import Function
from tests.support.people import People

Load = Callable[..., Function]
NOWHERE = "http://127.0.0.1:9"


def test_a_complete_stack_is_healthy(function: Load) -> None:
    status, health, _ = function("health").call("get")
    assert (status, health["status"], health["environment"]) == (200, "healthy", "local")
    services = health["services"]
    assert services["database"]["service_client"] is services["database"]["anon_client"] is True
    assert services["redis"]["connected"] is True
    assert services["redis"]["ping_time"].endswith("ms")
    assert services["email"] == {"enabled": True}
    assert services["rate_limiter"] == {"enabled": True, "redis_available": True}


def test_the_service_is_unhealthy_without_the_database(function: Load) -> None:
    status, health, _ = function("health", SUPABASE_URL=NOWHERE).call("get")
    assert (status, health["status"]) == (503, "unhealthy")
    assert health["services"]["database"]["service_client"] is False
    assert health["services"]["database"]["anon_client"] is False
    assert health["services"]["database"]["error"] == "DependencyUnavailable"


def test_a_wrong_service_key_degrades_the_service(function: Load) -> None:
    status, health, _ = function("health", SUPABASE_SECRET_KEY="wrong").call("get")
    assert (status, health["status"]) == (200, "degraded")
    assert health["services"]["database"]["service_client"] is False
    assert health["services"]["database"]["anon_client"] is True


def test_a_legacy_service_key_acts_as_service_role(function: Load, people: People) -> None:
    status, health, _ = function("health", SUPABASE_SECRET_KEY=people.legacy_key()).call("get")
    assert (status, health["status"]) == (200, "healthy")


@pytest.mark.parametrize("legacy", [True, False])
def test_a_key_of_another_role_degrades_the_service(
    function: Load, people: People, stack: dict[str, str], legacy: bool
) -> None:
    key = people.legacy_key("anon") if legacy else stack["SUPABASE_PUBLISHABLE_KEY"]
    status, health, _ = function("health", SUPABASE_SECRET_KEY=key).call("get")
    assert (status, health["status"]) == (200, "degraded")
    assert health["services"]["database"]["service_client"] is False
    assert health["services"]["database"]["error"] == "NotServiceRole"


def test_the_service_is_degraded_without_redis(function: Load) -> None:
    status, health, _ = function("health", UPSTASH_REDIS_REST_URL=NOWHERE).call("get")
    assert (status, health["status"]) == (200, "degraded")
    assert health["services"]["redis"]["connected"] is False
    assert health["services"]["rate_limiter"]["redis_available"] is False


def test_the_service_is_degraded_without_the_email_provider(function: Load) -> None:
    status, health, _ = function("health", RESEND_API_URL=NOWHERE).call("get")
    assert (status, health["status"]) == (200, "degraded")
    assert health["services"]["email"]["enabled"] is False


FEATURES = ("ENABLE_AI_COACHING", "ENABLE_MATCH_SHARING", "ENABLE_CHALLENGE_SHARING", "ENABLE_PUSH")


@pytest.mark.parametrize("enabled", [True, False])
def test_apps_read_the_enabled_features(function: Load, enabled: bool) -> None:
    app = function("health", **dict.fromkeys(FEATURES, str(enabled).lower()))
    status, features, headers = app.call("features")
    assert status == 200
    assert features == {
        "ai_coaching": enabled,
        "match_sharing": enabled,
        "challenge_sharing": enabled,
        "push": enabled,
    }
    assert headers["cache-control"] == "public, max-age=60"
    assert headers["etag"]


def test_coaching_and_push_are_off_and_sharing_on_by_default(function: Load) -> None:
    _, features, _ = function("health", **dict.fromkeys(FEATURES, "")).call("features")
    sharing = {"match_sharing": True, "challenge_sharing": True}
    assert features == {"ai_coaching": False, "push": False} | sharing
