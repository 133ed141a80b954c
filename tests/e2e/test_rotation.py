"""Every secret is rotated on the deployed stack while requests flow, and none fails."""

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any
from uuid import uuid4

import httpx
import pytest
from botocore.config import Config
from redis import Redis

from local import backend_key, deployment
from local.aws import Aws, emulated
from local.deploy.release import VARIABLE, named
from local.gateway import ALIAS
from local.redis_users import APP
from local.resend.webhooks import signed
from local.stack import Stack
from local.stack import stack as running
from tests.support.fcm import FcmSandbox
from tests.support.inbox import Inbox
from tests.support.limits import refill
from tests.support.people import People
from tests.support.resources import physical
from tests.support.rotation import consoles, rotated, waiting_sign_up
from tests.support.supabase_auth import PASSWORD, SupabaseAuth, new_email
from tests.support.traffic import GOOD, Ask, flowing, more_of_each
from wingman.notifications.email.letters.links import Link, sign
from wingman.notifications.email.models import Category

HOOK = "AUTH_EMAIL_HOOK_SECRET"
# On a busy machine, a function may outlast its time when it starts.
TIMED_OUT = "killing worker"
HOLDERS = {
    "BACKEND_KEY": "User",
    "SUPABASE_JWT_SECRET": "User",
    "EMAIL_LINK_SECRET": "EmailUnsubscribe",
    "RESEND_WEBHOOK_SECRET": "ResendWebhook",
    HOOK: "AuthEmail",
    "SUPABASE_SECRET_KEY": "EmailSender",
    "SUPABASE_SECRET_KEY_PREVIOUS": "AuthRequests",
    "UPSTASH_REDIS_REST_TOKEN": "User",
    "RESEND_API_KEY": "EmailSender",
    "ANTHROPIC_API_KEY": "Coach",
    "FCM_SERVICE_ACCOUNT": "PushSender",
}
"""By secret, a function that has it."""


@pytest.fixture
def here() -> Stack:
    return running("test", wherever=True)


@pytest.fixture
def aws(here: Stack) -> Aws:
    return emulated(here)


@dataclass
class Users:
    """Their requests, and the addresses and phones to which something has to come of them."""

    client: httpx.Client
    people: People
    redis: Redis
    addresses: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)

    def signed_with(self, values: Mapping[str, str], name: str = "") -> dict[str, Ask]:
        """Return the requests that others sign, or that follow a link, with these keys."""
        readers = cycle([self.people.new() for _ in range(6)])

        def event() -> int:
            body = json.dumps({"type": "email.opened", "data": {"email_id": str(uuid4())}})
            headers = signed(values["RESEND_WEBHOOK_SECRET"], f"msg_{uuid4()}", body)
            return self.client.post("/webhooks/resend", content=body, headers=headers).status_code

        def link() -> int:
            reader = next(readers).id
            token = sign(values["EMAIL_LINK_SECRET"], Link(reader, Category.MARKETING_EMAILS))
            return self.client.get("/email/preferences", params={"token": token}).status_code

        return {f"{name}event": event, f"{name}link": link}

    def ordinary(self) -> dict[str, Ask]:
        crowd = cycle([self.people.new() for _ in range(12)])

        def profile() -> int:
            return self.client.get("/api/user", headers=next(crowd).authorization).status_code

        return {"profile": profile, "sign_up": self._sign_up, "tips": self._tips} | {
            "invitation": self._invitation
        }

    def legacy(self) -> dict[str, Ask]:
        """Return the request of a user whose token the project's shared secret has signed."""
        crowd = cycle([self.people.with_legacy_token(self.people.new()) for _ in range(12)])

        def profile() -> int:
            return self.client.get("/api/user", headers=next(crowd).authorization).status_code

        return {"legacy": profile}

    def waited_for(self, inbox: Inbox, fcm: FcmSandbox) -> list[str]:
        """Wait until something has come to each; return the addresses and phones that got none."""
        return waited_for(list(self.addresses), inbox.to) + waited_for(
            list(self.phones), fcm.pushes
        )

    def _sign_up(self) -> int:
        refill(self.redis)
        address = new_email()
        body = {"email": address, "password": PASSWORD}
        answer = self.client.post("/auth/register", json=body)
        if answer.is_success:
            self.addresses.append(address)
        return answer.status_code

    def _tips(self) -> int:
        body = {"question": f"How do I begin? {uuid4()}"}
        headers = self.people.new().authorization
        return self.client.post("/api/coach/tips", json=body, headers=headers).status_code

    def _invitation(self) -> int:
        """Invite someone who has a phone."""
        leo, _ = self.people.sign_in(self.people.new("Leo"))
        token = uuid4().hex
        device = {"platform": "android", "token": token}
        path, headers = f"/api/devices/{uuid4()}", leo.authorization
        registered = self.client.put(path, json=device, headers=headers)
        if registered.status_code != httpx.codes.OK:
            return registered.status_code
        headers = self.people.new().authorization
        body = {"invitee_id": str(leo.id)}
        invited = self.client.post("/api/matches", json=body, headers=headers)
        if invited.is_success:
            self.phones.append(token)
        return invited.status_code


