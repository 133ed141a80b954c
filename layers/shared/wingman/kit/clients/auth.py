"""Supabase Auth. The SDK's client remembers the user who signed in, so each call gets its own."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import TypeVar

import httpx
from pydantic import ValidationError
from supabase_auth import SyncGoTrueClient
from supabase_auth.errors import (
    AuthApiError,
    AuthError,
    AuthSessionMissingError,
    AuthWeakPasswordError,
)

from wingman.kit.clients.circuits import through
from wingman.kit.clients.database import secret_key_headers
from wingman.kit.clients.dependencies import AUTH
from wingman.kit.clients.transport import http_client, never_sent
from wingman.kit.errors import DependencyRefused, DependencyUnavailable
from wingman.kit.resilience.retry import Retry
from wingman.kit.settings import SupabaseServiceSettings, SupabaseSettings, load

# A sign-up waits for the hook that sends its message, for which Supabase Auth itself allows 5 s.
TIMEOUT_SECONDS = 7.0
# For requests with a secret key, Supabase Auth limits this address instead of ours:
# https://supabase.com/docs/guides/auth/rate-limits#ip-address-forwarding
FORWARDED_FOR = "Sb-Forwarded-For"
LONGEST_USER_AGENT = 255

_with_auth_retry = through(AUTH, Retry(1, first_wait=0.05, longest_wait=0.5, patience=1.0))

T = TypeVar("T")


class AuthRefused(Exception):
    """A refusal, with a code (https://supabase.com/docs/guides/auth/debugging/error-codes)."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True)
class Client:
    ip: str
    user_agent: str

    @classmethod
    def of(cls, ip: str, user_agent: str) -> "Client":
        """Shorten a User-Agent, and drop characters that a header must not contain."""
        plain = "".join(each for each in user_agent if " " <= each <= "~")
        return cls(ip, plain[:LONGEST_USER_AGENT].strip())


class Auth:
    def __init__(self, url: str, key: str, session: httpx.Client, client: Client) -> None:
        self.client = client
        self._url = f"{url}/auth/v1"
        self._headers = {
            **secret_key_headers(key),
            FORWARDED_FOR: client.ip,
            "User-Agent": client.user_agent,
        }
        self._session = session

    def call(self, act: Callable[[SyncGoTrueClient], T], *, idempotent: bool = False) -> T:
        """Repeat an `idempotent` call. Raises AuthRefused, DependencyUnavailable."""
        retry = _with_auth_retry.replace(idempotent=idempotent)
        return retry.run(lambda: _translated(lambda: act(self._new_client())))

    def _new_client(self) -> SyncGoTrueClient:
        return SyncGoTrueClient(
            url=self._url,
            headers=self._headers,
            http_client=self._session,
            auto_refresh_token=False,  # it would start a thread
            persist_session=False,
        )


def auth(client: Client) -> Auth:
    settings = load(SupabaseServiceSettings)
    key = settings.supabase_secret_key.get_secret_value()
    return Auth(settings.supabase_url, key, _session(), client)


def _translated(call: Callable[[], T]) -> T:
    try:
        return call()
    except AuthWeakPasswordError:
        raise AuthRefused("weak_password") from None
    except AuthSessionMissingError as error:  # the answer lacks the tokens that are needed
        raise _unavailable(error) from None
    except AuthApiError as error:
        raise _refusal(error) from None  # its text may hold an address
    except AuthError as error:
        raise _unavailable(error) from None
    except ValidationError:  # not an answer of Supabase Auth; the error's text would quote it
        raise DependencyUnavailable("auth") from None


def _refusal(error: AuthApiError) -> Exception:
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _unavailable(error)
    if error.code is None:  # the gateway in front of Supabase Auth rejects our key
        return DependencyRefused("auth", not_executed=True)
    return AuthRefused(error.code)


def _unavailable(error: AuthError) -> DependencyUnavailable:
    found = DependencyUnavailable("auth", not_executed=never_sent(error.__cause__))
    status = getattr(error, "status", None)
    found.add_note(f"{error.name}: {status or type(error.__cause__).__name__}, {error.code}")
    return found


def as_visitor(client: Client) -> Auth:
    """Return Supabase Auth for steps that a user's own token authorises, without the secret key."""
    settings = load(SupabaseSettings)
    key = settings.supabase_publishable_key.get_secret_value()
    return Auth(settings.supabase_url, key, _session(), client)


@cache
def _session() -> httpx.Client:
    return http_client(AUTH.name, timeout=TIMEOUT_SECONDS)
