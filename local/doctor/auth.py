"""Checks of a project's Supabase Auth, by its settings and its answers."""

import json
import os
from http import HTTPStatus
from uuid import uuid4

import httpx

from local.auth.hook import signed
from local.doctor.findings import Finding, Findings, fail, ok, warn
from wingman.accounts.emails.settings import HookSettings
from wingman.accounts.settings import RegistrationSettings
from wingman.kit.clients.transport import http_client
from wingman.kit.settings import (
    AppSettings,
    Environment,
    SupabaseServiceSettings,
    SupabaseSettings,
    load,
)

TIMEOUT_SECONDS = 5.0
COLD_START_SECONDS = 20.0
PUSH = "`npx --prefix local supabase config push` sends supabase/config.toml"
# The burst that Supabase Auth allows one address.
BURST = 30
# Addresses for documentation (RFC 5737), which no client has.
_ONE, _OTHER = "192.0.2.1", "192.0.2.2"
_SWITCH = "turn on IP address forwarding in Supabase (Authentication → Rate Limits)"


def check_auth() -> Findings:
    """Check the public settings, then whether limits use the client's address."""
    settings = load(SupabaseSettings)
    headers = {"apikey": settings.supabase_publishable_key.get_secret_value()}
    with http_client("auth", timeout=TIMEOUT_SECONDS) as client:
        answer = client.get(f"{settings.supabase_url}/auth/v1/settings", headers=headers)
        if answer.status_code != HTTPStatus.OK:
            text = f"Supabase Auth answers {answer.status_code}"
            yield fail("auth", text, "is SUPABASE_URL right, and the project awake?")
            return
        found = answer.json()
        yield _confirmation(asks=not found.get("mailer_autoconfirm"))
        if found.get("disable_signup"):
            yield warn("auth", "new users cannot register", f"enable_signup is off: {PUSH}")
        yield _forwarding(client)


def check_hook() -> Findings:
    """Call our own hook as Supabase Auth does, with a kind of email that does not exist."""
    api = os.environ.get("API_URL")
    if not api:
        yield warn("hook", "API_URL is not set, so the hook is not checked", "set it")
        return
    url = f"{api.rstrip('/')}/webhooks/auth-email"
    secret = load(HookSettings).auth_email_hook_secret.get_secret_value()
    user = {"id": str(uuid4()), "email": "doctor@example.com"}
    body = json.dumps({"user": user, "email_data": {"email_action_type": "doctor"}})
    with http_client("auth", timeout=COLD_START_SECONDS) as client:
        answer = client.post(url, content=body, headers=signed(secret, str(uuid4()), body))
        stranger = client.post(url, content=body)
    if answer.status_code == HTTPStatus.UNAUTHORIZED:
        text = "the deployment has another AUTH_EMAIL_HOOK_SECRET"
        yield fail("hook", text, "`ROTATE=AUTH_EMAIL_HOOK_SECRET`, with the one in Supabase")
    elif answer.status_code != HTTPStatus.OK:
        text = f"/webhooks/auth-email answers {answer.status_code}"
        yield fail("hook", text, "deploy, and look at the logs of AuthEmailFunction")
    elif stranger.status_code != HTTPStatus.UNAUTHORIZED:
        text = f"/webhooks/auth-email answers {stranger.status_code} without a signature"
        yield fail("hook", text, "deploy the code as it is")
    else:
        yield ok("hook", "takes requests that AUTH_EMAIL_HOOK_SECRET signs, and no others")


def _confirmation(*, asks: bool) -> Finding:
    if asks and load(RegistrationSettings).confirm_addresses:
        return ok("auth", "a new user has to confirm the address")
    if asks:
        text = "a new user has to confirm the address, and ConfirmAddresses is off"
        advice = "set it to true: the time of a registration shows who has an account"
        return fail("auth", text, advice)
    text = "a new user's address is not confirmed: anyone can register with another person's"
    return fail("auth", text, PUSH)


def _forwarding(client: httpx.Client) -> Finding:
    """Use up the bucket of an unused address, then call as another one."""
    if load(AppSettings).environment is Environment.LOCAL:
        return ok("auth", "the local stack has no limits per address, unless a test sets them")
    if not any(_is_refused(client, address) for address in [_ONE] * (BURST + 1)):
        text = f"no limit after {BURST + 1} requests, so the address of a client cannot be tested"
        return warn("auth", text, f"is token_refresh of supabase/config.toml set? {PUSH}")
    if _is_refused(client, _OTHER):
        text = "limits count the address of our functions: all users share one bucket"
        return fail("auth", text, _SWITCH)
    return ok("auth", "limits count the address of a client that functions forward")


def _is_refused(client: httpx.Client, address: str) -> bool:
    settings, service = load(SupabaseSettings), load(SupabaseServiceSettings)
    key = service.supabase_secret_key.get_secret_value()
    answer = client.post(
        f"{settings.supabase_url}/auth/v1/token?grant_type=refresh_token",
        json={"refresh_token": "made up by make doctor"},
        headers={"apikey": key, "sb-forwarded-for": address},
    )
    return answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
