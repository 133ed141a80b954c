"""The package for this machine: built as for a deployment, and started as on AWS."""

import json
import os
import platform
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from local import building, invocation
from local.aws import emulated
from local.lambda_runtime import BuiltFunction, LambdaRuntime
from local.package import binaries, imports
from local.package.artefacts import Artefacts
from local.package.build import package
from local.package.interpreter import interpreter
from local.package.runtime import runtime_client
from local.package.target import GLIBC, MACHINES, Target, architecture, target
from local.stack import stack as local_stack
from tests.support.codedeploy import CodeDeploy, Release
from tests.support.logs import ACCESS_TOKEN, ADDRESS, LINK_TOKEN, events
from tests.support.people import People
from tests.support.resources import physical
from tests.support.template import ROOT
from tests.support.uploads import jpeg

FOLDERS = sorted(path.name for path in (ROOT / "functions").iterdir() if path.is_dir())
PLACEHOLDERS = ("email_id", "idempotency_key", "match_id", "session_id", "user_id")
# The first test waits for the build and for all functions.
pytestmark = pytest.mark.timeout(600)
# /opt and /var/task cannot be written to.
READ_ONLY = {"PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True)
class Ran:
    answer: Any
    lines: list[str]


@pytest.fixture(scope="module")
def here() -> Target:
    """A target that this machine can run, the default runtime if its Python is found."""
    runtimes = dict.fromkeys([target().runtime, *GLIBC])
    found = {name: interpreter(name.removeprefix("python")) for name in runtimes}
    if platform.system() != "Linux" or not any(found.values()):
        pytest.skip(f"NOT STARTED: no Linux, or none of {', '.join(runtimes)} found")
    runtime = next(name for name, python in found.items() if python)
    print(f"packages are started under {runtime}, {found[runtime]}")  # noqa: T201 (see -rP)
    return Target(runtime, architecture())


@pytest.fixture(scope="module")
def built(here: Target) -> Artefacts:
    """Return a package that has passed its check."""
    return Artefacts(package(here))


@pytest.fixture(scope="module")
def codedeploy() -> Iterator[CodeDeploy]:
    """Yield a CodeDeploy that knows the sample's deployment, of a function that runs."""
    aws, event = emulated(local_stack("test")), sample("release_check", "")
    health = Release(physical(aws, "HealthFunction"), "$LATEST")
    with CodeDeploy(aws, hook="") as stand_in:
        stand_in.know(event["DeploymentId"], health, "1")
        yield stand_in


@pytest.fixture(scope="module")
def ran(here: Target, built: Artefacts, people: People, codedeploy: CodeDeploy) -> dict[str, Ran]:
    """Start each function once, with a sample event full of what no log may have."""
    compiler = interpreter(here.version)
    assert compiler
    python, person = runtime_client(here, compiler), people.new()
    there = READ_ONLY | {"AWS_ENDPOINT_URL_CODEDEPLOY": codedeploy.url}

    def run(name: str) -> Ran:
        env = invocation.variables(local_stack("test"), name) | there
        with LambdaRuntime.start(function(built, name), env, python=python) as runtime:
            answer = runtime.invoke(sample(name, person.token))
            return Ran(answer, list(_written(runtime.logs())))

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(FOLDERS, pool.map(run, FOLDERS), strict=True))


def function(built: Artefacts, name: str) -> BuiltFunction:
    logical = f"{name.title().replace('_', '')}Function"
    found = next(each for each in built.functions if each.name == logical)
    layers = [built.layers[layer] for layer in found.layers]
    return BuiltFunction(found.folder, layers, found.handler)


def sample(name: str, access_token: str) -> dict[str, Any]:
    """Return the first sample event, with email addresses in place of ids: a common mistake."""
    text = min((ROOT / "events" / name).glob("*.json")).read_text()
    values = dict.fromkeys(PLACEHOLDERS, "anna@example.com")
    for placeholder, value in (values | {"access_token": access_token, "token": "t" * 43}).items():
        text = text.replace("{{" + placeholder + "}}", value)
    event: dict[str, Any] = json.loads(text)
    if "rawQueryString" in event:
        event["rawQueryString"] += "&to=anna@example.com"
    return event


def _written(log: str) -> Iterator[str]:
    """Yield the lines that the function wrote, without those of the emulator."""
    for line in log.splitlines():
        if line and "(rapid)" not in line and line.split()[0] not in {"START", "END", "REPORT"}:
            yield line


@pytest.mark.parametrize("name", FOLDERS)
def test_a_function_starts_and_answers(ran: dict[str, Ran], name: str) -> None:
    answer = ran[name].answer
    assert answer is not None, ran[name].lines
    assert "errorType" not in answer, answer
    assert answer.get("statusCode", 200) < 500, answer


def test_the_hook_lets_requests_reach_a_version_that_answers(ran: dict[str, Ran]) -> None:
    assert ran["release_check"].answer == {"status": "Succeeded"}


def test_functions_write_only_their_events_and_metrics(ran: dict[str, Ran]) -> None:
    others = {
        (name, line)
        for name, one in ran.items()
        for line in one.lines
        if not [event for event in events([line]) if "_aws" in event or "service" in event]
    }
    assert others == set()


def test_no_function_writes_an_address_or_a_token(ran: dict[str, Ran]) -> None:
    found = {
        (name, match)
        for name, one in ran.items()
        for pattern in (ADDRESS, ACCESS_TOKEN, LINK_TOKEN)
        for match in pattern.findall("\n".join(one.lines))
    }
    assert found == set()


def test_the_decoder_of_the_package_decodes_a_photo(built: Artefacts, here: Target) -> None:
    python = interpreter(here.version)
    assert python
    layers = ("DependenciesLayer", "ImagesLayer", "SharedLayer")
    path = os.pathsep.join(str(built.layers[layer] / "python") for layer in layers)
    done = subprocess.run(
        [python, "-S", "-m", "wingman.photos.imaging_process"],
        input=jpeg(),
        env=READ_ONLY | {"PYTHONPATH": path},
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout.partition(b"\n")[0])["width"] == 600


def test_a_package_has_the_bytecode_of_every_module(built: Artefacts) -> None:
    for layer in built.layers.values():
        assert len(list(layer.rglob("*.pyc"))) == len(list(layer.rglob("*.py"))) > 0


def test_each_module_that_may_be_absent_is_absent(built: Artefacts, here: Target) -> None:
    used = {imports.explanation(*pair) for pair in imports.missing(built, here)}
    assert used == set(imports.ABSENT)


def test_the_build_of_a_local_stack_is_not_taken_for_another_machine(here: Target) -> None:
    other = next(machine for machine in MACHINES if machine != here.architecture)
    local = Artefacts(building.folder(local_stack("test")))
    assert [*binaries.problems(local, Target(here.runtime, other))]
