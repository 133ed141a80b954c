from typing import TypeVar

import httpx
from app.errors import refuse
from app.retries import Patient
from wingman_client import AuthenticatedClient, Client

T = TypeVar("T")


def public(base_url: str) -> Client:
    """Return an API client for calls that need no token."""
    hooks = {"response": [refuse]}
    return Client(base_url, httpx_args={"transport": Patient(), "event_hooks": hooks})


def signed_in(base_url: str, session: httpx.BaseTransport) -> AuthenticatedClient:
    """Return an API client for a user; the session adds the token to each request."""
    hooks = {"response": [refuse]}
    return AuthenticatedClient(
        base_url, token="", httpx_args={"transport": session, "event_hooks": hooks}
    )


def a(kind: type[T], answer: object) -> T:
    """Return an answer that must have this type; type checkers know it afterwards."""
    if not isinstance(answer, kind):
        raise TypeError(answer)
    return answer
