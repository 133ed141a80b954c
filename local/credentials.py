"""The random secrets of one stack, made at its first start and kept beside its state."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, fields

from local import tokens
from local.fcm import account as fcm_account
from local.stack import Stack


@dataclass(frozen=True)
class Credentials:
    postgres_password: str
    authenticator_password: str
    auth_admin_password: str
    supabase_publishable_key: str
    supabase_secret_key: str
    supabase_secret_key_previous: str
    local_jwt_jwk: str
    local_legacy_jwt_secret: str
    backend_key: str
    upstash_redis_rest_token: str
    upstash_redis_rest_token_app: str
    upstash_redis_rest_token_public: str
    resend_api_key: str
    resend_webhook_secret: str
    auth_email_hook_secret: str
    resend_webhook_secret_previous: str
    auth_email_hook_secret_previous: str
    email_link_secret: str
    email_link_secret_previous: str
    anthropic_api_key: str
    fcm_private_key: str


def _fresh() -> Credentials:
    return Credentials(
        postgres_password=secrets.token_urlsafe(24),
        authenticator_password=secrets.token_urlsafe(24),
        auth_admin_password=secrets.token_urlsafe(24),
        supabase_publishable_key=f"sb_publishable_{secrets.token_urlsafe(24)}",
        supabase_secret_key=f"sb_secret_{secrets.token_urlsafe(24)}",
        supabase_secret_key_previous=f"sb_secret_{secrets.token_urlsafe(24)}",
        local_jwt_jwk=tokens.new_key(),
        local_legacy_jwt_secret=secrets.token_urlsafe(48),
        backend_key=secrets.token_urlsafe(32),
        upstash_redis_rest_token=secrets.token_urlsafe(32),
        upstash_redis_rest_token_app=secrets.token_urlsafe(32),
        upstash_redis_rest_token_public=secrets.token_urlsafe(32),
        resend_api_key=f"re_{secrets.token_urlsafe(24)}",
        resend_webhook_secret=_webhook_secret(),
        auth_email_hook_secret=f"v1,{_webhook_secret()}",
        resend_webhook_secret_previous=_webhook_secret(),
        auth_email_hook_secret_previous=f"v1,{_webhook_secret()}",
        email_link_secret=secrets.token_urlsafe(32),
        email_link_secret_previous=secrets.token_urlsafe(32),
        anthropic_api_key=f"sk-ant-{secrets.token_urlsafe(32)}",
        fcm_private_key=fcm_account.new_key(),
    )


def _webhook_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"


def credentials(stack: Stack) -> Credentials:
    """Return the stack's secrets; make those that do not exist yet."""
    path = stack.state / "secrets.json"
    stored = json.loads(path.read_text()) if path.exists() else {}
    if set(stored) == {field.name for field in fields(Credentials)}:
        return Credentials(**stored)
    fresh = asdict(_fresh())
    made = Credentials(**{name: stored.get(name, value) for name, value in fresh.items()})
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(asdict(made), file, indent=2)
    return made
