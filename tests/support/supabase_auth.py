"""Supabase Auth as an app's client uses it, and the controls of the stand-in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from supabase_auth.errors import AuthApiError

from supabase import Client, ClientOptions, create_client

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Account:
    """A user with a confirmed address and a password."""

    id: UUID
    email: str
    password: str = PASSWORD

    @property
    def credentials(self) -> Any:
        return {"email": self.email, "password": self.password}


class SupabaseAuth:
    def __init__(self, stack: dict[str, str]) -> None:
        self._stack = stack
        self.url = f"{stack['SUPABASE_URL']}/auth/v1"
        self.database = psycopg.connect(stack["DATABASE_URL"], autocommit=True)
        self._http = httpx.Client(timeout=10, trust_env=False)
        self.sandbox = httpx.Client(base_url=stack["AUTH_URL"], timeout=10)

    def client(self) -> Client:
        """Return a client like an app's, which remembers its session."""
        return self._client("SUPABASE_PUBLISHABLE_KEY")

    def admin(self) -> Any:
        return self._client("SUPABASE_SECRET_KEY").auth.admin

    def _client(self, key: str) -> Client:
        # A new HTTP client would read all certificates, which takes most of a test's time.
        options = ClientOptions(auto_refresh_token=False, httpx_client=self._http)
        return create_client(self._stack["SUPABASE_URL"], self._stack[key], options)

    def new(self, **attributes: object) -> Account:
        email = new_email()
        wanted = {"email": email, "password": PASSWORD, "email_confirm": True} | attributes
        made = self.admin().create_user(wanted)
        return Account(UUID(made.user.id), email)

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        """Call without the client, which hides the HTTP answer."""
        sent = {"apikey": self._stack["SUPABASE_PUBLISHABLE_KEY"]} | headers
        return self._http.post(self.url + path, json=body, headers=sent)

    def secret(self) -> dict[str, str]:
        return {"apikey": self._stack["SUPABASE_SECRET_KEY"]}

    def link(self, email: str, token_type: str) -> str:
        """Return the token of the latest link for an address."""
        row = self.database.execute(
            "select token_hash from auth.one_time_tokens"
            " where relates_to = %s and token_type = %s::auth.one_time_token_type",
            (email, token_type),
        ).fetchone()
        assert row, f"no {token_type} for this address"
        return str(row[0])

    def sessions(self, user_id: object) -> set[str]:
        rows = self.database.execute("select id from auth.sessions where user_id = %s", (user_id,))
        return {str(row[0]) for row in rows.fetchall()}

    def age(self, user_id: object, seconds: int) -> None:
        """Move the times of a user's emails and sessions into the past."""
        self.database.execute(
            "update auth.users set confirmation_sent_at = confirmation_sent_at - %(by)s,"
            " recovery_sent_at = recovery_sent_at - %(by)s,"
            " email_change_sent_at = email_change_sent_at - %(by)s where id = %(id)s",
            {"by": timedelta(seconds=seconds), "id": user_id},
        )
        self.database.execute(
            "update auth.sessions set refreshed_at = refreshed_at - %s where user_id = %s",
            (timedelta(seconds=seconds), user_id),
        )

    @contextmanager
    def settings(self, **wanted: object) -> Iterator[None]:
        self.sandbox.post("/_sandbox/settings", json=wanted).raise_for_status()
        try:
            yield
        finally:
            self.sandbox.delete("/_sandbox/settings").raise_for_status()

    @contextmanager
    def fault(self, mode: str, **facts: object) -> Iterator[None]:
        self.sandbox.post("/_sandbox/faults", json={"mode": mode} | facts).raise_for_status()
        try:
            yield
        finally:
            self.sandbox.delete("/_sandbox/faults").raise_for_status()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sandbox.close()
        self._http.close()
        self.database.close()


def new_email() -> str:
    return f"{uuid4().hex}@example.com"


def refusal(caught: pytest.ExceptionInfo[AuthApiError]) -> tuple[int, str | None]:
    return caught.value.status, caught.value.code
