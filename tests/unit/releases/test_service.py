"""A hook lets a version get requests only after the version has answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from wingman.kit.errors import DependencyUnavailable
from wingman.releases.models import Hook, Status, Version
from wingman.releases.provider import Deployments, InvocationFailedError, Versions
from wingman.releases.service import examine

HOOK = Hook(DeploymentId="d-1", LifecycleEventHookExecutionId="one")
ONE, OTHER = Version("user", "7"), Version("health", "9")


@dataclass
class Fakes(Deployments, Versions):
    """A deployment of versions, each with the answer that it gives or the error that it raises."""

    answers: dict[Version, Any]
    reported: list[tuple[Hook, Status]] = field(default_factory=list)
    away: bool = False

    def new_versions(self, deployment_id: str) -> Sequence[Version]:
        assert deployment_id == HOOK.deployment_id
        if self.away:
            raise DependencyUnavailable("codedeploy")
        return [*self.answers]

    def report(self, hook: Hook, status: Status) -> None:
        self.reported.append((hook, status))

    def invoke(self, version: Version, event: Mapping[str, Any]) -> Any:
        answer = self.answers[version]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize("answer", [{"statusCode": 200}, {"statusCode": 404}, {"queued": 0}, None])
def test_a_version_that_answers_is_let_through(answer: Any) -> None:
    fakes = Fakes({ONE: answer})
    assert examine(fakes, fakes, HOOK) is Status.SUCCEEDED
    assert fakes.reported == [(HOOK, Status.SUCCEEDED)]


@pytest.mark.parametrize(
    "answer",
    [
        {"statusCode": 500},
        {"statusCode": 503},
        InvocationFailedError("Runtime.ImportModuleError"),
        DependencyUnavailable("lambda"),
    ],
)
def test_a_version_that_fails_is_refused_whatever_the_others_do(answer: Any) -> None:
    fakes = Fakes({OTHER: {"statusCode": 200}, ONE: answer})
    assert examine(fakes, fakes, HOOK) is Status.FAILED
    assert fakes.reported == [(HOOK, Status.FAILED)]


def test_a_deployment_that_cannot_be_read_is_refused() -> None:
    fakes = Fakes({ONE: None}, away=True)
    assert examine(fakes, fakes, HOOK) is Status.FAILED


def test_a_deployment_without_a_version_is_refused() -> None:
    fakes = Fakes({})
    assert examine(fakes, fakes, HOOK) is Status.FAILED
