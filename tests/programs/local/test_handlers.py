"""A handler that cannot be imported fails the deployment, with its traceback."""

import shutil
from pathlib import Path

import pytest

from local import building, handlers
from local.errors import StackError
from local.stack import Stack

TEMPLATE = """
Parameters: {}
Globals: {Function: {Handler: app.handler, Layers: [!Ref SharedLayer]}}
Resources:
  SharedLayer:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: layers/shared}
  OneFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/one
      Environment: {Variables: {WHO: one}}
  OtherFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/other
      Environment: {Variables: {WHO: other}}
"""
WELL = "import os, common\nprint('loud')\nhandler = os.environ['WHO'] + common.mark"


@pytest.fixture
def here(tmp_path: Path) -> Stack:
    """A checkout with two functions that share a layer."""
    here = Stack("dev", 8700, checkout=tmp_path)
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    write(here, "layers/shared/common.py", "mark = '!'")
    write(here, "functions/one/app.py", WELL)
    write(here, "functions/other/app.py", WELL)
    return here


def write(here: Stack, name: str, text: str) -> None:
    path = here.checkout / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def build(here: Stack) -> None:
    built, sources = building.folder(here), here.checkout
    shutil.rmtree(built, ignore_errors=True)
    shutil.copytree(sources / "functions/one", built / "OneFunction")
    shutil.copytree(sources / "functions/other", built / "OtherFunction")
    shutil.copytree(sources / "layers/shared", built / "SharedLayer" / "python")
    shutil.copy(sources / "template.yaml", built)


def started(here: Stack, capsys: pytest.CaptureFixture[str]) -> str:
    """Build, start what changed, and return what was printed."""
    build(here)
    handlers.start_changed(here)
    return capsys.readouterr().out


def test_only_changed_functions_are_started(
    here: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "start of changed functions: 2" in started(here, capsys)
    assert started(here, capsys) == ""
    write(here, "functions/one/app.py", WELL + " + 'x'")
    assert "start of changed functions: 1" in started(here, capsys)
    write(here, "layers/shared/common.py", "mark = '?'")
    assert "start of changed functions: 2" in started(here, capsys)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import no_such_package", "No module named 'no_such_package'"),
        ("handler = (", "'(' was never closed"),
        ("handle = 1", "has no attribute 'handler'"),
        ("import sys; sys.exit('no settings')", "no settings"),
        ("import os; os._exit(3)", "it ended the process"),
        ("raise ValueError('x' * 200_000)", "xxx"),
    ],
)
def test_a_function_that_does_not_start_is_shown_until_it_does(
    here: Stack, code: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(here, "functions/one/app.py", code)
    for _ in range(2):
        with pytest.raises(StackError) as refused:
            started(here, capsys)
        assert "does not start: one\n" in str(refused.value)
        assert said in str(refused.value)
    write(here, "functions/one/app.py", WELL)
    assert "start of changed functions: 1" in started(here, capsys)


def test_a_fault_of_a_layer_is_shown_once(here: Stack) -> None:
    write(here, "layers/shared/common.py", "mark = 1 / 0")
    build(here)
    with pytest.raises(StackError) as refused:
        handlers.start_changed(here)
    assert "does not start: one, other" in str(refused.value)
    assert str(refused.value).count("ZeroDivisionError") == 1
    assert "mark = 1 / 0" in str(refused.value)
