"""Supabase's front: API keys become roles, /rest/v1 is PostgREST."""

import secrets
import time

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local import clock
from local.credentials import Credentials
from local.edge.forward import Forwarder, UnreachableError, raw_path, with_query

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_PREFIX = b"/rest/v1"
_SERVICE_TOKEN_LIFE = 60

_TIMES = {"exp", "iat", "nbf"}
_NO_KEY = {
    "message": "No API key found in request",
    "hint": "No `apikey` request header or url param was found.",
}
_BAD_KEY = {
    "message": "Invalid API key",
    "hint": "Double check your Supabase `anon` or `service_role` API key.",
}


class _RefusedError(Exception):
    """The request carries no key that we gave out; the argument is the answer."""


def front(secret: Credentials, postgrest_url: str, forward: Forwarder) -> Starlette:
    """Return the application that listens where a Supabase project would."""

    async def rest(request: Request) -> Response:
        try:
            authorization = _authorization(request, secret)
        except _RefusedError as refusal:
            return JSONResponse(refusal.args[0], 401)
        path = raw_path(request).removeprefix(_PREFIX) or b"/"
        try:
            return await forward(
                request,
                postgrest_url,
                with_query(request, path),
                replaced={
                    "apikey": None,
                    "authorization": _at_postgrests_time(authorization, secret),
                },
            )
        except UnreachableError:
            return JSONResponse({"message": "The REST service is not reachable"}, 503)

    return Starlette(
        routes=[
            Route("/rest/v1", rest, methods=_METHODS),
            Route("/rest/v1/{path:path}", rest, methods=_METHODS),
            Route("/auth/v1/.well-known/jwks.json", _jwks),
        ]
    )


async def _jwks(_: Request) -> Response:
    """Answer as a project that signs with a shared secret: no public key."""
    return JSONResponse({"keys": []}, headers={"cache-control": "public, max-age=600"})


def _authorization(request: Request, secret: Credentials) -> str | None:
    """Return the Authorization for PostgREST; None means the role `anon`."""
    key = request.headers.get("apikey") or request.query_params.get("apikey")
    if not key:
        raise _RefusedError(_NO_KEY)
    is_service = secrets.compare_digest(key.encode(), secret.supabase_secret_key.encode())
    is_public = secrets.compare_digest(key.encode(), secret.supabase_publishable_key.encode())
    is_legacy = _is_legacy_key(key, secret.supabase_jwt_secret)
    if not (is_service or is_public or is_legacy):
        raise _RefusedError(_BAD_KEY)
    sent = request.headers.get("authorization", "")
    token = sent.partition(" ")[2].strip()
    # Client libraries repeat the key as a bearer token. An opaque one is no identity; a legacy one
    # is a JWT, and PostgREST knows its role from there alone.
    if token and (token != key or is_legacy):
        return sent
    return f"Bearer {_service_token(secret.supabase_jwt_secret)}" if is_service else None


def _at_postgrests_time(authorization: str | None, secret: Credentials) -> str | None:
    """Move the times of a good token to the machine's clock, where ours is shifted."""
    if not authorization or not clock.shift():
        return authorization
    try:
        claims = jwt.decode(
            authorization.partition(" ")[2],
            secret.supabase_jwt_secret,
            algorithms=["HS256"],
            options={"verify_signature": True, "verify_exp": False, "verify_aud": False},
        )
    except jwt.InvalidTokenError:
        return authorization
    claims |= {name: claims[name] - clock.shift() for name in claims.keys() & _TIMES}
    return f"Bearer {jwt.encode(claims, secret.supabase_jwt_secret, algorithm='HS256')}"


def _is_legacy_key(key: str, signing_secret: str) -> bool:
    """Return whether it is what a project called its `anon` or its `service_role` key."""
    try:
        claims = jwt.decode(key, signing_secret, algorithms=["HS256"])
    except jwt.InvalidTokenError:
        return False
    return claims.get("role") in {"anon", "service_role"}


def _service_token(signing_secret: str) -> str:
    now = int(time.time())
    claims = {"role": "service_role", "iat": now, "exp": now + _SERVICE_TOKEN_LIFE}
    return jwt.encode(claims, signing_secret, algorithm="HS256")
