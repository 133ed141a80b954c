"""Calls of a signed-in user: reading and changing the account, and signing out."""

from http import HTTPStatus
from typing import Any

from local.auth import links, sessions, users
from local.auth.call import Call
from local.auth.refusal import Refusal, address_taken, invalid


def read(call: Call) -> dict[str, Any]:
    return users.as_json(call, sessions.caller(call).user)


def change(call: Call) -> dict[str, Any]:
    """Change password, metadata or address; an address changes once both have confirmed it."""
    caller = sessions.caller(call)
    user, email, password = caller.user, call.text("email"), call.text("password")
    if call.body.get("app_metadata") is not None:
        message = "Updating app_metadata requires admin privileges"
        raise Refusal(HTTPStatus.FORBIDDEN, "not_admin", message)
    if password:
        _change_password(call, caller, password)
    if call.body.get("data") is not None:
        users.merge(call, user, "raw_user_meta_data", call.data("data"))
    if email and users.checked_email(email) != user["email"]:
        email = users.checked_email(email)
        if users.by_email(call, email):
            raise address_taken()
        links.send_change(call, users.again(call, user), email)
    return users.as_json(call, users.again(call, user))


def _change_password(call: Call, caller: sessions.Caller, password: str) -> None:
    users.check_password(call, password)
    required = call.project.settings.require_current_password
    if required and caller.user["encrypted_password"] and not _came_by_link(call, caller):
        _check_current_password(call, caller)
    if users.has_password(call, caller.user, password):
        message = "New password should be different from the old password."
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "same_password", message)
    users.set_password(call, caller.user, password, caller.session_id)


def _came_by_link(call: Call, caller: sessions.Caller) -> bool:
    """Return whether the session was opened by an email's link, as after a lost password."""
    methods = [method["method"] for method in sessions.methods(call, caller.session_id)]
    return "otp" in methods


def _check_current_password(call: Call, caller: sessions.Caller) -> None:
    current, message = call.text("current_password"), "Current password required when setting new"
    if not current:
        code = "current_password_required"
        raise Refusal(HTTPStatus.BAD_REQUEST, code, f"{message} password.")
    if not users.has_password(call, caller.user, current):
        code = "current_password_invalid"
        raise Refusal(HTTPStatus.BAD_REQUEST, code, f"{message} password.")


def sign_out(call: Call) -> None:
    """End this session, the user's others, or all of them (`global`)."""
    caller, scope = sessions.caller(call), call.query.get("scope", "global")
    mine = (caller.user["id"], caller.session_id)
    if scope not in {"local", "global", "others"}:
        raise invalid(f'Unsupported logout scope "{scope}"')
    if scope == "global" or caller.session_id is None:
        call.run("delete from auth.sessions where user_id = %s", caller.user["id"])
    elif scope == "local":
        call.run("delete from auth.sessions where user_id = %s and id = %s", *mine)
    else:
        call.run("delete from auth.sessions where user_id = %s and id <> %s", *mine)
