"""Requests that a barrier releases at the same moment."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

Request = Callable[[], httpx.Response]


def at_once(requests: Sequence[Request]) -> list[httpx.Response]:
    """Send all requests at the same moment; return the answers in the same order."""
    barrier = threading.Barrier(len(requests))

    def wait_and_send(request: Request) -> httpx.Response:
        barrier.wait()
        return request()

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(wait_and_send, requests))
