"""Secrets of the local stack, new ones to replace them, and the services that issue them."""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from redis import Redis

from local import redis_users
from local.aws import Aws
from local.deploy.vault import KEPT
from local.fcm import account
from local.keys import PATH
from tests.support.supabase_auth import PASSWORD, new_email
from wingman.accounts.attempts import Kind
from wingman.accounts.requests import Request, sealed

FCM = "FCM_SERVICE_ACCOUNT"
REDIS = {user.secret: user.name for user in redis_users.USERS}


def rotated(values: Mapping[str, str]) -> dict[str, str]:
    """Return what `make deploy ROTATE=` stores: new keys, and our own previous keys."""
    hook = f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"
    new = {name: secrets.token_urlsafe(32) for name in values if name not in KEPT.values()}
    new |= {
        "RESEND_WEBHOOK_SECRET": hook,
        "AUTH_EMAIL_HOOK_SECRET": f"v1,{hook}",
        "SUPABASE_SECRET_KEY": f"sb_secret_{new['SUPABASE_SECRET_KEY']}",
        "RESEND_API_KEY": f"re_{new['RESEND_API_KEY']}",
        FCM: json.dumps(json.loads(values[FCM]) | {"private_key": account.new_key()}),
    }
    return dict(values) | {before: values[name] for name, before in KEPT.items()} | new


@dataclass(frozen=True)
class Consoles:
    """The services that check our keys, where keys are issued and revoked."""

    addresses: Mapping[str, str]
    redis: Redis

    def give(self, values: Mapping[str, str], by: Mapping[str, str]) -> None:
        """Make these keys valid too; `by` has a key that is already valid."""
        self._turn("POST", values, by)
        for name, user in REDIS.items():
            self.redis.acl_setuser(user, enabled=True, passwords=[f"+{values[name]}"])

    def end(self, values: Mapping[str, str], by: Mapping[str, str]) -> None:
        self._turn("DELETE", values, by)
        for name, user in REDIS.items():
            self.redis.acl_setuser(user, enabled=True, passwords=[f"-{values[name]}"])

    def _turn(self, method: str, values: Mapping[str, str], by: Mapping[str, str]) -> None:
        for name, address in self.addresses.items():
            key = json.loads(values[FCM])["private_key"] if name == FCM else values[name]
            self._call(method, address, by, json={"key": key})

    def state(self, by: Mapping[str, str]) -> dict[str, Any]:
        """Return how often each key was used, oldest first, and the refused calls."""
        return {name: self._call("GET", at, by) for name, at in self.addresses.items()}

    def _call(self, method: str, address: str, by: Mapping[str, str], **more: Any) -> Any:
        headers = {"apikey": by["SUPABASE_SECRET_KEY"]}
        answer = httpx.request(method, address + PATH, headers=headers, timeout=10, **more)
        return answer.raise_for_status().json()


def consoles(stack: Mapping[str, str], redis: Redis) -> Consoles:
    return Consoles(
        {
            "SUPABASE_SECRET_KEY": stack["SUPABASE_URL"],
            "RESEND_API_KEY": stack["RESEND_API_URL"],
            "ANTHROPIC_API_KEY": stack["ANTHROPIC_API_URL"],
            FCM: stack["FCM_URL"],
        },
        redis,
    )


def waiting_sign_up(aws: Aws, queue: str, values: Mapping[str, str]) -> str:
    """Enqueue a registration sealed with these keys; return its address."""
    sqs: Any = aws.session.client("sqs", endpoint_url=aws.endpoint)
    request = Request(
        kind=Kind.REGISTER, ip="203.0.113.7", user_agent="", email=new_email(), password=PASSWORD
    )
    body = json.dumps({"sealed": sealed(values["SUPABASE_SECRET_KEY"], request)})
    sqs.send_message(QueueUrl=queue, MessageBody=body)
    return request.email
