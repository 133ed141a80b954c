"""`sam deploy` of the one template.yaml, onto the emulator."""

import json
import os

from local import building, event_sources, gateway, redis_users, template
from local.aws import emulated, outputs
from local.credentials import credentials
from local.deploy import release
from local.environment import outputs_file
from local.fcm import application as fcm
from local.package.target import OWN_RUNTIME, architecture
from local.processes import Recorded
from local.progress import say, step
from local.sam import sam
from local.sentry import application as sentry
from local.servers import AWS_CREDENTIALS
from local.stack import HOST, OWN_APP_URL, Stack

STACK_NAME = "wingman"
SECRETS_ID = "wingman"


def deploy(stack: Stack, ministack: Recorded) -> None:
    """Run `sam deploy` unless this run of the emulator already has this build."""
    with building.lock(stack):
        stamp = stack.state / "deployed.json"
        wanted: dict[str, object] = {
            "build": building.built(stack),
            "emulator": [ministack.pid, ministack.started],
            "limits": parameters(stack)["EnableRateLimiting"],
        }
        if stamp.exists() and json.loads(stamp.read_text()) == wanted:
            say(f"  {'deployment':<48} nothing changed")
            return
        _forget_if_new(stack, wanted)
        _put_secrets(stack)
        with step("sam deploy"):
            _deploy(stack)
        with step("routes"):
            _finish(stack)
        stamp.write_text(json.dumps(wanted))


def _forget_if_new(stack: Stack, wanted: dict[str, object]) -> None:
    """Forget a deployment that the emulator no longer has; an existing one keeps answering."""
    stamp = stack.state / "deployed.json"
    if not stamp.exists() or json.loads(stamp.read_text())["emulator"] != wanted["emulator"]:
        forget(stack)
    stamp.unlink(missing_ok=True)


def forget(stack: Stack) -> None:
    (stack.state / "deployed.json").unlink(missing_ok=True)
    outputs_file(stack).unlink(missing_ok=True)


def _deploy(stack: Stack) -> None:
    declared = template.load(stack.checkout / "template.yaml")["Parameters"]
    given = {k: v for k, v in parameters(stack).items() if k in declared}
    sam(
        *("deploy", "--template-file", release.written(building.folder(stack), given)),
        *("--stack-name", STACK_NAME, "--resolve-s3", "--capabilities", "CAPABILITY_IAM"),
        *("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"),
        *(
            "--parameter-overrides",
            *(f"ParameterKey={k},ParameterValue={v}" for k, v in given.items()),
        ),
        log=stack.log("sam"),
        env=AWS_CREDENTIALS
        | {"AWS_ENDPOINT_URL": stack.url("ministack"), "SAM_CLI_POLL_DELAY": "0.5"},
        checkout=stack.checkout,
    )


def _finish(stack: Stack) -> None:
    aws = emulated(stack)
    found = outputs(aws, STACK_NAME)
    built = template.load(building.folder(stack) / "template.yaml")
    origins = parameters(stack)["AllowedOrigins"].split(",")
    gateway.imitate(aws, STACK_NAME, found["ApiId"], built, origins)
    event_sources.correct(aws)
    outputs_file(stack).write_text(json.dumps(found, indent=2))


def parameters(stack: Stack) -> dict[str, str]:
    return {
        "Environment": "local",
        "Runtime": OWN_RUNTIME,
        "Architecture": architecture(),
        "SupabaseUrl": stack.url("supabase"),
        "SupabasePublishableKey": credentials(stack).supabase_publishable_key,
        "UpstashRedisRestUrl": stack.url("upstash"),
        "ResendApiUrl": stack.url("resend"),
        "Shifting": "Off",  # the emulator has no CodeDeploy
        "EnableAiCoaching": "true",
        "EnablePush": "true",
        "FcmApiUrl": fcm.url(stack),
        "SentryDsn": sentry.dsn(stack),
        "EnableRateLimiting": os.environ.get("ENABLE_RATE_LIMITING", "true"),
        "AnthropicApiUrl": stack.url("anthropic"),
        "PublicApiUrl": stack.url("api"),
        "WebSocketEmulator": f"{HOST}:{stack.port('ministack')}/_aws/execute-api",
        "GatewayLogsRole": "false",
        "AppUrl": stack.url("app"),
        "AllowedOrigins": f"{stack.url('app')},{OWN_APP_URL}",
        "SecretsId": SECRETS_ID,
    }


def _put_secrets(stack: Stack) -> None:
    secret, client = credentials(stack), emulated(stack).secrets_manager()
    value = json.dumps(
        {
            "SUPABASE_SECRET_KEY": secret.supabase_secret_key,
            "SUPABASE_SECRET_KEY_PREVIOUS": secret.supabase_secret_key_previous,
            "BACKEND_KEY": secret.backend_key,
            redis_users.APP.secret: secret.upstash_redis_rest_token_app,
            redis_users.PUBLIC.secret: secret.upstash_redis_rest_token_public,
            "RESEND_API_KEY": secret.resend_api_key,
            "RESEND_WEBHOOK_SECRET": secret.resend_webhook_secret,
            "AUTH_EMAIL_HOOK_SECRET": secret.auth_email_hook_secret,
            "RESEND_WEBHOOK_SECRET_PREVIOUS": secret.resend_webhook_secret_previous,
            "AUTH_EMAIL_HOOK_SECRET_PREVIOUS": secret.auth_email_hook_secret_previous,
            "EMAIL_LINK_SECRET": secret.email_link_secret,
            "EMAIL_LINK_SECRET_PREVIOUS": secret.email_link_secret_previous,
            "ANTHROPIC_API_KEY": secret.anthropic_api_key,
            "FCM_SERVICE_ACCOUNT": fcm.service_account(stack),
        }
    )
    try:
        client.create_secret(Name=SECRETS_ID, SecretString=value)
    except client.exceptions.ResourceExistsException:
        client.put_secret_value(SecretId=SECRETS_ID, SecretString=value)
