"""`.local/env`: every address and secret of the stack, for shells, tests and developers."""

import json
import os
import shlex
from pathlib import Path

from local.credentials import credentials
from local.fcm import application as fcm
from local.postgres_cluster import database_url
from local.sentry import application as sentry
from local.servers import REGION
from local.stack import HOST, Stack


def environment(stack: Stack, pids: dict[str, int]) -> dict[str, str]:
    secret, deployed = credentials(stack), outputs(stack)
    return {
        "ENVIRONMENT": "local",
        "API_URL": stack.url("api"),
        "APP_URL": stack.url("app"),
        "SUPABASE_URL": stack.url("supabase"),
        "SUPABASE_PUBLISHABLE_KEY": secret.supabase_publishable_key,
        "SUPABASE_SECRET_KEY": secret.supabase_secret_key,
        "SUPABASE_SECRET_KEY_PREVIOUS": secret.supabase_secret_key_previous,
        "LOCAL_JWT_JWK": secret.local_jwt_jwk,
        "LOCAL_LEGACY_JWT_SECRET": secret.local_legacy_jwt_secret,
        "BACKEND_KEY": secret.backend_key,
        "DATABASE_URL": database_url(stack, secret),
        "UPSTASH_REDIS_REST_URL": stack.url("upstash"),
        "UPSTASH_REDIS_REST_TOKEN": secret.upstash_redis_rest_token,
        "UPSTASH_REDIS_REST_TOKEN_APP": secret.upstash_redis_rest_token_app,
        "UPSTASH_REDIS_REST_TOKEN_PUBLIC": secret.upstash_redis_rest_token_public,
        "REDIS_URL": f"redis://{HOST}:{stack.port('redis')}",
        "RESEND_API_URL": stack.url("resend"),
        "RESEND_API_KEY": secret.resend_api_key,
        "RESEND_WEBHOOK_SECRET": secret.resend_webhook_secret,
        "AUTH_EMAIL_HOOK_SECRET": secret.auth_email_hook_secret,
        "RESEND_WEBHOOK_SECRET_PREVIOUS": secret.resend_webhook_secret_previous,
        "AUTH_EMAIL_HOOK_SECRET_PREVIOUS": secret.auth_email_hook_secret_previous,
        "EMAIL_LINK_SECRET": secret.email_link_secret,
        "EMAIL_LINK_SECRET_PREVIOUS": secret.email_link_secret_previous,
        "ANTHROPIC_API_URL": stack.url("anthropic"),
        "ANTHROPIC_API_KEY": secret.anthropic_api_key,
        "ENABLE_AI_COACHING": "true",
        "AUTH_URL": stack.url("auth"),
        "INBOX_URL": stack.url("resend") + "/",
        "REALTIME_URL": deployed.get("RealtimeUrl", ""),
        "REALTIME_ENDPOINT": deployed.get("RealtimeEndpoint", ""),
        "STACK_NAME": "wingman",
        "AWS_ENDPOINT_URL": stack.url("ministack"),
        "AWS_REGION": REGION,
        "EMAIL_URGENT_QUEUE_URL": deployed.get("EmailUrgentQueueUrl", ""),
        "EMAIL_BULK_QUEUE_URL": deployed.get("EmailBulkQueueUrl", ""),
        "PUSH_QUEUE_URL": deployed.get("PushQueueUrl", ""),
        "SENTRY_DSN": sentry.dsn(stack),
        "ENABLE_PUSH": "true",
        "FCM_URL": fcm.url(stack),
        "FCM_API_URL": fcm.url(stack),
        "FCM_SERVICE_ACCOUNT": fcm.service_account(stack),
        "PHOTO_QUEUE_URL": deployed.get("PhotoQueueUrl", ""),
        "RECOMMENDATIONS_QUEUE_URL": deployed.get("RecommendationsQueueUrl", ""),
        "PHOTOS_BUCKET": deployed.get("PhotosBucket", ""),
        "PHOTOS_DISTRIBUTION": deployed.get("PhotosDistribution", ""),
        "AUTH_REQUEST_QUEUE_URL": deployed.get("AuthRequestQueueUrl", ""),
        "PIDS": json.dumps(pids),
    }


def outputs(stack: Stack) -> dict[str, str]:
    path = outputs_file(stack)
    return dict(json.loads(path.read_text())) if path.exists() else {}


def outputs_file(stack: Stack) -> Path:
    return stack.state / "outputs.json"


def write(stack: Stack, pids: dict[str, int]) -> Path:
    """Write the variables in a shell's syntax; only the owner may read the file."""
    lines = [f"{n}={shlex.quote(v)}\n" for n, v in environment(stack, pids).items()]
    path = stack.env_file
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(lines)
    return path


def read(stack: Stack) -> dict[str, str]:
    words = shlex.split(stack.env_file.read_text())
    return dict(word.split("=", 1) for word in words)
