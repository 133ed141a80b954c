"""The secret of an environment in Secrets Manager: created, completed and rotated, never shown."""

import base64
import getpass
import json
import os
import secrets
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local import settings_table
from local.deploy.variables import problems
from local.errors import StackError
from local.progress import say

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient


@dataclass(frozen=True)
class Stored:
    """The secret's content, and the version for CloudFormation to read."""

    values: Mapping[str, str]
    version: str


def store(
    client: "SecretsManagerClient",
    secret: str,
    needed: Iterable[str],
    given: Mapping[str, str],
    *,
    rotate: Iterable[str] = (),
) -> Stored:
    """Complete the stored values; replace those that are given or rotated.

    Raises StackError before anything is written.
    """
    found = stored(client, secret)
    values = dict(found.values) if found else {}
    if unknown := sorted(set(rotate) - set(needed)):
        raise StackError(f"{', '.join(unknown)} cannot be rotated: the template reads no such key")
    replaced = {
        name: _new(name, given)
        for name in needed
        if name not in values
        or name in set(rotate)
        or given.get(name, values[name]) != values[name]
    }
    for name, other in _SAME_AS.items():
        if name in replaced and replaced[name] is None:
            replaced[name] = replaced.get(other) or values.get(other)
    if missing := [name for name, value in replaced.items() if value is None]:
        raise StackError(_how_to_give(secret, missing))
    kept = {
        before: values[name]
        for name, before in KEPT.items()
        if name in replaced.keys() & values.keys()
    }
    values |= {name: value for name, value in replaced.items() if value is not None} | kept
    if wrong := problems(values, only=needed):
        raise StackError("\n  ".join([f"the secret {secret} cannot be used:", *wrong]))
    if found and values == found.values:
        return found
    say(f"  {'changes' if found else 'creates'} {secret}: {', '.join(replaced)}")
    return Stored(values, _write(client, secret, values, exists=found is not None))


def stored(client: "SecretsManagerClient", secret: str) -> Stored | None:
    """Return what is stored; None if there is no such secret. Raises StackError."""
    try:
        answer = client.get_secret_value(SecretId=secret)
    except client.exceptions.ResourceNotFoundException:
        return None
    except client.exceptions.InvalidRequestException as error:
        raise StackError(f"the secret {secret}: {error}; restore it, or name another") from error
    try:
        values = json.loads(answer["SecretString"])
    except (KeyError, ValueError):
        raise StackError(f"the secret {secret} is not JSON: name another, or repair it") from None
    return Stored({name: str(value) for name, value in values.items()}, answer["VersionId"])


def _write(
    client: "SecretsManagerClient", secret: str, values: Mapping[str, str], *, exists: bool
) -> str:
    text = json.dumps(values)
    if exists:
        return client.put_secret_value(SecretId=secret, SecretString=text)["VersionId"]
    return client.create_secret(Name=secret, SecretString=text)["VersionId"]


def _how_to_give(secret: str, missing: list[str]) -> str:
    lines = [f"{name}: {_meaning(name)}" for name in missing]
    return "\n  ".join(
        [
            f"the secret {secret} lacks",
            *lines,
            "give them when asked, as variables of these names, or in a file of NAME=value",
            "lines: SECRETS=<file>, SECRETS=- for stdin",
        ]
    )


def _meaning(name: str) -> str:
    field = settings_table.fields().get(name)
    return str(field.description).rstrip(".") if field else ""


def read(source: str | None) -> Mapping[str, str]:
    """Read secrets from a file of JSON or of NAME=value lines; "-" is stdin."""
    if not source:
        return {}
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text()
    except OSError as error:
        raise StackError(f"{source} cannot be read: {error.strerror}") from None
    if text.lstrip().startswith("{"):
        try:
            return {name: str(value) for name, value in json.loads(text).items()}
        except ValueError:
            raise StackError(f"{source} looks like JSON, but is not valid") from None
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("'\"") for name, _, value in pairs}


def _new(name: str, given: Mapping[str, str]) -> str | None:
    """Find a value in the given ones, in the environment, or by asking; None if there is none."""
    for known, place in ((given, "as given"), (os.environ, "from the environment")):
        if name in known:
            say(f"  {name} {place}")
            return known[name]
    if sys.stdin.isatty():
        typed = getpass.getpass(f"  {name} ({_meaning(name)}{_HINTS.get(name, '')}): ").strip()
        if typed:
            return typed
    return _made_here(name)


# After a rotation, the old keys stay valid under another name: links in emails and queued requests
# outlive their key, and webhook senders change theirs before or after us.
KEPT = {
    name: f"{name}_PREVIOUS"
    for name in (
        "EMAIL_LINK_SECRET",
        "RESEND_WEBHOOK_SECRET",
        "AUTH_EMAIL_HOOK_SECRET",
        "SUPABASE_SECRET_KEY",
    )
}

# A narrower key that may be the same as the full one.
_SAME_AS = {"UPSTASH_REDIS_REST_TOKEN_PUBLIC": "UPSTASH_REDIS_REST_TOKEN"}

_WEBHOOK_SECRETS = {
    "RESEND_WEBHOOK_SECRET": "",
    "RESEND_WEBHOOK_SECRET_PREVIOUS": "",
    "AUTH_EMAIL_HOOK_SECRET": "v1,",
    "AUTH_EMAIL_HOOK_SECRET_PREVIOUS": "v1,",
}
"""The prefix before `whsec_`, by name."""

# The effect of an empty answer.
_HINTS = {
    "AUTH_EMAIL_HOOK_SECRET": "; Enter makes a stand-in until Supabase shows yours",
    "AUTH_EMAIL_HOOK_SECRET_PREVIOUS": "; Enter makes one that signed no request",
    "BACKEND_KEY": "; Enter makes one",
    "EMAIL_LINK_SECRET": "; Enter makes one",
    "EMAIL_LINK_SECRET_PREVIOUS": "; Enter makes one that signed no link",
    "UPSTASH_REDIS_REST_TOKEN_PUBLIC": "; Enter for the same as UPSTASH_REDIS_REST_TOKEN",
    "RESEND_WEBHOOK_SECRET": "; Enter makes a stand-in until Resend shows yours",
    "RESEND_WEBHOOK_SECRET_PREVIOUS": "; Enter makes one that signed no event",
    "SUPABASE_SECRET_KEY_PREVIOUS": "; Enter makes one that sealed no request",
}


def _made_here(name: str) -> str | None:
    match name:
        case (
            "BACKEND_KEY"
            | "EMAIL_LINK_SECRET"
            | "EMAIL_LINK_SECRET_PREVIOUS"
            | "SUPABASE_SECRET_KEY_PREVIOUS"
        ):
            return secrets.token_urlsafe(48)
    if name in _WEBHOOK_SECRETS:
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        return f"{_WEBHOOK_SECRETS[name]}whsec_{key}"
    return None
