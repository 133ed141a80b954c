"""Sessions: the tokens of a sign-in, their refresh, and who a token belongs to."""

import ipaddress
import secrets
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

import jwt

from local import tokens
from local.auth import users
from local.auth.call import Call, Row
from local.auth.refusal import LastingRefusal, Refusal

_BAD_REQUEST, _FORBIDDEN = HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN
_ADMIN_ROLES = {"service_role", "supabase_admin"}


@dataclass(frozen=True)
class Caller:
    user: Row
    session_id: UUID | None


def open_session(call: Call, user: Row, method: str) -> dict[str, Any]:
    """Sign a user in by `password` or `otp`; return the answer with the tokens."""
    session_id, token = uuid4(), secrets.token_urlsafe(12)
    call.run(
        "insert into auth.sessions (id, user_id, created_at, updated_at, aal, user_agent, ip)"
        " values (%s, %s, now(), now(), 'aal1', %s, %s)",
        *(session_id, user["id"], call.headers.get("user-agent"), call.ip),
    )
    call.run(
        "insert into auth.mfa_amr_claims (session_id, created_at, updated_at,"
        " authentication_method) values (%s, now(), now(), %s)",
        *(session_id, method),
    )
    _insert_token(call, user, token, session_id, parent="")
    call.run(
        "update auth.users set last_sign_in_at = now(), updated_at = now() where id = %s",
        user["id"],
    )
    return _answer(call, users.again(call, user), session_id, token)


def refresh(call: Call, token: str) -> dict[str, Any]:
    """Swap a refresh token for the next one.

    A client that lost the answer repeats its token, the parent of the active one; two tabs send
    one token at the same time, within the interval. Both get the active token. Whoever sends an
    older one may have stolen it: the session ends.
    """
    # Lock the session first, so that the token is read after any refresh in progress.
    session = call.one(
        "select id, user_id, not_after <= now() as past,"
        " refreshed_at > (now() at time zone 'utc') - %s * interval '1 second' as recent"
        " from auth.sessions"
        " where id = (select session_id from auth.refresh_tokens where token = %s) for update",
        *(call.project.settings.refresh_token_reuse_interval, token),
    )
    found = call.one("select * from auth.refresh_tokens where token = %s", token)
    if session is None or found is None:
        raise _bad_refresh("refresh_token_not_found", "Refresh Token Not Found")
    user = users.require(users.by_id(call, session["user_id"]))
    if users.is_banned(user):
        raise _bad_refresh("user_banned", "User Banned")
    if session["past"]:
        raise _bad_refresh("session_expired", "Session Expired")
    issued = _next_token(call, user, session, found)
    call.run(
        "update auth.sessions set refreshed_at = now() at time zone 'utc', updated_at = now(),"
        " user_agent = %s, ip = %s where id = %s",
        *(call.headers.get("user-agent"), call.ip, session["id"]),
    )
    return _answer(call, user, session["id"], issued)


def _next_token(call: Call, user: Row, session: Row, found: Row) -> str:
    if not found["revoked"]:
        issued = secrets.token_urlsafe(12)
        call.run(
            "update auth.refresh_tokens set revoked = true, updated_at = now() where id = %s",
            found["id"],
        )
        _insert_token(call, user, issued, session["id"], parent=found["token"])
        return issued
    active = call.one(
        "select token, parent from auth.refresh_tokens"
        " where session_id = %s and not revoked order by id desc limit 1",
        session["id"],
    )
    if active and (active["parent"] == found["token"] or session["recent"]):
        return str(active["token"])
    call.run("delete from auth.sessions where id = %s", session["id"])
    code, message = "refresh_token_already_used", "Invalid Refresh Token: Already Used"
    raise LastingRefusal(_BAD_REQUEST, code, message)


def _bad_refresh(code: str, reason: str) -> Refusal:
    return Refusal(_BAD_REQUEST, code, f"Invalid Refresh Token: {reason}")


