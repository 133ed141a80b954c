"""A stand-in for CodeDeploy: a deployment shifts an alias to a version in steps.

The hook, the alias and its weights, the requests and the metrics are the deployed ones. Minutes can
be shortened. Alarms are evaluated here, because the emulator does not read metrics in logs, and
mixes the dimensions of a metric.
"""

import json
import re
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.support.alarms import Alarm

HOOK_SECONDS = 120.0


class Outcome(StrEnum):
    """The result of a deployment."""

    REFUSED = "the hook did not let requests reach the version"
    ROLLED_BACK = "an alarm fired"
    COMPLETED = "all requests reach the version"


@dataclass(frozen=True)
class Release:
    """A version that is to replace the one behind an alias."""

    function: str
    version: str
    alias: str = "live"


def steps(shift: str) -> Iterator[tuple[float, float]]:
    """Yield the share of requests in each step, and its minutes, before the version gets all.

    https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
    """
    if shift == "AllAtOnce":
        return
    read = re.fullmatch(r"(Canary|Linear)(\d+)Percent(?:Every)?(\d+)Minutes?", shift)
    assert read, shift
    share, minutes = int(read[2]) / 100, float(read[3])
    yield from ((share * n, minutes) for n in range(1, 2 if read[1] == "Canary" else 10))


@dataclass
class CodeDeploy:
    """Answers the hook's calls; `deploy` runs one whole deployment."""

    aws: Any
    hook: str
    minute_seconds: float = 60.0
    fired: list[str] = field(default_factory=list)
    _known: dict[str, tuple[Release, str]] = field(default_factory=dict)
    _reported: dict[str, str] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def deploy(self, release: Release, shift: str, alarms: Sequence[Alarm]) -> Outcome:
        client = self.aws.lambda_()
        there = {"FunctionName": release.function, "Name": release.alias}
        old = client.get_alias(**there)["FunctionVersion"]
        if self._ask_the_hook(release, old) != "Succeeded":
            return Outcome.REFUSED
        for share, minutes in steps(shift):
            weights = {"AdditionalVersionWeights": {release.version: share}}
            client.update_alias(**there, RoutingConfig=weights)
            if not self._quiet(alarms, minutes * self.minute_seconds):
                client.update_alias(**there, RoutingConfig={"AdditionalVersionWeights": {}})
                return Outcome.ROLLED_BACK
        client.update_alias(
            **there,
            FunctionVersion=release.version,
            RoutingConfig={"AdditionalVersionWeights": {}},
        )
        return Outcome.COMPLETED

    def know(self, deployment: str, release: Release, old: str) -> None:
        """Answer the hook's calls about a deployment that `deploy` does not run."""
        self._known[deployment] = release, old

    def _ask_the_hook(self, release: Release, old: str) -> str:
        deployment = f"d-{len(self._known):09}"
        self.know(deployment, release, old)
        event = {"DeploymentId": deployment, "LifecycleEventHookExecutionId": "one"}
        self.aws.lambda_().invoke(
            FunctionName=self.hook, InvocationType="Event", Payload=json.dumps(event)
        )
        with self._changed:
            self._changed.wait_for(lambda: deployment in self._reported, HOOK_SECONDS)
        return self._reported.get(deployment, "no answer")

    def _quiet(self, alarms: Sequence[Alarm], seconds: float) -> bool:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            self.fired = [alarm.name for alarm in alarms if alarm.fires()]
            if self.fired:
                return False
            time.sleep(0.5)
        return True

    def answer(self, action: str, asked: dict[str, Any]) -> dict[str, Any]:
        release, old = self._known[asked["deploymentId"]]
        target = f"{release.function}:{release.alias}"
        if action == "ListDeploymentTargets":
            return {"targetIds": [target]}
        if action == "BatchGetDeploymentTargets":
            assert asked["targetIds"] == [target]
            about = {"functionName": release.function, "functionAlias": release.alias}
            versions = {"currentVersion": old, "targetVersion": release.version}
            shown = {"lambdaFunctionInfo": about | versions, "targetId": target}
            return {"deploymentTargets": [{"lambdaTarget": shown}]}
        assert action == "PutLifecycleEventHookExecutionStatus", action
        with self._changed:
            self._reported[asked["deploymentId"]] = asked["status"]
            self._changed.notify_all()
        return {"lifecycleEventHookExecutionId": asked["lifecycleEventHookExecutionId"]}

    def __enter__(self) -> Self:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                action = self.headers["X-Amz-Target"].removeprefix("CodeDeploy_20141006.")
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                body = json.dumps(stand_in.answer(action, asked)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        stand_in = self
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
