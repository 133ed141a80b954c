"""The tokens in emails: made, handed to the hook, and redeemed once."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from local.auth import hook, users
from local.auth.call import Call, Row
from local.auth.refusal import expired, too_soon


@dataclass(frozen=True)
class Purpose:
    """The columns of auth.users that hold a kind of token."""

    token_type: str
    column: str
    sent_at: str


CONFIRMATION = Purpose("confirmation_token", "confirmation_token", "confirmation_sent_at")
RECOVERY = Purpose("recovery_token", "recovery_token", "recovery_sent_at")
NEW_ADDRESS = Purpose("email_change_token_new", "email_change_token_new", "email_change_sent_at")
OLD_ADDRESS = Purpose(
    "email_change_token_current", "email_change_token_current", "email_change_sent_at"
)
# The kinds that `verify` looks for, by its `type`.
PURPOSES = {
    "signup": (CONFIRMATION,),
    "invite": (CONFIRMATION,),
    "recovery": (RECOVERY,),
    "magiclink": (RECOVERY,),
    "email": (CONFIRMATION, RECOVERY),
    "email_change": (OLD_ADDRESS, NEW_ADDRESS),
}


@dataclass(frozen=True)
class Link:
    otp: str
    token_hash: str


def new_link(call: Call, email: str) -> Link:
    """Draw the digits that an email shows, and the hash that its link carries."""
    digits = call.project.settings.otp_length
    otp = f"{secrets.randbelow(10**digits):0{digits}}"
    return Link(otp, token_hash(email, otp))


def token_hash(email: str, otp: str) -> str:
    return hashlib.sha224(f"{email}{otp}".encode()).hexdigest()


def keep(call: Call, user: Row, purpose: Purpose, email: str, link: Link) -> None:
    """Store a link; the one before it of the same kind no longer works."""
    call.run(
        "update auth.users set {token} = %s, {sent_at} = now(), updated_at = now() where id = %s",
        *(link.token_hash, user["id"]),
        token=purpose.column,
        sent_at=purpose.sent_at,
    )
    call.run(
        "insert into auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to)"
        " values (%s, %s, %s, %s, %s) on conflict (user_id, token_type) do update"
        " set token_hash = excluded.token_hash, relates_to = excluded.relates_to,"
        " created_at = now(), updated_at = now()",
        *(uuid4(), user["id"], purpose.token_type, link.token_hash, email),
    )


def send(call: Call, user: Row, action: str, purpose: Purpose) -> None:
    """Email a link of this purpose. Raises Refusal when one was sent a moment ago.

    As in Supabase Auth, the hook runs inside the transaction: it does not see a new user yet.
    """
    _check_pause(call, user, purpose)
    email = str(user["email"])
    link = new_link(call, email)
    _hand_over(call, user, action, token=link.otp, token_hash=link.token_hash)
    keep(call, user, purpose, email, link)


def send_change(call: Call, user: Row, new_email: str) -> None:
    """Email both addresses of a change, or only the new one if one confirmation is enough."""
    _check_pause(call, user, NEW_ADDRESS)
    call.run(
        "update auth.users set email_change = %s, email_change_confirm_status = 0 where id = %s",
        *(new_email, user["id"]),
    )
    user = users.again(call, user)
    new = new_link(call, new_email)
    if not call.project.settings.double_confirm_changes:
        _hand_over(call, user, "email_change", token=new.otp, token_hash=new.token_hash)
    else:
        old = new_link(call, str(user["email"]))
        # Supabase's names are swapped: `token` goes to the old address with `token_hash_new`, and
        # `token_new` to the new address with `token_hash`.
        _hand_over(
            *(call, user, "email_change"),
            token=old.otp,
            token_hash=new.token_hash,
            token_new=new.otp,
            token_hash_new=old.token_hash,
        )
        keep(call, user, OLD_ADDRESS, str(user["email"]), old)
    keep(call, user, NEW_ADDRESS, new_email, new)


def _check_pause(call: Call, user: Row, purpose: Purpose) -> None:
    sent_at, pause = user[purpose.sent_at], call.project.settings.max_frequency
    if sent_at is None:
        return
    left = sent_at + timedelta(seconds=pause) - datetime.now(tz=UTC)
    if left > timedelta():
        raise too_soon(int(left.total_seconds()))


def _hand_over(call: Call, user: Row, action: str, **texts: str) -> None:
    project = call.project
    if project.settings.limits:
        project.limits.charge_email(project.settings.email_sent)
    settings = project.settings
    if settings.hook_url is None:
        return
    facts: dict[str, Any] = {
        "token": "",
        "token_hash": "",
        "redirect_to": redirect_to(call),
        "email_action_type": action,
        "site_url": project.url,
        "token_new": "",
        "token_hash_new": "",
    }
    payload = {"user": users.as_json(call, user), "email_data": facts | texts}
    hook.deliver(project, settings.hook_url, payload)


def redirect_to(call: Call) -> str:
    """Return the address that the client asked for, if it is allowed, or the site's."""
    settings, wanted = call.project.settings, call.query.get("redirect_to", "")
    own = urlsplit(settings.site_url)
    same_site = urlsplit(wanted)[:2] == own[:2]
    listed = any(fnmatch(wanted, pattern) for pattern in settings.additional_redirect_urls)
    return wanted if wanted and (same_site or listed) else settings.site_url


def find(call: Call, kind: str, sent_hash: str) -> tuple[Row, Purpose]:
    """Return the user of a valid link and lock it. Raises Refusal."""
    purposes = {purpose.token_type: purpose for purpose in PURPOSES[kind]}
    found = call.one(
        "select token.user_id, token.token_type from auth.one_time_tokens as token"
        " join auth.users as owner on owner.id = token.user_id"
        " where token.token_hash = %s and token.token_type = any(%s::auth.one_time_token_type[])"
        " for update",
        *(sent_hash, list(purposes)),
    )
    if found is None:
        raise expired()
    purpose = purposes[found["token_type"]]
    user = users.require(users.by_id(call, found["user_id"]))
    life = timedelta(seconds=call.project.settings.otp_expiry)
    sent_at = user[purpose.sent_at]
    if sent_at is None or sent_at + life < datetime.now(tz=UTC):
        raise expired()
    return user, purpose


def use_up(call: Call, user: Row, purpose: Purpose) -> None:
    call.run("update auth.users set {token} = '' where id = %s", user["id"], token=purpose.column)
    call.run(
        "delete from auth.one_time_tokens where user_id = %s and token_type = %s",
        *(user["id"], purpose.token_type),
    )
