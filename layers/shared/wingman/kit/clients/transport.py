"""HTTP clients on one TLS context (loading it takes 25 ms), bounded by the deadline."""

import ssl
from collections.abc import Callable
from functools import cache
from typing import Any

import httpx

from wingman.kit.clock import time_left
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.tracing.segments import Segment, shown, subsegment

# After these errors the request certainly never left this machine.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# A gateway answers with these when the service behind it does not; the body can be anything.
GATEWAY_ERRORS = frozenset({502, 503, 504})


def refuse_gateway_errors(response: httpx.Response) -> None:
    """Raise httpx.HTTPStatusError."""
    if response.status_code in GATEWAY_ERRORS:
        response.read()
        response.raise_for_status()


def http_client(
    dependency: str,
    *,
    timeout: float,
    connect_timeout: float = 1.0,
    judge: Callable[[httpx.Response], None] = refuse_gateway_errors,
    prepare: Callable[[httpx.Request], None] = lambda _: None,
) -> httpx.Client:
    """Open a client; `judge` raises an error for an answer that is not the service's own.

    `prepare` changes a request before it leaves. Traces show calls under the dependency's name.
    """
    return _TracedClient(
        dependency,
        verify=tls(),
        timeout=httpx.Timeout(timeout, connect=min(connect_timeout, timeout)),
        event_hooks={"request": [_bound_by_deadline, prepare], "response": [_answered, judge]},
        trust_env=False,
    )


class _TracedClient(httpx.Client):
    """A client whose calls are subsegments of the invocation's trace."""

    def __init__(self, dependency: str, **options: Any) -> None:
        super().__init__(**options)
        self._dependency = dependency

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        with subsegment(self._dependency, namespace="remote") as segment:
            segment.asks(request.method, shown(str(request.url)))
            request.extensions["segment"] = segment
            return super().send(request, **options)


def _answered(response: httpx.Response) -> None:
    segment: Segment = response.request.extensions["segment"]
    segment.answered(response.status_code)


@cache
def tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def reach(url: str, dependency: str, *, seconds: float) -> None:
    """Accept any status. Raises DependencyUnavailable."""
    try:
        with http_client(dependency, timeout=seconds) as client:
            client.head(url)
    except httpx.HTTPError as error:
        raise DependencyUnavailable(dependency) from error


def never_sent(error: BaseException | None) -> bool:
    return isinstance(error, _NEVER_SENT)


def asked_to_wait(error: Exception) -> float | None:
    response = getattr(error, "response", None)
    return None if response is None else retry_after(response)


def retry_after(response: httpx.Response) -> float | None:
    seconds = response.headers.get("retry-after", "")
    return float(seconds) if seconds.isdecimal() else None


def _bound_by_deadline(request: httpx.Request) -> None:
    left = time_left()
    own = request.extensions["timeout"]
    request.extensions["timeout"] = {
        phase: left if seconds is None else min(seconds, left) for phase, seconds in own.items()
    }
