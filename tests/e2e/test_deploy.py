"""`make deploy` on the emulator: a second environment beside the local stack's, and its changes.

The package is the local stack's build, because the emulator runs functions on this machine.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from local import template
from local.aws import Aws, emulated
from local.deploy.deployed import look_up
from local.gateway import ALIAS
from local.package.target import OWN_RUNTIME, architecture
from local.stack import Stack
from tests.support.template import ROOT

BUILD = ROOT / ".local" / "build" / "native"
SECRETS = (
    *("AUTH_EMAIL_HOOK_SECRET", "BACKEND_KEY"),
    *("EMAIL_LINK_SECRET", "EMAIL_LINK_SECRET_PREVIOUS"),
    *("RESEND_API_KEY", "RESEND_WEBHOOK_SECRET"),
    *("SUPABASE_SECRET_KEY", "UPSTASH_REDIS_REST_TOKEN"),
)
# CloudFormation fails only when it creates this resource.
BROKEN = {
    "Type": "AWS::SSM::Parameter",
    "Properties": {"Type": "String", "Value": "{{resolve:secretsmanager:absent:SecretString:KEY}}"},
}


@dataclass(frozen=True)
class Second:
    """The environment `second`: its folder, and its resources on AWS."""

    folder: Path
    stack: dict[str, str]
    aws: Aws
    brand: str = '{"name": "Second’s \\u0022one\\u0022"}'

    def choose(self, **parameters: str) -> None:
        """Write the environment's file."""
        chosen = {
            "region": self.aws.region,
            "brand": "brand.json",
            "Environment": "local",
            "Runtime": OWN_RUNTIME,
            "Architecture": architecture(),
            "AllowedOrigins": self.stack["APP_URL"],
            "AppUrl": self.stack["APP_URL"],
            "SupabaseUrl": self.stack["SUPABASE_URL"],
            "SupabasePublishableKey": self.stack["SUPABASE_PUBLISHABLE_KEY"],
            "UpstashRedisRestUrl": self.stack["UPSTASH_REDIS_REST_URL"],
            "ResendApiUrl": self.stack["RESEND_API_URL"],
            "Shifting": "Off",
            "WebSocketEmulator": f"{urlsplit(str(self.aws.endpoint)).netloc}/_aws/execute-api",
        }
        lines = [f'{name} = "{value}"\n' for name, value in (chosen | parameters).items()]
        (self.folder / "second.toml").write_text("".join(lines))
        (self.folder / "brand.json").write_text(self.brand)

    def deploy(self, package: Path, *words: str, **env: str) -> tuple[int, str]:
        """Run `make deploy`; return its exit code and output."""
        shared = {"AWS_ENDPOINT_URL"}
        inherited = {n: v for n, v in os.environ.items() if n in shared or n not in self.stack}
        file = self.folder / "second.toml"
        done = subprocess.run(
            ["make", "deploy", "ENV=second", f"ARGS=--file {file} --package {package}", *words],
            cwd=ROOT,
            env=inherited | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def status(self) -> str:
        found = self.aws.cloud_formation().describe_stacks(StackName="wingman-second")
        return found["Stacks"][0]["StackStatus"]

    def variables(self, function: str, stack: str = "wingman-second") -> dict[str, str]:
        """Return the environment variables of the live version."""
        resource = self.aws.cloud_formation().describe_stack_resource(
            StackName=stack, LogicalResourceId=f"{function}Function"
        )["StackResourceDetail"]
        function_name = resource["PhysicalResourceId"]
        found = self.aws.lambda_().get_function_configuration(
            FunctionName=function_name, Qualifier=ALIAS
        )
        return found["Environment"]["Variables"]

    def schedules(self) -> set[str]:
        client: Any = self.aws.session.client("scheduler", endpoint_url=self.aws.endpoint)
        return {each["Name"] for each in client.list_schedules()["Schedules"]}


@pytest.fixture
def second(
    stack: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Second]:
    port = httpx.URL(stack["AWS_ENDPOINT_URL"]).port
    assert port is not None
    second = Second(tmp_path, stack, emulated(Stack("test", port - 3)))
    second.choose()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", str(second.aws.endpoint))
    monkeypatch.setenv("SAM_CLI_POLL_DELAY", "0.5")
    yield second
    second.aws.cloud_formation().delete_stack(StackName="wingman-second")
    secrets = second.aws.secrets_manager()
    with suppress(secrets.exceptions.ResourceNotFoundException):
        secrets.delete_secret(SecretId="wingman/second", ForceDeleteWithoutRecovery=True)


# Functions that run from the build write it there.
_BYTECODE = shutil.ignore_patterns("__pycache__")


def packaged(folder: Path, **resources: Any) -> Path:
    """Return the local stack's build, with further resources.

    Its schedules are off: both environments share a database, and each would send the other's
    emails with its own brand.
    """
    read = template.load(BUILD / "template.yaml")
    for function in template.functions(read).values():
        for event in function["Properties"].get("Events", {}).values():
            if event["Type"] == "ScheduleV2":
                event["Properties"]["State"] = "DISABLED"
    read["Resources"] |= resources
    folder.mkdir()
    for path in BUILD.iterdir():
        if path.name.endswith("Function"):
            shutil.copytree(path, folder / path.name, ignore=_BYTECODE)
        elif path.is_dir():
            (folder / path.name).symlink_to(path)
    (folder / "template.yaml").write_text(json.dumps(read))
    return folder


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return packaged(tmp_path / "sound")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Return a package that CloudFormation cannot deploy."""
    return packaged(tmp_path / "broken", Broken=BROKEN)


@pytest.fixture
def broken_late(tmp_path: Path) -> Path:
    """Return one whose deployment fails after it has changed functions."""
    late = BROKEN | {"DependsOn": ["HealthFunction", "MatchRequestFunction"]}
    return packaged(tmp_path / "broken-late", Broken=late)


def healthy(url: str) -> bool:
    """Check the health for half a minute; parts that other tests broke recover in that time."""
    for _ in range(30):
        if httpx.get(f"{url}/health", timeout=30).json()["status"] == "healthy":
            return True
        time.sleep(1)
    return False


@pytest.mark.timeout(600)
def test_an_environment_is_created_changed_and_rolled_back(
    second: Second, sound: Path, broken: Path, broken_late: Path, tmp_path: Path
) -> None:
    secrets = tmp_path / "secrets"
    secrets.write_text("".join(f"{name}={second.stack[name]}\n" for name in SECRETS))

    # A first creation that fails is explained, and is deleted only after a confirmation.
    code, said = second.deploy(broken, f"SECRETS={secrets}")
    assert code != 0
    assert "Broken: " in said
    assert "run this again with CONFIRM=yes" in said
    assert second.status() == "ROLLBACK_COMPLETE"
    code, said = second.deploy(sound)
    assert (code != 0, "CONFIRM=yes deletes what is left" in said) == (True, True)

    # The second environment is healthy beside the first, and the doctor finds nothing wrong.
    url = second.stack["DATABASE_URL"]
    code, said = second.deploy(sound, "CONFIRM=yes", DATABASE_URL=url)
    assert code == 0, said
    assert "all were applied already" in said
    url = next(line for line in said.splitlines() if line.startswith("second is at ")).split()[-1]
    assert healthy(url)
    assert healthy(second.stack["API_URL"])
    assert look_up("second", second.folder / "second.toml")["API_URL"] == url
    assert json.loads(second.variables("EmailSender")["BRAND"]) == json.loads(second.brand)
    for stack in ("wingman", "wingman-second"):
        assert second.schedules() >= {f"{stack}-every-minute", f"{stack}-every-hour"}
    assert not [value for name in SECRETS if (value := second.stack[name]) and value in said]

    # A parameter changes in the second environment only, and secrets rotate: every function that
    # has a secret gets the new one. The database accepts two backend keys, so the first environment
    # goes on with the old one. Old links still work.
    second.choose(MaxDailyMatches="3")
    code, said = second.deploy(
        sound, "ROTATE=EMAIL_LINK_SECRET BACKEND_KEY", EMAIL_LINK_SECRET="a new one, long enough"
    )
    assert code == 0, said
    assert "BACKEND_KEY is accepted, and so is the previous key" in said
    assert second.variables("MatchRequest")["MAX_DAILY_MATCHES"] == "3"
    assert second.variables("MatchRequest", "wingman")["MAX_DAILY_MATCHES"] == "10"
    assert second.variables("Health")["BACKEND_KEY"] != second.stack["BACKEND_KEY"]
    assert healthy(url)
    assert healthy(second.stack["API_URL"])
    for function in ("EmailSender", "EmailUnsubscribe", "SessionCalendar"):
        assert second.variables(function)["EMAIL_LINK_SECRET"] == "a new one, long enough"
    before = second.stack["EMAIL_LINK_SECRET"]
    assert second.variables("EmailUnsubscribe")["EMAIL_LINK_SECRET_PREVIOUS"] == before

    # A bad change is rolled back to the previous version.
    second.choose(MaxDailyMatches="4")
    code, said = second.deploy(broken_late)
    assert code != 0
    assert "what ran before runs again" in said
    assert second.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert second.variables("MatchRequest")["MAX_DAILY_MATCHES"] == "3"
    assert healthy(url)

    # Without the bad change, nothing is left to do, which is a success.
    second.choose(MaxDailyMatches="3")
    code, said = second.deploy(sound)
    assert (code, "nothing changed" in said) == (0, True), said


def test_no_resource_is_changed_before_all_settings_are_valid(second: Second, sound: Path) -> None:
    second.choose(MaxDailyMatches="0", AppUrl="")
    code, said = second.deploy(sound)
    assert code != 0
    assert "MaxDailyMatches is not 1 to 1000" in said
    assert "AppUrl is not set" in said
    assert "[1/6]" not in said