def _insert_token(call: Call, user: Row, token: str, session_id: UUID, parent: str) -> None:
    call.run(
        "insert into auth.refresh_tokens (instance_id, token, user_id, revoked, created_at,"
        " updated_at, parent, session_id) values (%s, %s, %s, false, now(), now(), %s, %s)",
        *(UUID(int=0), token, str(user["id"]), parent, session_id),
    )


def _answer(call: Call, user: Row, session_id: UUID, refresh_token: str) -> dict[str, Any]:
    now, life = int(time.time()), call.project.settings.jwt_expiry
    claims = {
        "iss": call.project.url,
        "sub": str(user["id"]),
        "aud": user["aud"],
        "exp": now + life,
        "iat": now,
        "email": user["email"] or "",
        "phone": user["phone"] or "",
        "app_metadata": user["raw_app_meta_data"] or {},
        "user_metadata": user["raw_user_meta_data"] or {},
        "role": user["role"],
        "aal": "aal1",
        "amr": methods(call, session_id),
        "session_id": str(session_id),
        "is_anonymous": user["is_anonymous"],
    }
    return {
        "access_token": tokens.sign(claims, call.project.jwt_jwk),
        "token_type": "bearer",
        "expires_in": life,
        "expires_at": now + life,
        "refresh_token": refresh_token,
        "user": users.as_json(call, user),
    }


def methods(call: Call, session_id: UUID | None) -> list[dict[str, Any]]:
    rows = call.database.execute(
        "select authentication_method as method, extract(epoch from updated_at)::bigint as at"
        " from auth.mfa_amr_claims where session_id = %s order by updated_at desc",
        [session_id],
    )
    return [{"method": row["method"], "timestamp": row["at"]} for row in rows.fetchall()]


def caller(call: Call) -> Caller:
    """Return the bearer token's user; its session must exist. Raises Refusal."""
    claims = _claims(call)
    if not claims.get("sub"):
        raise _bad_token("invalid claim: missing sub claim")
    user = users.by_id(call, _uuid(claims["sub"], "sub"))
    if user is None:
        message = "User from sub claim in JWT does not exist"
        raise Refusal(_FORBIDDEN, "user_not_found", message)
    if not claims.get("session_id"):
        return Caller(user, None)
    session_id = _uuid(claims["session_id"], "session_id")
    if call.one("select 1 as found from auth.sessions where id = %s", session_id) is None:
        message = "Session from session_id claim in JWT does not exist"
        raise Refusal(_FORBIDDEN, "session_not_found", message)
    return Caller(user, session_id)


def require_admin(call: Call) -> None:
    if _claims(call).get("role") not in _ADMIN_ROLES:
        raise Refusal(_FORBIDDEN, "not_admin", "User not allowed")


def _claims(call: Call) -> dict[str, Any]:
    kind, _, token = call.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        message = "This endpoint requires a valid Bearer token"
        raise Refusal(HTTPStatus.UNAUTHORIZED, "no_authorization", message)
    key = jwt.PyJWK.from_json(call.project.jwt_jwk)
    try:
        return jwt.decode(token, key, algorithms=[tokens.ALGORITHM], options={"verify_aud": False})
    except jwt.InvalidTokenError as error:
        message = f"invalid JWT: unable to parse or verify signature, {error}"
        raise _bad_token(message) from error


def _uuid(text: object, claim: str) -> UUID:
    try:
        return UUID(str(text))
    except ValueError as error:
        raise _bad_token(f"invalid claim: {claim} claim must be a UUID") from error


def _bad_token(message: str) -> Refusal:
    return Refusal(_FORBIDDEN, "bad_jwt", message)


def address(text: str) -> str | None:
    """Return an IP address in its usual form, or None if it is not valid."""
    try:
        return str(ipaddress.ip_address(text.partition(",")[0].strip()))
    except ValueError:
        return None
