import random
import time

import httpx

LONGEST_WAIT = 10
TRIES = 4


class Patient(httpx.BaseTransport):
    """Repeats requests that may succeed a moment later, after growing, random waits."""

    def __init__(self) -> None:
        self._transport = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for tries in range(1, TRIES):
            wait = random.uniform(0, 0.25 * 2**tries)
            try:
                response = self._transport.handle_request(request)
            except httpx.TransportError:
                if not _is_repeatable(request):
                    raise
            else:
                asked = int(response.headers.get("Retry-After", 0))
                if asked > LONGEST_WAIT or not _may_change(request, response):
                    return response
                response.close()
                wait += asked
            time.sleep(wait)
        return self._transport.handle_request(request)

    def close(self) -> None:
        self._transport.close()


def _is_repeatable(request: httpx.Request) -> bool:
    return request.method != "POST" or "Idempotency-Key" in request.headers


def _may_change(request: httpx.Request, response: httpx.Response) -> bool:
    """Return whether a repetition may help; after a 429, nothing has happened yet."""
    if response.status_code == 429:
        return True
    return response.status_code >= 500 and _is_repeatable(request)
