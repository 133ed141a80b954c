"""Endpoints that take or give passwords, codes and tokens."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from wingman.kit.clients.auth import Auth, Client, auth
from wingman.kit.http.charges import client_ip


def _auth_for(request: Request) -> Auth:
    """Call Supabase Auth; no cache may keep the answer (RFC 6749 section 5.1)."""
    request.state.extra_headers["Cache-Control"] = "no-store"
    return auth(Client.of(client_ip(request), request.headers.get("user-agent", "")))


AuthForClient = Annotated[Auth, Depends(_auth_for)]
