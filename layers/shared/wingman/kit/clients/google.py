"""Access tokens of a Google service account: a signed JWT is exchanged for one (RFC 7523).

https://developers.google.com/identity/protocols/oauth2/service-account#httprest
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE_SECONDS = 3600
# A token is not used in its last minutes, in which a request could outlive it.
_MARGIN_SECONDS = 300


@dataclass(frozen=True)
class Identity:
    """The issuer of a signed JWT, its private key as PEM, and the address that accepts the JWT."""

    issuer: str
    private_key: str = field(repr=False)
    token_uri: str


class AccessTokens:
    """The access token of a service account, renewed before it expires."""

    def __init__(
        self,
        identity: Identity,
        scope: str,
        client: httpx.Client,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._identity = identity
        self._scope = scope
        self._client = client
        self._clock = clock
        self._token = ""
        self._ends_at = 0.0

    def get(self) -> str:
        """Return a token. Raises httpx.HTTPError when Google does not give one."""
        if self._clock() >= self._ends_at:
            body = {"grant_type": _GRANT, "assertion": self._assertion()}
            answer = self._client.post(self._identity.token_uri, data=body)
            answer.raise_for_status()
            given = answer.json()
            self._token = str(given["access_token"])
            life = int(given.get("expires_in", _LIFE_SECONDS))
            self._ends_at = self._clock() + max(life - _MARGIN_SECONDS, 0)
        return self._token

    def forget(self) -> None:
        """Ask for a new token next time: this one was refused."""
        self._ends_at = 0.0

    def _assertion(self) -> str:
        import jwt  # noqa: PLC0415 - with cryptography, it adds 40 ms to a cold start

        now = int(self._clock())
        claims = {
            "iss": self._identity.issuer,
            "scope": self._scope,
            "aud": self._identity.token_uri,
            "iat": now,
            "exp": now + _LIFE_SECONDS,
        }
        return jwt.encode(claims, self._identity.private_key, algorithm="RS256")
