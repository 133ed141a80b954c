"""Checks of the services that an environment depends on, with its own keys."""

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from local import supabase_cli
from local.doctor.findings import Finding, Findings, fail, ok, warn
from local.errors import StackError
from local.migrations import files
from local.stack import CHECKOUT
from wingman.coach.settings import CoachSettings
from wingman.kit.auth.tokens import ASYMMETRIC
from wingman.kit.clients.answers import KeyRefused
from wingman.kit.clients.commands import RedisError
from wingman.kit.clients.database import (
    DatabaseError,
    NotServiceRole,
    get_anon_client,
    get_service_client,
    secret_key_headers,
)
from wingman.kit.clients.lua import Script
from wingman.kit.clients.redis import redis
from wingman.kit.clients.transport import http_client
from wingman.kit.errors import DependencyRefused, DependencyUnavailable
from wingman.kit.settings import SupabaseServiceSettings, SupabaseSettings, load
from wingman.notifications.email.letters.brand import Brand
from wingman.notifications.email.settings import ResendSettings, WebhookSettings

TIMEOUT_SECONDS = 5.0
COLD_START_SECONDS = 20.0
MOST_SKEW_SECONDS = 5.0
_GRANT = re.compile(r"grant execute on function public\.(\w+)\s+to\s+([\w, ]*service_role[\w, ]*);")
_NAMED = 5
_PAUSES = (0.0, 1.0, 3.0)
_NOT_ANSWERED = {httpx.codes.BAD_GATEWAY, httpx.codes.GATEWAY_TIMEOUT}
_APPLY = "apply them: `supabase db push` (here: `make up`)"


def check_database() -> Findings:
    """Ping with both keys, then compare the database with the migrations."""
    pings: dict[str, Callable[[], None]] = {
        "SUPABASE_PUBLISHABLE_KEY": lambda: get_anon_client().ping(),
        "SUPABASE_SECRET_KEY": lambda: get_service_client().ping_as_service_role(),
    }
    for key, ping in pings.items():
        try:
            ping()
        except DependencyRefused:
            advice = "`make backend-key` (with ENV=…); a deployment does the same"
            yield fail("database", "BACKEND_KEY is not accepted", advice)
        except KeyRefused:
            yield fail("database", f"{key} does not work (refused)", f"copy {key} again")
        except DependencyUnavailable:
            yield fail("database", "no answer", "is SUPABASE_URL right, and the project awake?")
            return
        except NotServiceRole:
            advice = "copy the secret key (`sb_secret_…`), or the legacy one of service_role"
            yield fail("database", f"{key} does not act as service_role", advice)
        except Exception as error:  # noqa: BLE001 - whatever it is, the key does not work
            what = error.code if isinstance(error, DatabaseError) else type(error).__name__
            advice = f"copy {key} again; after a fresh project, apply the migrations"
            yield fail("database", f"{key} does not work ({what})", advice)
        else:
            yield ok("database", f"{key} works")
    yield _front_door()
    yield from _migrations()


def _front_door() -> Finding:
    """Call PostgREST without the backend key, as an attacker who bypasses the API would."""
    settings = load(SupabaseSettings)
    headers = {"apikey": settings.supabase_publishable_key.get_secret_value()}
    with http_client("doctor", timeout=TIMEOUT_SECONDS) as client:
        answer = client.post(f"{settings.supabase_url}/rest/v1/rpc/ping", headers=headers)
    if answer.is_client_error:
        return ok("front door", "PostgREST refuses a request without BACKEND_KEY")
    text = f"PostgREST answers {answer.status_code} to a request without BACKEND_KEY"
    advice = "apply the migrations, then `notify pgrst, 'reload config'` in the database"
    return fail("front door", text, advice)


def _migrations() -> Findings:
    if url := os.environ.get("DATABASE_URL"):
        yield from _compared(url)
    else:
        yield from _offered()


def _compared(url: str) -> Findings:
    """Compare the files with the database's own list of applied migrations."""
    names = {path.stem.partition("_")[0]: path.stem for path in files(CHECKOUT)}
    try:
        listed = supabase_cli.migrations(url, CHECKOUT)
    except StackError as error:
        advice = "is DATABASE_URL right, with its password, and is it up?"
        yield fail("migrations", f"they cannot be listed: {error}", advice)
        return
    yield _missing([names[each.local] for each in listed if not each.remote], f"{len(names)} files")
    if unknown := [each.remote for each in listed if not each.local]:
        text = f"{_some(unknown)} applied, but not in this checkout"
        yield warn("migrations", text, "is this checkout older than the database? `git pull`")


def _missing(names: Sequence[str], of: str) -> Finding:
    if names:
        return fail("migrations", f"{len(names)} of {of} are missing: {_some(names)}", _APPLY)
    return ok("migrations", f"all of {of} are there")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")


def _offered() -> Findings:
    """Compare the functions granted to workers in the files with those that PostgREST offers."""
    schemas = CHECKOUT / "supabase" / "schemas"
    text = "".join(path.read_text() for path in schemas.glob("*.sql"))
    wanted = {found[1] for found in _GRANT.finditer(text)}
    settings = load(SupabaseServiceSettings)
    headers = secret_key_headers(settings.supabase_secret_key.get_secret_value())
    offered = _get(f"{settings.supabase_url}/rest/v1/", headers).json().get("paths", {})
    missing = sorted(name for name in wanted if f"/rpc/{name}" not in offered)
    yield _missing(missing, f"{len(wanted)} functions for workers")


