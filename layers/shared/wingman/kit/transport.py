"""HTTP connections to what we depend on: kept alive, bounded by the invocation's deadline.

Loading the trusted certificates costs about 25 ms, so all clients share one TLS context.
"""

import ssl
from functools import cache

import httpx

from wingman.kit.clock import time_left


def http_client(*, timeout: float, connect_timeout: float = 1.0) -> httpx.Client:
    """Open a keep-alive client whose calls never outlive the invocation (seconds)."""
    return httpx.Client(
        verify=_tls(),
        timeout=httpx.Timeout(timeout, connect=min(connect_timeout, timeout)),
        event_hooks={"request": [_bound_by_deadline]},
        trust_env=False,
    )


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _bound_by_deadline(request: httpx.Request) -> None:
    left = time_left()
    own = request.extensions["timeout"]
    request.extensions["timeout"] = {
        phase: left if seconds is None else min(seconds, left) for phase, seconds in own.items()
    }