def release(here: Stack, aws: Aws, values: dict[str, str], **parameters: str) -> None:
    """Store the values and deploy them in the order of `make deploy`, with the same package."""
    stored = aws.secrets_manager().put_secret_value(
        SecretId=deployment.SECRETS_ID, SecretString=json.dumps(values)
    )
    accept(here, values)
    # The emulator answers once it is done.
    patience = Config(read_timeout=300, retries={"total_max_attempts": 1})
    client: Any = aws.session.client("cloudformation", endpoint_url=aws.endpoint, config=patience)
    stack = deployment.STACK_NAME
    known = client.describe_stacks(StackName=stack)["Stacks"][0]["Parameters"]
    chosen = {each["ParameterKey"]: each["ParameterValue"] for each in known}
    chosen |= parameters | {"SecretsVersion": stored["VersionId"]}
    body = str(client.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"])
    bucket = re.findall(r"CodeUri: s3://([^/]+)/", body)[0]
    body, replaced = re.subn(rf"{VARIABLE}: .+", f"{VARIABLE}: '{named(chosen)}'", body)
    assert replaced == 1
    s3: Any = aws.session.client("s3", endpoint_url=aws.endpoint)
    s3.put_object(Bucket=bucket, Key="rotated.yaml", Body=body.encode())
    client.update_stack(
        StackName=stack,
        TemplateURL=f"https://s3.amazonaws.com/{bucket}/rotated.yaml",
        Parameters=[{"ParameterKey": n, "ParameterValue": v} for n, v in chosen.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    client.get_waiter("stack_update_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    deployment._finish(here)


def accept(here: Stack, values: dict[str, str]) -> None:
    backend_key.accept(here.url("supabase"), values["SUPABASE_SECRET_KEY"], values["BACKEND_KEY"])


def live(aws: Aws, logical: str) -> dict[str, str]:
    name = physical(aws, f"{logical}Function")
    found = aws.lambda_().get_function_configuration(FunctionName=name, Qualifier=ALIAS)
    return found["Environment"]["Variables"]


def seen_by_emulator(here: Stack, began: int) -> str:
    with here.log("ministack").open("rb") as log:
        log.seek(began)
        return log.read().decode(errors="replace")


def waited_for(names: Sequence[str], found: Callable[[str], Sequence[object]]) -> list[str]:
    """Wait until something has come to each, and return those to whom nothing has.

    On a busy machine, Supabase Auth may be away; its queue hides a request for 190 seconds.
    """
    ends_at = time.monotonic() + 300
    while (left := [each for each in names if not found(each)]) and time.monotonic() < ends_at:
        time.sleep(0.2)
    return left


@pytest.mark.alone
@pytest.mark.timeout(900)
def test_no_request_fails_while_every_secret_is_rotated(
    here: Stack,
    aws: Aws,
    stack: dict[str, str],
    people: People,
    auth: SupabaseAuth,
) -> None:
    stored = aws.secrets_manager().get_secret_value(SecretId=deployment.SECRETS_ID)
    before: dict[str, str] = json.loads(stored["SecretString"])
    after = rotated(before) | {"SUPABASE_JWT_SECRET": stack["LOCAL_LEGACY_JWT_SECRET"]}
    accept(here, before)  # another environment of the tests may have had a newer key accepted
    with (
        httpx.Client(base_url=here.url("api"), timeout=120) as client,
        Redis.from_url(stack["REDIS_URL"]) as redis,
        Inbox(stack["RESEND_API_URL"]) as inbox,
        FcmSandbox(stack["FCM_URL"]) as fcm,
    ):
        redis.acl_log_reset()
        began = here.log("ministack").stat().st_size
        users, services = Users(client, people, redis), consoles(stack, redis)
        ours, legacy = users.ordinary() | users.signed_with(before), users.legacy()
        refused = set(auth.sandbox.get("/_sandbox/hook").json()) - {"200"}
        known = services.state(before)

        def go_back() -> None:
            services.give(before, by=after)
            auth.sandbox.post("/_sandbox/hook", json={"secret": before[HOOK]})
            release(here, aws, before, AcceptLegacyTokens="false")
            services.end(after, by=before)

        services.give(after, by=before)
        with ExitStack() as unless_done:
            unless_done.callback(go_back)
            with flowing(ours) as seen:
                release(here, aws, after, AcceptLegacyTokens="true")
                waited = waiting_sign_up(aws, stack["AUTH_REQUEST_QUEUE_URL"], before)
                users.addresses.append(waited)
                auth.sandbox.post("/_sandbox/hook", json={"secret": after[HOOK]})
                both = users.signed_with(after, "new ") | legacy
                with flowing(both) as new:
                    more_of_each(seen, ours, 1)
                    # Requests that an old version had begun go on with the old keys.
                    lost = users.waited_for(inbox, fcm)
                    services.end(before, by=after)
                    more_of_each(seen, ours, 1)
            used = services.state(after)
            answered = set(auth.sandbox.get("/_sandbox/hook").json())
            denied = redis.acl_log()
            variables = {name: live(aws, function)[name] for name, function in HOLDERS.items()}
            lost += users.waited_for(inbox, fcm)
            # An hour later, no token is left that the shared secret has signed.
            with flowing({"profile": ours["profile"]}) as later:
                unless_done.close()
        ended = legacy["legacy"]()
    outlasted = seen_by_emulator(here, began).count(TIMED_OUT)
    failed = Counter({ask: n for ask, n in (seen + new + later).items() if ask[1] not in GOOD})
    assert failed.total() <= outlasted, failed
    assert {status for _, status in failed} <= {httpx.codes.BAD_GATEWAY}, failed
    assert {name for name, _ in new} == {"new event", "new link", "legacy"}
    assert ended == httpx.codes.UNAUTHORIZED
    assert variables == {name: after[name] for name in HOLDERS}
    assert lost == []
    assert answered <= refused | {"200"}, answered
    # The front tries a token that is new as each user, the public one first.
    assert APP.name not in {entry["username"] for entry in denied if entry["reason"] == "auth"}
    for name, state in used.items():
        assert state["refused"] == known[name]["refused"], name
        assert state["uses"][-1] > 0, name
