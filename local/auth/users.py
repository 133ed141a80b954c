"""Users in auth.users: finding, making and changing them, and their JSON."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from local.auth.call import Call, Row
from local.auth.refusal import Refusal, invalid, weak

AUDIENCE = "authenticated"
MOST_PASSWORD_BYTES = 72
_MOST_EMAIL = 255
# As strict as Supabase Auth: https://github.com/badoux/checkmail
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_EMAIL = re.compile(rf"[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*")

# name in the JSON → column; these are left out while they are empty.
_SHOWN_IF_SET = {
    "email_confirmed_at": "email_confirmed_at",
    "invited_at": "invited_at",
    "confirmation_sent_at": "confirmation_sent_at",
    "confirmed_at": "confirmed_at",
    "recovery_sent_at": "recovery_sent_at",
    "new_email": "email_change",
    "email_change_sent_at": "email_change_sent_at",
    "last_sign_in_at": "last_sign_in_at",
    "banned_until": "banned_until",
    "deleted_at": "deleted_at",
}


def by_id(call: Call, user_id: object) -> Row | None:
    return call.one("select * from auth.users where id = %s", user_id)


def by_email(call: Call, email: str) -> Row | None:
    query = "select * from auth.users where lower(email) = %s and not is_sso_user"
    return call.one(query, email.lower())


def again(call: Call, user: Row) -> Row:
    return require(by_id(call, user["id"]))


def checked_email(email: str) -> str:
    """Return an address as it is stored. Raises Refusal."""
    if not email:
        raise invalid("An email address is required")
    if len(email) > _MOST_EMAIL:
        raise invalid("An email address is too long")
    if not _EMAIL.fullmatch(email):
        raise invalid("Unable to validate email address: invalid format")
    return email.lower()


def check_password(call: Call, password: str) -> None:
    """Raise Refusal for a password that is too short or too long, counted in bytes."""
    size, least = len(password.encode()), call.project.settings.minimum_password_length
    if size > MOST_PASSWORD_BYTES:
        raise invalid(f"Password cannot be longer than {MOST_PASSWORD_BYTES} characters")
    if size < least:
        raise weak("length", f"Password should be at least {least} characters.")


def has_password(call: Call, user: Row, password: str) -> bool:
    """Compare with the bcrypt hash, which is slow on purpose; without one, answer at once."""
    if not user["encrypted_password"]:
        return False
    row = call.one(
        "select extensions.crypt(%s, %s) = %s as same",
        *(password, user["encrypted_password"], user["encrypted_password"]),
    )
    return bool(row and row["same"])


def is_banned(user: Row) -> bool:
    return bool(user["banned_until"] and user["banned_until"] > datetime.now(tz=UTC))


def create(call: Call, email: str, password: str, data: Mapping[str, Any]) -> Row:
    """Make an unconfirmed user with an identity of the provider `email`."""
    user_id = uuid4()
    facts = {"sub": str(user_id), "email": email, "email_verified": False, "phone_verified": False}
    metadata = Jsonb(dict(data) | facts)
    call.run(
        "insert into auth.users (id, instance_id, aud, role, email, encrypted_password,"
        " raw_app_meta_data, raw_user_meta_data, confirmation_token, recovery_token, email_change,"
        " email_change_token_new) values (%s, %s, %s, %s, %s,"
        " extensions.crypt(%s, extensions.gen_salt('bf', 10)), %s, %s, '', '', '', '')",
        *(user_id, UUID(int=0), AUDIENCE, AUDIENCE, email, password),
        *(Jsonb({"provider": "email", "providers": ["email"]}), metadata),
    )
    call.run(
        "insert into auth.identities (provider_id, user_id, identity_data, provider,"
        " last_sign_in_at, created_at, updated_at)"
        " values (%s, %s, %s, 'email', now(), now(), now())",
        *(str(user_id), user_id, metadata),
    )
    return require(by_id(call, user_id))


def confirm(call: Call, user: Row) -> None:
    call.run(
        "update auth.users set confirmation_token = '', email_confirmed_at = now(),"
        " raw_user_meta_data = coalesce(raw_user_meta_data, '{}') || %s where id = %s",
        *(Jsonb({"email_verified": True}), user["id"]),
    )
    call.run("delete from auth.one_time_tokens where user_id = %s", user["id"])


def set_password(call: Call, user: Row, password: str, session_id: object = None) -> None:
    """Change the password; end all other sessions and the links that were sent."""
    call.run(
        "update auth.users set"
        " encrypted_password = extensions.crypt(%s, extensions.gen_salt('bf', 10)),"
        " confirmation_token = '', confirmation_sent_at = null, recovery_token = '',"
        " recovery_sent_at = null, email_change_token_current = '', email_change_token_new = '',"
        " email_change_sent_at = null, updated_at = now() where id = %s",
        *(password, user["id"]),
    )
    call.run("delete from auth.one_time_tokens where user_id = %s", user["id"])
    call.run(
        "delete from auth.sessions where user_id = %s and id is distinct from %s",
        *(user["id"], session_id),
    )


def merge(call: Call, user: Row, column: str, data: Mapping[str, Any]) -> None:
    """Change metadata; a null removes its field."""
    merged = {**(user[column] or {}), **data}
    call.run(
        "update auth.users set {column} = %s, updated_at = now() where id = %s",
        *(Jsonb({name: value for name, value in merged.items() if value is not None}), user["id"]),
        column=column,
    )


def as_json(call: Call, user: Row) -> dict[str, Any]:
    found = call.database.execute(
        "select * from auth.identities where user_id = %s order by created_at", [user["id"]]
    )
    shown = {name: user[column] for name, column in _SHOWN_IF_SET.items() if user[column]}
    return {
        "id": str(user["id"]),
        "aud": user["aud"] or "",
        "role": user["role"] or "",
        "email": user["email"] or "",
        "phone": user["phone"] or "",
        **{name: instant(value) for name, value in shown.items()},
        "app_metadata": user["raw_app_meta_data"] or {},
        "user_metadata": user["raw_user_meta_data"] or {},
        "identities": [_identity(row) for row in found.fetchall()],
        "created_at": instant(user["created_at"]),
        "updated_at": instant(user["updated_at"]),
        "is_anonymous": user["is_anonymous"],
    }


def _identity(row: Row) -> dict[str, Any]:
    return {
        "identity_id": str(row["id"]),
        "id": row["provider_id"],
        "user_id": str(row["user_id"]),
        "identity_data": row["identity_data"],
        "provider": row["provider"],
        "last_sign_in_at": instant(row["last_sign_in_at"]),
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
        "email": row["email"],
    }


def instant(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def require(user: Row | None) -> Row:
    if user is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "user_not_found", "User not found")
    return user


def replace_email(call: Call, user: Row, email: str) -> None:
    """Change a user's address; links that were sent to the old one end."""
    call.run(
        "update auth.users set email = %s, email_change = '', email_change_token_new = '',"
        " email_change_token_current = '', email_change_confirm_status = 0, updated_at = now()"
        " where id = %s",
        *(email, user["id"]),
    )
    call.run(
        "update auth.identities set identity_data = identity_data || %s, updated_at = now()"
        " where user_id = %s and provider = 'email'",
        *(Jsonb({"email": email}), user["id"]),
    )
    call.run("delete from auth.one_time_tokens where user_id = %s", user["id"])
