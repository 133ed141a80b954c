"""Health checks of all dependencies, run in parallel and in bounded time."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from datetime import datetime
from functools import cache
from typing import Literal, NamedTuple

from pydantic import BaseModel

from wingman.kit import declarations
from wingman.kit.clients.circuits import breaker
from wingman.kit.clients.database import get_anon_client, get_service_client
from wingman.kit.clients.dependencies import REDIS, SUPABASE
from wingman.kit.clients.redis import redis
from wingman.kit.clients.transport import reach
from wingman.kit.clock import utc_now, within
from wingman.kit.limits.settings import LimitSettings
from wingman.kit.resilience.breaker import Breaker, Dependency
from wingman.kit.resilience.circuit import State
from wingman.kit.settings import AppSettings, load
from wingman.notifications.email.dependencies import EMAIL_PROVIDER
from wingman.notifications.email.settings import ProviderSettings

PATIENCE_SECONDS = 1.5


class DatabaseHealth(BaseModel):
    """Postgres, called with both kinds of key."""

    service_client: bool
    anon_client: bool
    latency_ms: float
    error: str | None = None


class RedisHealth(BaseModel):
    """Redis, with the duration of a ping (`1.23ms`)."""

    connected: bool
    ping_time: str
    error: str | None = None


class EmailHealth(BaseModel):
    """Whether the email provider answers."""

    enabled: bool
    error: str | None = None


class RateLimiterHealth(BaseModel):
    """Whether rate limits apply, and whether all containers share them."""

    enabled: bool
    redis_available: bool


class CircuitBreakerHealth(BaseModel):
    """The state of a circuit: `open` blocks all calls, `half_open` admits a few as a trial."""

    state: State


class CircuitBreakers(BaseModel):
    """The breaker of each dependency; `external` is the worst of all others."""

    supabase: CircuitBreakerHealth
    redis: CircuitBreakerHealth
    email: CircuitBreakerHealth
    external: CircuitBreakerHealth


class Services(BaseModel):
    """The dependencies."""

    database: DatabaseHealth
    redis: RedisHealth
    email: EmailHealth
    rate_limiter: RateLimiterHealth
    circuit_breakers: CircuitBreakers


class Health(BaseModel):
    """The state of the service: `unhealthy` without the database, `degraded` on other failures."""

    status: Literal["healthy", "degraded", "unhealthy"]
    timestamp: datetime
    environment: str
    version: str
    services: Services


class Probe(NamedTuple):
    milliseconds: float
    error: str | None = None

    @property
    def ok(self) -> bool:
        return self.error is None


def check_health() -> Health:
    """Probe all dependencies in parallel; a probe that succeeds informs an open breaker."""
    probes = _probe_all(
        {
            "service": lambda: get_service_client().ping_as_service_role(),
            "anon": lambda: get_anon_client().ping(),
            "redis": lambda: redis().ping(),
            "email": _reach_email_provider,
            "breakers": _learn_states,
        }
    )
    _notify_breakers(probes)
    settings = load(AppSettings)
    states = _states()
    return Health(
        status=_status(probes, states),
        timestamp=utc_now(),
        environment=settings.environment,
        version=settings.version,
        services=_services(probes, states),
    )


def _learn_states() -> None:
    shared = [each for each in _breakers() if each.shared]
    keys = [each.dependency.key for each in shared]
    for each, stored in zip(shared, redis().run("MGET", *keys), strict=True):
        each.learn(stored)


def _notify_breakers(probes: Mapping[str, Probe]) -> None:
    alive = {
        SUPABASE: probes["service"].ok and probes["anon"].ok,
        REDIS: probes["redis"].ok,
        EMAIL_PROVIDER: probes["email"].ok,
    }
    for dependency, answers in alive.items():
        if answers:
            breaker(dependency).mark_alive()


def _states() -> CircuitBreakers:
    shown = (SUPABASE, REDIS, EMAIL_PROVIDER)
    others = [each.state for each in _breakers() if each.dependency not in shown]
    states = {dependency.name: breaker(dependency).state for dependency in shown}
    states["external"] = max(others, key=list(State).index)
    return CircuitBreakers.model_validate({n: {"state": state} for n, state in states.items()})


@cache
def _breakers() -> Sequence[Breaker]:
    return [breaker(each) for each in declarations.declared("dependencies", Dependency)]


def _status(
    probes: Mapping[str, Probe], breakers: CircuitBreakers
) -> Literal["healthy", "degraded", "unhealthy"]:
    if not (probes["service"].ok or probes["anon"].ok):
        return "unhealthy"
    stopped = any(each["state"] is State.OPEN for each in breakers.model_dump().values())
    return "degraded" if stopped or not all(p.ok for p in probes.values()) else "healthy"


def _services(probes: Mapping[str, Probe], states: CircuitBreakers) -> Services:
    service, anon, cache, email = (probes[name] for name in ("service", "anon", "redis", "email"))
    return Services(
        database=DatabaseHealth(
            service_client=service.ok,
            anon_client=anon.ok,
            latency_ms=max(service.milliseconds, anon.milliseconds),
            error=service.error or anon.error,
        ),
        redis=RedisHealth(
            connected=cache.ok, ping_time=f"{cache.milliseconds:.2f}ms", error=cache.error
        ),
        email=EmailHealth(enabled=email.ok, error=email.error),
        rate_limiter=RateLimiterHealth(
            enabled=load(LimitSettings).enable_rate_limiting, redis_available=cache.ok
        ),
        circuit_breakers=states,
    )


def _probe_all(probes: Mapping[str, Callable[[], object]]) -> Mapping[str, Probe]:
    pool = ThreadPoolExecutor(len(probes))
    # Each in a copy of this context, for its deadline and its trace.
    running = {
        name: pool.submit(copy_context().run, _timed, probe) for name, probe in probes.items()
    }
    wait(running.values(), timeout=PATIENCE_SECONDS)
    pool.shutdown(wait=False, cancel_futures=True)
    return {name: _outcome(future) for name, future in running.items()}


def _timed(probe: Callable[[], object]) -> Probe:
    started = time.perf_counter()
    try:
        with within(PATIENCE_SECONDS):
            probe()
    except Exception as error:  # noqa: BLE001 - any error is a result
        return Probe(_since(started), type(error).__name__)
    return Probe(_since(started))


def _outcome(future: "Future[Probe]") -> Probe:
    return future.result() if future.done() else Probe(PATIENCE_SECONDS * 1000, "Timeout")


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)


def _reach_email_provider() -> None:
    """Accept any answer: this function has no key to the provider."""
    reach(load(ProviderSettings).resend_api_url, EMAIL_PROVIDER.name, seconds=PATIENCE_SECONDS)
