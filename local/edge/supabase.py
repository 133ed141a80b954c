"""Supabase's front: API keys become roles, /rest/v1 is PostgREST, /auth/v1 Supabase Auth."""

import secrets
import time

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local import clock, tokens
from local.credentials import Credentials
from local.edge.forward import Forwarder, UnreachableError, raw_path, with_query
from local.keys import PATH, Keys

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_PREFIX = b"/rest/v1"
_ROLE_TOKEN_LIFE = 60

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
    """The request carries no valid key; the argument is the answer."""


def front(
    secret: Credentials, forward: Forwarder, *, postgrest_url: str, auth_url: str
) -> Starlette:
    """Return the application that listens where a Supabase project would."""
    secret_keys = Keys(secret.supabase_secret_key)

    async def keys(_: Request) -> Response:
        document = tokens.published(secret.local_jwt_jwk)
        return JSONResponse(document, headers={"cache-control": "public, max-age=600"})

    async def keys_of_the_project(request: Request) -> Response:
        if not secret_keys.holds(_key(request)):
            return JSONResponse(_BAD_KEY, 401)
        return await secret_keys.turn(request)

    async def rest(request: Request) -> Response:
        try:
            authorization = _authorization(request, secret, secret_keys)
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
            Route("/auth/v1/.well-known/jwks.json", keys),
            _auth(secret, secret_keys, forward, auth_url),
            Route(PATH, keys_of_the_project, methods=["GET", "POST", "DELETE"]),
        ]
    )


def _auth(secret: Credentials, secret_keys: Keys, forward: Forwarder, url: str) -> Route:
    """Return the route to Supabase Auth; only a secret key may forward a client's address."""

    async def auth(request: Request) -> Response:
        try:
            authorization = _authorization(request, secret, secret_keys)
        except _RefusedError as refusal:
            return JSONResponse(refusal.args[0], 401)
        client = request.client.host if request.client else None
        replaced = {"apikey": None, "authorization": authorization, "x-forwarded-for": client}
        if not secret_keys.holds(_key(request)):
            replaced["sb-forwarded-for"] = None
        try:
            path = with_query(request, raw_path(request))
            return await forward(request, url, path, replaced=replaced)
        except UnreachableError:
            return JSONResponse({"message": "The auth service is not reachable"}, 503)

    return Route("/auth/v1/{path:path}", auth, methods=_METHODS)


def _authorization(request: Request, secret: Credentials, secret_keys: Keys) -> str | None:
    """Return the Authorization for PostgREST; None means the role `anon`."""
    key = _key(request)
    if not key:
        raise _RefusedError(_NO_KEY)
    is_public = secrets.compare_digest(key.encode(), secret.supabase_publishable_key.encode())
    legacy_role = _legacy_role(key, secret.local_legacy_jwt_secret)
    is_service = not (is_public or legacy_role) and secret_keys.admit_bearer(key)
    if not (is_service or is_public or legacy_role):
        raise _RefusedError(_BAD_KEY)
    sent = request.headers.get("authorization", "")
    token = sent.partition(" ")[2].strip()
    if token and token != key:
        return sent
    # Client libraries repeat the key as a bearer token. An opaque key is not an identity; a legacy
    # key is a JWT, and a project reads the role only from it.
    role = legacy_role if token else None
    if is_service:
        role = "service_role"
    return f"Bearer {_role_token(role, secret.local_jwt_jwk)}" if role else None


def _key(request: Request) -> str:
    return request.headers.get("apikey") or request.query_params.get("apikey") or ""


def _at_postgrests_time(authorization: str | None, secret: Credentials) -> str | None:
    """Convert a valid token's times to the machine's clock, if ours is shifted."""
    if not authorization or not clock.shift():
        return authorization
    try:
        claims = jwt.decode(
            authorization.partition(" ")[2],
            jwt.PyJWK.from_json(secret.local_jwt_jwk),
            algorithms=[tokens.ALGORITHM],
            options={"verify_exp": False, "verify_aud": False},
        )
    except jwt.InvalidTokenError:
        return authorization
    # PostgREST refuses a time that is not a number; Python takes True for one.
    times = {name for name in claims.keys() & _TIMES if type(claims[name]) in {int, float}}
    claims |= {name: claims[name] - clock.shift() for name in times}
    return f"Bearer {tokens.sign(claims, secret.local_jwt_jwk)}"


def _legacy_role(key: str, signing_secret: str) -> str | None:
    """Return the role of a legacy key, which is a JWT: `anon` or `service_role`."""
    try:
        claims = jwt.decode(key, signing_secret, algorithms=["HS256"])
    except jwt.InvalidTokenError:
        return None
    role = claims.get("role")
    return role if role in {"anon", "service_role"} else None


def _role_token(role: str, key: str) -> str:
    now = int(time.time())
    return tokens.sign({"role": role, "iat": now, "exp": now + _ROLE_TOKEN_LIFE}, key)
