"""Pure rules: the emails that a request of the Send Email hook asks for."""

import hmac
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256

from wingman.accounts.emails.models import AccountEmail, EmailRequest

LIFE = timedelta(hours=1)
"""The life of a token; `otp_expiry` in supabase/config.toml is the same."""
_LINKS = {
    "signup": "signup_confirmation",
    "invite": "account_invitation",
    "magiclink": "sign_in_link",
    "recovery": "password_reset",
}


def emails_of(request: EmailRequest, secret: bytes) -> list[AccountEmail]:
    """Return the emails that are asked for; none for an unknown kind.

    `occasion` identifies repeats: a hash of the facts, keyed because they contain tokens.
    """
    return [
        AccountEmail(kind=kind, address=address, facts=facts, occasion=_occasion(facts, secret))
        for kind, address, facts in _wanted(request)
    ]


def _wanted(request: EmailRequest) -> Iterator[tuple[str, str, dict[str, str]]]:
    user, asked = request.user, request.email_data
    if asked.email_action_type == "email_change":
        yield "email_change", user.new_email, {"token": asked.token_hash, "role": "new"}
        if asked.token_hash_new:  # both addresses confirm
            yield "email_change", user.email, {"token": asked.token_hash_new, "role": "current"}
    elif asked.email_action_type == "reauthentication":
        yield "reauthentication", user.email, {"code": asked.token}
    elif kind := _LINKS.get(asked.email_action_type):
        yield kind, user.email, {"token": asked.token_hash}


def _occasion(facts: dict[str, str], secret: bytes) -> str:
    return hmac.digest(secret, "\0".join(facts.values()).encode(), sha256).hex()
