"""Whether what we depend on works, asked of all of it at once and answered in bounded time."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel

from wingman.kit.clock import utc_now, within
from wingman.kit.database import get_anon_client, get_service_client
from wingman.kit.redis import redis
from wingman.kit.settings import AppSettings, MailProviderSettings, load
from wingman.kit.transport import http_client

PATIENCE_SECONDS = 1.5


class DatabaseHealth(BaseModel):
    """Postgres, asked with both kinds of key."""

    service_client: bool
    anon_client: bool
    latency_ms: float
    error: str | None = None


class RedisHealth(BaseModel):
    """Redis, and how long a ping takes (`1.23ms`)."""

    connected: bool
    ping_time: str
    error: str | None = None


class EmailHealth(BaseModel):
    """Whether the mail provider answers."""

    enabled: bool
    error: str | None = None


class RateLimiterHealth(BaseModel):
    """Whether limits hold at all, and whether all containers share them."""

    enabled: bool
    redis_available: bool


class Services(BaseModel):
    """Each thing we depend on."""

    database: DatabaseHealth
    redis: RedisHealth
    email: EmailHealth
    rate_limiter: RateLimiterHealth


class Health(BaseModel):
    """`unhealthy`: nothing works without the database. `degraded`: something is missing."""

    status: Literal["healthy", "degraded", "unhealthy"]
    timestamp: datetime
    environment: str
    version: str
    services: Services


class Probe(NamedTuple):
    """What one dependency answered: how long it took, or why it did not."""

    milliseconds: float
    error: str | None = None

    @property
    def ok(self) -> bool:
        """Whether it works."""
        return self.error is None


def check_health() -> Health:
    """Probe everything side by side, in at most PATIENCE_SECONDS."""
    probes = _probe_all(
        {
            "service": lambda: get_service_client().rpc("ping", {}),
            "anon": lambda: get_anon_client().rpc("ping", {}),
            "redis": lambda: redis().run("PING"),
            "email": _reach_mail_provider,
        }
    )
    settings = load(AppSettings)
    return Health(
        status=_status(probes),
        timestamp=utc_now(),
        environment=settings.environment,
        version=settings.version,
        services=_services(probes, settings),
    )


def _status(probes: Mapping[str, Probe]) -> Literal["healthy", "degraded", "unhealthy"]:
    if not (probes["service"].ok or probes["anon"].ok):
        return "unhealthy"
    return "healthy" if all(probe.ok for probe in probes.values()) else "degraded"


def _services(probes: Mapping[str, Probe], settings: AppSettings) -> Services:
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
            enabled=settings.enable_rate_limiting, redis_available=cache.ok
        ),
    )


def _probe_all(probes: Mapping[str, Callable[[], object]]) -> Mapping[str, Probe]:
    pool = ThreadPoolExecutor(len(probes))
    running = {name: pool.submit(_timed, probe) for name, probe in probes.items()}
    wait(running.values(), timeout=PATIENCE_SECONDS)
    pool.shutdown(wait=False, cancel_futures=True)
    return {name: _outcome(future) for name, future in running.items()}


def _timed(probe: Callable[[], object]) -> Probe:
    started = time.perf_counter()
    try:
        with within(PATIENCE_SECONDS):
            probe()
    except Exception as error:  # noqa: BLE001 - whatever went wrong is the answer
        return Probe(_since(started), type(error).__name__)
    return Probe(_since(started))


def _outcome(future: "Future[Probe]") -> Probe:
    return future.result() if future.done() else Probe(PATIENCE_SECONDS * 1000, "Timeout")


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)


def _reach_mail_provider() -> None:
    """Any answer will do: this function has no key to the provider."""
    url = load(MailProviderSettings).resend_api_url
    with http_client(timeout=PATIENCE_SECONDS) as client:
        client.head(url)
