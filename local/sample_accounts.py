"""Accounts, links and queue messages for sample events, made by the stack's Supabase Auth."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx

from wingman.accounts import requests
from wingman.accounts.attempts import Kind

PASSWORD = "correct horse battery"  # noqa: S105 - as in events/accounts
FUNCTIONS = frozenset({"account", "account_links", "accounts", "auth_requests"})


def values(function: str, case: str, stack: Mapping[str, str]) -> dict[str, str]:
    """Return the values of these functions' placeholders."""
    new_email = f"{uuid4().hex}@example.com"
    with _auth(stack) as auth:
        email = str(_post(auth, "admin/users", _account(email_confirm=True))["email"])
        credentials = {"email": email, "password": PASSWORD}
        session = _post(auth, "token?grant_type=password", credentials)
        link = {"type": "recovery", "email": email}
        if (function, case) == ("account_links", "confirm"):
            link = {"type": "signup", "email": new_email, "password": PASSWORD}
        token_hash = _post(auth, "admin/generate_link", link)["hashed_token"]
    forgotten = requests.Request(kind=Kind.FORGOT, ip="203.0.113.7", user_agent="curl", email=email)
    return {
        "access_token": session["access_token"],
        "email": email,
        "new_email": new_email,
        "refresh_token": session["refresh_token"],
        "sealed": requests.sealed(stack["SUPABASE_SECRET_KEY"], forgotten),
        "token_hash": token_hash,
    }


def _auth(stack: Mapping[str, str]) -> httpx.Client:
    headers = {"apikey": stack["SUPABASE_SECRET_KEY"]}
    return httpx.Client(base_url=f"{stack['SUPABASE_URL']}/auth/v1/", headers=headers, timeout=10)


def _account(**facts: object) -> dict[str, object]:
    return {"email": f"{uuid4().hex}@example.com", "password": PASSWORD, **facts}


def _post(auth: httpx.Client, path: str, body: Mapping[str, object]) -> dict[str, Any]:
    answer = auth.post(path, json=body)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
