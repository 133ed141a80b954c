"""GitHub deploys the tested package, to staging first, without a stored key."""

import re
from typing import Any

import pytest
import yaml

from local.package.target import target
from tests.support.template import ROOT, template

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in FOLDER.glob("*.yml")}
JOBS: dict[str, Any] = WORKFLOWS["deploy"]["jobs"]
STEPS: list[dict[str, Any]] = WORKFLOWS["environment"]["jobs"]["deploy"]["steps"]


def before(job: str) -> set[str]:
    """Return all jobs that must end before this one begins."""
    needed = JOBS[job].get("needs", [])
    direct = {needed} if isinstance(needed, str) else set(needed)
    return direct.union(*map(before, direct))


def test_production_comes_after_staging_and_staging_after_every_test() -> None:
    assert before("production") == {"staging", "everything", "package"}
    assert JOBS["everything"]["uses"] == "./.github/workflows/ci.yml"
    assert JOBS["everything"].get("if") is None


def test_an_environment_is_one_that_the_template_knows() -> None:
    known = template()["Parameters"]["Environment"]["AllowedValues"]
    deployed = [job["with"]["environment"] for job in JOBS.values() if "with" in job]
    assert deployed == ["staging", "production"]
    assert set(deployed) <= set(known)


def test_only_a_deployment_may_ask_for_a_token_of_aws() -> None:
    may = {name for name, job in JOBS.items() if "id-token" in job.get("permissions", {})}
    assert may == {"staging", "production"}
    assert WORKFLOWS["deploy"]["permissions"] == {"contents": "read"}
    assert WORKFLOWS["ci"]["permissions"] == {"contents": "read"}
    assert "secrets.AWS" not in "".join(path.read_text() for path in FOLDER.glob("*.yml"))


def test_no_deployment_is_interrupted_or_overlaps_another() -> None:
    assert WORKFLOWS["deploy"]["concurrency"] == {"group": "deploy", "cancel-in-progress": False}


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_a_job_ends_and_a_command_contains_no_text_of_others(name: str) -> None:
    """Text that `${{ }}` inserts into a command could run another command."""
    for job in WORKFLOWS[name]["jobs"].values():
        assert "timeout-minutes" in job or "uses" in job
        for step in job.get("steps", []):
            assert "${{" not in step.get("run", "")


def test_a_package_is_deployed_as_it_was_built() -> None:
    built = target().name
    packs = [step["run"] for step in JOBS["package"]["steps"] if "run" in step]
    deploys = [step["run"] for step in STEPS if "make deploy" in step.get("run", "")]
    assert packs[-1].endswith(f" {built}")
    assert [re.search(r"--package \S+/(\S+?)\"", run)[1] for run in deploys] == [built]  # type: ignore[index]


def test_each_target_that_a_workflow_makes_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = "".join(path.read_text() for path in FOLDER.glob("*.yml"))
    assert set(re.findall(r"\bmake ([a-z-]+)", text)) <= targets
