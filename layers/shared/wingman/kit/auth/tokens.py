"""Verification of Supabase Auth's access tokens; the token's algorithm selects the key.

HS256 is legacy, and accepted only where the project's shared secret is set (RFC 8725, 3.1).
"""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import jwt

from wingman.kit.auth.jwks import JsonWebKeys
from wingman.kit.clients.transport import http_client
from wingman.kit.errors import TokenExpired, Unauthenticated
from wingman.kit.settings import TokenSettings, load

AUDIENCE = "authenticated"
ROLE = "authenticated"
ASYMMETRIC = frozenset({"ES256", "RS256"})
LEEWAY_SECONDS = 5
_FLAWS: dict[type[Exception], str] = {
    jwt.DecodeError: "malformed",
    jwt.ImmatureSignatureError: "not_yet_valid",
    jwt.InvalidAudienceError: "audience",
    jwt.InvalidIssuerError: "issuer",
    jwt.InvalidSignatureError: "signature",
}


@dataclass(frozen=True)
class Caller:
    """The signed-in user of one request."""

    id: UUID
    session_id: UUID
    token: str
    expires_at: int
    """Seconds since 1970."""


def verify(token: str) -> Caller:
    """Check signature, algorithm, audience, issuer, expiry, role, subject and session.

    Raises TokenExpired for a signed token whose time has passed, Unauthenticated for other flaws.
    """
    try:
        claims = _claims(token)
        _refuse_what_postgres_cannot_hold(claims)
        user_id, session_id = (_uuid(str(claims[name])) for name in ("sub", "session_id"))
    except jwt.ExpiredSignatureError as error:
        raise TokenExpired from error
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise Unauthenticated(failed_proof=_FLAWS.get(type(error), "claims")) from error
    if claims.get("role") != ROLE:
        raise Unauthenticated(failed_proof="role")
    return Caller(user_id, session_id, token, int(claims["exp"]))


def _claims(token: str) -> dict[str, Any]:
    header = jwt.get_unverified_header(token)
    algorithm = str(header.get("alg"))
    settings = load(TokenSettings)
    claims: dict[str, Any] = jwt.decode(
        token,
        _key(algorithm, header.get("kid"), settings),
        algorithms=[algorithm],
        audience=AUDIENCE,
        issuer=f"{settings.supabase_url}/auth/v1",
        leeway=LEEWAY_SECONDS,
        options={"require": ["exp", "aud", "iss", "sub", "session_id"]},
    )
    return claims


def _uuid(text: str) -> UUID:
    """Raise ValueError also for spellings that Python accepts and Postgres does not."""
    found = UUID(text)
    if str(found) != text.lower():
        raise ValueError(text)
    return found


def _refuse_what_postgres_cannot_hold(claims: dict[str, Any]) -> None:
    """Raise ValueError for NUL and infinity: SQL reads claims from jsonb, which has neither."""
    text = json.dumps(claims, allow_nan=False)
    if "\\u0000" in text.replace("\\\\", ""):
        raise ValueError("NUL")


def _key(algorithm: str, key_id: object, settings: TokenSettings) -> Any:
    if algorithm == "HS256" and settings.supabase_jwt_secret is not None:
        return settings.supabase_jwt_secret.get_secret_value()
    if algorithm in ASYMMETRIC and isinstance(key_id, str):
        key = _published_keys().get(key_id)
        if key is not None and key.algorithm_name == algorithm:
            return key.key
    raise Unauthenticated(failed_proof="key")


@cache
def _published_keys() -> JsonWebKeys:
    url = f"{load(TokenSettings).supabase_url}/auth/v1/.well-known/jwks.json"
    return JsonWebKeys(url, http_client("auth", timeout=2.0))
