"""Calls with a secret key: managing any user, and making links without sending an email."""

import secrets
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from local.auth import links, sessions, users
from local.auth.call import Call, Row
from local.auth.refusal import Refusal, address_taken, invalid
from local.auth.settings import duration

_PER_PAGE = 50


def list_users(call: Call) -> dict[str, Any]:
    sessions.require_admin(call)
    page, size = _number(call, "page", 1), _number(call, "per_page", _PER_PAGE)
    found = call.database.execute(
        "select * from auth.users order by created_at desc, id limit %s offset %s",
        [size, (page - 1) * size],
    )
    shown = [users.as_json(call, row) for row in found.fetchall()]
    return {"users": shown, "aud": users.AUDIENCE}


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name) or str(default)
    if not text.isdecimal() or not int(text):
        raise invalid(f"Bad Pagination Parameters: {name}")
    return int(text)


def create_user(call: Call) -> dict[str, Any]:
    sessions.require_admin(call)
    if not call.text("email"):
        raise invalid("Cannot create a user without either an email or phone")
    email = users.checked_email(call.text("email"))
    if users.by_email(call, email):
        raise address_taken()
    password = call.text("password") or secrets.token_urlsafe(48)
    user = users.create(call, email, password, call.data("user_metadata"))
    return _changed(call, user)


def read_user(call: Call) -> dict[str, Any]:
    sessions.require_admin(call)
    return users.as_json(call, _named(call))


def change_user(call: Call) -> dict[str, Any]:
    """Change a user at once: no email is sent and no confirmation asked."""
    sessions.require_admin(call)
    user = _named(call)
    if email := call.text("email"):
        email = users.checked_email(email)
        if email != user["email"] and users.by_email(call, email):
            raise address_taken()
        users.replace_email(call, user, email)
    if password := call.text("password"):
        users.check_password(call, password)
        users.set_password(call, user, password)
    users.merge(call, user, "raw_user_meta_data", call.data("user_metadata"))
    return _changed(call, users.again(call, user))


def _changed(call: Call, user: Row) -> dict[str, Any]:
    """Apply the fields that creating and changing share."""
    users.merge(call, user, "raw_app_meta_data", call.data("app_metadata"))
    if call.flag("email_confirm"):
        users.confirm(call, user)
    if ban := call.text("ban_duration"):
        # As in Supabase Auth, the sessions stay and a refresh is refused.
        call.run(
            "update auth.users set banned_until = now() + %s * interval '1 second' where id = %s",
            *(None if ban == "none" else duration(ban), user["id"]),
        )
    return users.as_json(call, users.again(call, user))


def delete_user(call: Call) -> dict[str, Any]:
    sessions.require_admin(call)
    user = _named(call)
    if not call.flag("should_soft_delete"):
        call.run("delete from auth.users where id = %s", user["id"])
        return {}
    call.run(
        "update auth.users set email = encode(sha256(convert_to(id || email, 'utf8')), 'hex'),"
        " encrypted_password = null, email_change = '', confirmation_token = '',"
        " recovery_token = '', raw_user_meta_data = '{}', raw_app_meta_data = '{}',"
        " deleted_at = now() where id = %s",
        user["id"],
    )
    for table in ("one_time_tokens", "sessions", "identities"):
        call.run("delete from {table} where user_id = %s", user["id"], table=f"auth.{table}")
    return {}


def _named(call: Call) -> Row:
    try:
        user_id = UUID(call.path["user_id"])
    except ValueError:
        raise Refusal(
            HTTPStatus.NOT_FOUND, "validation_failed", "user_id must be an UUID"
        ) from None
    return users.require(users.by_id(call, user_id))


def generate_link(call: Call) -> dict[str, Any]:
    """Return a link instead of sending it. Makes the user of a `signup` or an `invite`."""
    sessions.require_admin(call)
    kind, email = call.text("type"), users.checked_email(call.text("email"))
    user = users.by_email(call, email)
    if kind == "magiclink" and user is None:
        kind = "signup"
    user, purpose, address = _link_for(call, kind, email, user)
    link = links.new_link(call, address)
    links.keep(call, user, purpose, address, link)
    back = links.redirect_to(call)
    query = urlencode({"token": link.token_hash, "type": kind, "redirect_to": back})
    return users.as_json(call, users.again(call, user)) | {
        "action_link": f"{call.project.url}/verify?{query}",
        "email_otp": link.otp,
        "hashed_token": link.token_hash,
        "verification_type": kind,
        "redirect_to": back,
    }


def _link_for(
    call: Call, kind: str, email: str, user: Row | None
) -> tuple[Row, links.Purpose, str]:
    if kind in {"signup", "invite"}:
        if user and user["email_confirmed_at"]:
            raise address_taken()
        password = call.text("password") or secrets.token_urlsafe(48)
        made = user or users.create(call, email, password, call.data("data"))
        return made, links.CONFIRMATION, email
    user = users.require(user)
    if kind in {"recovery", "magiclink"}:
        return user, links.RECOVERY, email
    if kind not in {"email_change_current", "email_change_new"}:
        raise invalid(f"Invalid email action link type requested: {kind}")
    new = users.checked_email(call.text("new_email"))
    if users.by_email(call, new):
        raise address_taken()
    call.run(
        "update auth.users set email_change = %s, email_change_confirm_status = 0 where id = %s",
        *(new, user["id"]),
    )
    if kind == "email_change_new":
        return user, links.NEW_ADDRESS, new
    return user, links.OLD_ADDRESS, email