def check_tokens() -> Findings:
    """Check the published keys and the legacy switch."""
    settings = load(SupabaseSettings)
    answer = _get(f"{settings.supabase_url}/auth/v1/.well-known/jwks.json", {}).json()
    found = {str(key.get("alg")) for key in answer.get("keys", [])} & ASYMMETRIC
    rotate = "rotate to an ES256 key in Supabase (Project Settings → JWT Keys)"
    if found:
        yield ok("tokens", f"the project publishes keys for {', '.join(sorted(found))}")
    elif settings.supabase_jwt_secret is None:
        yield fail("tokens", "the project publishes no ES256 or RS256 key", rotate)
    if settings.supabase_jwt_secret is not None:
        text = "HS256 is accepted: each function for users holds a key that can sign service_role"
        advice = "set AcceptLegacyTokens to false" if found else f"{rotate}, then set it to false"
        yield warn("tokens", f"AcceptLegacyTokens: {text}", advice)


def check_redis() -> Findings:
    """Run a script, as the limiter does, and compare the clocks."""
    try:
        seconds, micros = Script("return redis.call('TIME')").run(redis(), [], [])
    except DependencyUnavailable:
        yield fail("redis", "no answer", "is UPSTASH_REDIS_REST_URL right?")
    except RedisError as error:
        yield fail(
            "redis", f"refuses a script: {error.code}", "copy UPSTASH_REDIS_REST_TOKEN again"
        )
    else:
        yield ok("redis", "runs our scripts")
        skew = abs(int(seconds) + int(micros) / 1_000_000 - time.time())
        if skew > MOST_SKEW_SECONDS:
            text = f"its clock and this machine's are {skew:.0f} s apart"
            yield warn("redis", text, "one is wrong; tokens and webhooks depend on the time")


def check_email_provider(brand: Brand) -> Findings:
    """List our domains: the key must work, and the sender's domain must be verified."""
    settings = load(ResendSettings)
    key = settings.resend_api_key.get_secret_value()
    answer = _get(f"{settings.resend_api_url}/domains", {"Authorization": f"Bearer {key}"})
    if answer.is_success:
        yield ok("email", "RESEND_API_KEY works")
        yield from _domain(answer.json().get("data", []), brand.sender_email.partition("@")[2])
    elif answer.json().get("name") == "restricted_api_key":
        yield ok("email", "RESEND_API_KEY works, for sending only")
    else:
        text = f"RESEND_API_KEY is refused ({answer.status_code})"
        yield fail("email", text, "make a key with sending access in Resend's dashboard")


def _domain(domains: list[Mapping[str, Any]], wanted: str) -> Findings:
    status = next((each["status"] for each in domains if each["name"] == wanted), None)
    if status == "verified":
        yield ok("email", f"{wanted} is verified")
    else:
        text = f"{wanted} is {status or 'not a domain of this account'}"
        yield fail("email", text, "add and verify it in Resend's dashboard (Domains)")


def check_webhook() -> Findings:
    """Check that the secret is well formed; loading the settings validates it."""
    load(WebhookSettings)
    yield ok("webhook", "RESEND_WEBHOOK_SECRET is well formed; only an event can prove it")


def check_coach() -> Findings:
    """Look up the model by its name, which costs nothing."""
    settings = load(CoachSettings)
    if not settings.enable_ai_coaching or settings.anthropic_api_key is None:
        yield ok("coach", "off")
        return
    key = settings.anthropic_api_key.get_secret_value()
    headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
    answer = _get(f"{settings.anthropic_api_url}/v1/models/{settings.coach_model}", headers)
    if answer.is_success:
        yield ok("coach", f"ANTHROPIC_API_KEY works, {settings.coach_model} is there")
    elif answer.status_code == httpx.codes.NOT_FOUND:
        yield fail(
            "coach", f"there is no {settings.coach_model}", "set COACH_MODEL to an existing model"
        )
    else:
        text = f"ANTHROPIC_API_KEY is refused ({answer.status_code})"
        yield fail("coach", text, "make one at platform.claude.com, or turn ENABLE_AI_COACHING off")


def check_api() -> Findings:
    url = os.environ.get("API_URL")
    if not url:
        yield warn("api", "API_URL is not set, so the deployment itself is not checked", "set it")
        return
    status = _health(f"{url.rstrip('/')}/health").json().get("status")
    if status == "healthy":
        yield ok("api", "/health says healthy")
    elif status == "degraded":
        yield warn("api", "/health says degraded", "read it: it names what is missing")
    else:
        yield fail("api", f"/health says {status}", "read it, and the logs of HealthFunction")


def _health(url: str) -> httpx.Response:
    """Retry after a gateway's error, which is usual just after a deployment.

    A 503 comes from /health itself.
    """
    with http_client("doctor", timeout=COLD_START_SECONDS, judge=lambda _: None) as client:
        for pause in _PAUSES:
            time.sleep(pause)
            answer = client.get(url)
            if answer.status_code not in _NOT_ANSWERED:
                break
    return answer


def _get(url: str, headers: Mapping[str, str]) -> httpx.Response:
    with http_client("doctor", timeout=TIMEOUT_SECONDS) as client:
        return client.get(url, headers=headers)
