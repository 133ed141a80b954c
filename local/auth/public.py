"""Calls without a token: signing up and in, and the links of emails."""

import secrets
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from local.auth import links, sessions, users
from local.auth.call import Call, Row
from local.auth.refusal import Refusal, expired, invalid, wrong_credentials

_UNPROCESSABLE = HTTPStatus.UNPROCESSABLE_ENTITY
_NOTHING: dict[str, Any] = {}
_HALF_CONFIRMED = (
    "Confirmation link accepted. Please proceed to confirm link sent to the other email"
)


def sign_up(call: Call) -> dict[str, Any]:
    if not call.text("email"):
        code, message = "anonymous_provider_disabled", "Anonymous sign-ins are disabled"
        raise Refusal(_UNPROCESSABLE, code, message)
    return _sign_up(call, call.text("email"), call.text("password"))


def _sign_up(call: Call, email: str, password: str) -> dict[str, Any]:
    """Make a user. An unconfirmed one gets a new link and keeps the first password.

    The answer for a confirmed user looks like that for a new one, and nothing is sent.
    """
    settings, data = call.project.settings, call.data("data")
    if not settings.enable_signup:
        raise Refusal(_UNPROCESSABLE, "signup_disabled", "Signups not allowed for this instance")
    if not password:
        raise invalid("Signup requires a valid password")
    users.check_password(call, password)
    email = users.checked_email(email)
    user = users.by_email(call, email)
    if user and user["email_confirmed_at"]:
        if not settings.enable_confirmations:
            raise Refusal(_UNPROCESSABLE, "user_already_exists", "User already registered")
        return _stranger(call, user, data)
    user = user or users.create(call, email, password, data)
    if not settings.enable_confirmations:
        users.confirm(call, user)
        return sessions.open_session(call, users.again(call, user), "password")
    links.send(call, user, "signup", links.CONFIRMATION)
    return users.as_json(call, users.again(call, user))


def _stranger(call: Call, user: Row, data: dict[str, Any]) -> dict[str, Any]:
    """Return what a new user would look like; as in Supabase Auth, `identities` is empty."""
    row = call.one("select now() as at")
    assert row  # noqa: S101 - a select without a table has one row
    nothing = dict.fromkeys(user) | {
        "id": uuid4(),
        "aud": users.AUDIENCE,
        "email": user["email"],
        "is_anonymous": False,
        "raw_app_meta_data": {"provider": "email", "providers": ["email"]},
        "raw_user_meta_data": data,
        **dict.fromkeys(("created_at", "updated_at", "confirmation_sent_at"), row["at"]),
    }
    return users.as_json(call, nothing)


def token(call: Call) -> dict[str, Any]:
    match call.query.get("grant_type"):
        case "password":
            return _sign_in(call)
        case "refresh_token":
            if not call.text("refresh_token"):
                raise invalid("refresh_token required")
            return sessions.refresh(call, call.text("refresh_token"))
    raise Refusal(HTTPStatus.BAD_REQUEST, "invalid_credentials", "unsupported_grant_type")


def _sign_in(call: Call) -> dict[str, Any]:
    if not call.text("email"):
        raise invalid("missing email or phone")
    user = users.by_email(call, call.text("email"))
    if user is None or not user["encrypted_password"]:
        raise wrong_credentials()
    if users.is_banned(user):
        raise Refusal(HTTPStatus.BAD_REQUEST, "user_banned", "User is banned")
    if not users.has_password(call, user, call.text("password")):
        raise wrong_credentials()
    if not user["email_confirmed_at"]:
        raise Refusal(HTTPStatus.BAD_REQUEST, "email_not_confirmed", "Email not confirmed")
    return sessions.open_session(call, user, "password")


def recover(call: Call) -> dict[str, Any]:
    if not call.text("email"):
        raise invalid("Password recovery requires an email")
    user = users.by_email(call, users.checked_email(call.text("email")))
    if user:
        links.send(call, user, "recovery", links.RECOVERY)
    return _NOTHING


def one_time_password(call: Call) -> dict[str, Any]:
    """Email a link to sign in with; sign a new user up, unless `create_user` is false."""
    email = users.checked_email(call.text("email"))
    user = users.by_email(call, email)
    if user is None and not call.flag("create_user", default=True):
        raise Refusal(_UNPROCESSABLE, "otp_disabled", "Signups not allowed for otp")
    if user and user["email_confirmed_at"]:
        links.send(call, user, "magiclink", links.RECOVERY)
        return _NOTHING
    _sign_up(call, email, secrets.token_urlsafe(48))
    return _NOTHING


def resend(call: Call) -> dict[str, Any]:
    kind = call.text("type")
    if kind not in {"signup", "email_change"}:
        raise invalid("Missing one of these types: signup, email_change, sms, phone_change")
    user = users.by_email(call, users.checked_email(call.text("email")))
    if user and kind == "signup" and not user["email_confirmed_at"]:
        links.send(call, user, "signup", links.CONFIRMATION)
    if user and kind == "email_change" and user["email_change"]:
        links.send_change(call, user, user["email_change"])
    return _NOTHING


def verify(call: Call) -> dict[str, Any]:
    """Use a link, or the digits that its email shows; sign its user in."""
    kind = call.text("type")
    if kind not in links.PURPOSES:
        raise invalid("Verify requires a verification type")
    user, purpose = links.find(call, kind, _sent_hash(call, kind))
    if users.is_banned(user):
        raise Refusal(HTTPStatus.FORBIDDEN, "user_banned", "User is banned")
    if kind == "email_change":
        return _change_email(call, user, purpose)
    if purpose is links.RECOVERY:
        links.use_up(call, user, purpose)
    if not user["email_confirmed_at"] or purpose is links.CONFIRMATION:
        users.confirm(call, user)
    return sessions.open_session(call, users.again(call, user), "otp")


def _sent_hash(call: Call, kind: str) -> str:
    sent, digits, email = call.text("token_hash"), call.text("token"), call.text("email")
    if sent:
        if digits or email:
            raise invalid("Only the token_hash and type should be provided")
        return sent
    if not digits or not email:
        raise invalid("Verify requires either a token or a token hash")
    found = links.token_hash(users.checked_email(email), digits)
    try:
        links.find(call, kind, found)
    except Refusal as refusal:
        raise expired("Token has expired or is invalid") from refusal
    return found


def _change_email(call: Call, user: Row, purpose: links.Purpose) -> dict[str, Any]:
    """Count one confirmation; the one that completes the change signs the user in."""
    half = user["email_change_confirm_status"] == 0
    if call.project.settings.double_confirm_changes and half and user["email"]:
        links.use_up(call, user, purpose)
        call.run("update auth.users set email_change_confirm_status = 1 where id = %s", user["id"])
        return {"msg": _HALF_CONFIRMED, "code": str(HTTPStatus.OK.value)}
    users.replace_email(call, user, user["email_change"])
    if not user["email_confirmed_at"]:
        users.confirm(call, user)
    return sessions.open_session(call, users.again(call, user), "otp")


def settings(call: Call) -> dict[str, Any]:
    project = call.project.settings
    return {
        "external": {"email": True, "phone": False, "anonymous_users": False},
        "disable_signup": not project.enable_signup,
        "mailer_autoconfirm": not project.enable_confirmations,
        "phone_autoconfirm": False,
        "sms_provider": "",
        "saml_enabled": False,
    }


def health(_: Call) -> dict[str, Any]:
    about = "GoTrue is a user registration and authentication API"
    return {"version": "stand-in", "name": "GoTrue", "description": about}
