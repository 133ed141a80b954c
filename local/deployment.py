"""`sam build` and `sam deploy` of the one template.yaml, onto the emulator."""

import fcntl
import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local import gateway, template
from local.aws import cloud_formation, secrets_manager
from local.credentials import credentials
from local.environment import outputs_file
from local.errors import StackError
from local.parts import clean_env
from local.processes import Recorded
from local.progress import say, step
from local.servers import AWS_CREDENTIALS
from local.stack import APP_URL, Stack

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
STACK_NAME = "wingman"
SECRETS_ID = "wingman"
_SOURCES = ("template.yaml", "functions", "layers")
_BUILT = Path(".aws-sam") / "build"


def architecture() -> str:
    """Return this machine's architecture in Lambda's words."""
    return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"


def build(stack: Stack) -> None:
    """Run `sam build` unless nothing changed since the last one."""
    with _build_lock(stack):
        sources, stamp = fingerprint(stack), stack.checkout / ".aws-sam" / "built"
        if stamp.exists() and stamp.read_text() == sources:
            say(f"  {'build':<48} nothing changed")
            return
        stamp.unlink(missing_ok=True)
        with step("sam build"):
            _sam(stack, "build", *_parameters(stack), "--cached", "--parallel")
        stamp.write_text(sources)


def fingerprint(stack: Stack) -> str:
    """Return a hash over everything that a build reads."""
    digest = hashlib.sha256(f"{RUNTIME} {architecture()}".encode())
    for path in _source_files(stack):
        digest.update(f"\0{path.relative_to(stack.checkout)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _source_files(stack: Stack) -> Iterator[Path]:
    for source in _SOURCES:
        root = stack.checkout / source
        if root.is_file():
            yield root
        for path in sorted(root.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def deploy(stack: Stack, ministack: Recorded) -> None:
    """Run `sam deploy` unless this build is already on this run of the emulator."""
    with _build_lock(stack):
        built = (stack.checkout / ".aws-sam" / "built").read_text()
        stamp = stack.state / "deployed.json"
        wanted: dict[str, object] = {"build": built, "emulator": [ministack.pid, ministack.started]}
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
    """Keep answering with the old deployment while a new one replaces it, if it is there."""
    stamp = stack.state / "deployed.json"
    if not stamp.exists() or json.loads(stamp.read_text())["emulator"] != wanted["emulator"]:
        forget(stack)
    stamp.unlink(missing_ok=True)


def forget(stack: Stack) -> None:
    """Take note that nothing is deployed (any more)."""
    (stack.state / "deployed.json").unlink(missing_ok=True)
    outputs_file(stack).unlink(missing_ok=True)


def _deploy(stack: Stack) -> None:
    _sam(
        stack,
        "deploy",
        *("--template-file", str(_BUILT / "template.yaml"), "--stack-name", STACK_NAME),
        *("--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset"),
        *("--no-fail-on-empty-changeset", "--no-progressbar"),
        *_parameters(stack),
    )


def _finish(stack: Stack) -> None:
    described = cloud_formation(stack).describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    outputs = {item["OutputKey"]: item["OutputValue"] for item in described.get("Outputs", [])}
    built = template.load(stack.checkout / _BUILT / "template.yaml")
    gateway.synchronise(stack, STACK_NAME, outputs["ApiId"], template.routes(built))
    cors = built["Resources"]["Api"]["Properties"]["CorsConfiguration"]
    origins = parameters(stack)["AllowedOrigins"].split(",")
    gateway.allow_origins(stack, outputs["ApiId"], cors, origins)
    outputs_file(stack).write_text(json.dumps(outputs, indent=2))


def parameters(stack: Stack) -> dict[str, str]:
    """Return the template's parameters on this stack."""
    return {
        "Environment": "local",
        "Runtime": RUNTIME,
        "Architecture": architecture(),
        "SupabaseUrl": stack.url("supabase"),
        "SupabasePublishableKey": credentials(stack).supabase_publishable_key,
        "UpstashRedisRestUrl": stack.url("upstash"),
        "ResendApiUrl": stack.url("resend"),
        "EnableAiCoaching": "true",
        "AnthropicApiUrl": stack.url("anthropic"),
        "PublicApiUrl": stack.url("api"),
        "AppUrl": APP_URL,
        "AllowedOrigins": APP_URL,
        "SecretsId": SECRETS_ID,
    }


def _parameters(stack: Stack) -> list[str]:
    declared = template.load(stack.checkout / "template.yaml")["Parameters"]
    pairs = [
        f"ParameterKey={k},ParameterValue={v}"
        for k, v in parameters(stack).items()
        if k in declared
    ]
    return ["--parameter-overrides", *pairs]


def _put_secrets(stack: Stack) -> None:
    """Store what the template resolves from Secrets Manager."""
    secret, client = credentials(stack), secrets_manager(stack)
    value = json.dumps(
        {
            "SUPABASE_SECRET_KEY": secret.supabase_secret_key,
            "SUPABASE_JWT_SECRET": secret.supabase_jwt_secret,
            "UPSTASH_REDIS_REST_TOKEN": secret.upstash_redis_rest_token,
            "RESEND_API_KEY": secret.resend_api_key,
            "RESEND_WEBHOOK_SECRET": secret.resend_webhook_secret,
            "EMAIL_LINK_SECRET": secret.email_link_secret,
            "ANTHROPIC_API_KEY": secret.anthropic_api_key,
        }
    )
    try:
        client.create_secret(Name=SECRETS_ID, SecretString=value)
    except client.exceptions.ResourceExistsException:
        client.put_secret_value(SecretId=SECRETS_ID, SecretString=value)


def _sam(stack: Stack, *arguments: str) -> None:
    programs = stack.checkout / ".local" / "aws" / "bin"
    paths = [str(Path(sys.executable).parent), str(programs), os.environ["PATH"]]
    env = clean_env(
        **AWS_CREDENTIALS,
        AWS_ENDPOINT_URL=stack.url("ministack"),
        SAM_CLI_TELEMETRY="0",
        SAM_CLI_POLL_DELAY="0.5",
        LAYER_PYTHON=RUNTIME,
        LAYER_TARGET="native",
    ) | {"PATH": os.pathsep.join(paths)}
    env |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    log = stack.log("sam")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        done = subprocess.run(
            [programs / "sam", *arguments],
            cwd=stack.checkout,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        tail = "\n".join(f"    {line}" for line in log.read_text().splitlines()[-25:])
        raise StackError(f"sam {arguments[0]} failed:\n{tail}\n  the whole log: {log}")


@contextmanager
def _build_lock(stack: Stack) -> Iterator[None]:
    """Let one stack at a time use the build folder, which they share."""
    folder = stack.checkout / ".aws-sam"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
