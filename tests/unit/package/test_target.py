"""Runtime and architecture have one source: the parameters of template.yaml."""

import subprocess

import pytest

from local.errors import StackError
from local.package.bytecode import MAGIC
from local.package.interpreter import interpreter
from local.package.target import GLIBC, MACHINES, target
from tests.support.template import template

PARAMETERS = template()["Parameters"]
# Local stacks run on the installed Python.
LOCAL_ONLY = {"python3.11"}
ASK = "import importlib.util; print(int.from_bytes(importlib.util.MAGIC_NUMBER[:2], 'little'))"


def test_the_defaults_are_the_templates() -> None:
    wanted = target()
    assert wanted.runtime == PARAMETERS["Runtime"]["Default"]
    assert wanted.architecture == PARAMETERS["Architecture"]["Default"]


def test_the_template_allows_what_can_be_built() -> None:
    assert set(PARAMETERS["Runtime"]["AllowedValues"]) - LOCAL_ONLY == set(GLIBC)
    assert set(PARAMETERS["Architecture"]["AllowedValues"]) == set(MACHINES)
    assert {f"python{version}" for version in MAGIC} == set(GLIBC)


def test_every_resource_uses_the_target() -> None:
    assert template()["Globals"]["Function"]["Runtime"] == {"Ref": "Runtime"}
    assert template()["Globals"]["Function"]["Architectures"] == [{"Ref": "Architecture"}]
    for resource in template()["Resources"].values():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            assert properties["CompatibleRuntimes"] == [{"Ref": "Runtime"}]
            assert properties["CompatibleArchitectures"] == [{"Ref": "Architecture"}]
        if resource["Type"] == "AWS::Serverless::Function":
            assert not properties.keys() & {"Runtime", "Architectures"}


@pytest.mark.parametrize(
    ("runtime", "architecture"),
    [("python3.11", "arm64"), ("3.13", "arm64"), ("python3.13", "aarch64")],
)
def test_a_target_that_cannot_be_built_is_refused(runtime: str, architecture: str) -> None:
    with pytest.raises(StackError, match="is not one of"):
        target(runtime=runtime, architecture=architecture)


@pytest.mark.parametrize("version", MAGIC)
def test_the_magic_numbers_are_pythons_own(version: str) -> None:
    if (python := interpreter(version)) is None:
        pytest.skip(f"no Python {version} found on this machine")
    asked = subprocess.run([python, "-c", ASK], capture_output=True, text=True, check=True)
    assert int(asked.stdout) == MAGIC[version]
