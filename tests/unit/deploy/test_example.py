"""The example file has every parameter that can be chosen, and nothing else."""

import re
import tomllib

import pytest

from local import template
from local.deploy import example
from local.deploy.parameters import flaw
from local.stack import CHECKOUT

PARAMETERS = template.load(CHECKOUT / "template.yaml")["Parameters"]
TEXT = example.EXAMPLE.read_text()
ASSIGNED = re.findall(r"^(?:# )?([A-Z]\w+) = ", TEXT, re.MULTILINE)


def test_the_example_is_as_the_template_says() -> None:
    assert example.text() == TEXT, "run `make settings`"


def test_each_parameter_that_is_chosen_is_there_once_with_its_description() -> None:
    assert sorted(ASSIGNED) == sorted(set(PARAMETERS) - example.BY_THE_COMMAND)
    for name in ASSIGNED:
        assert f"# {PARAMETERS[name]['Description']}" in TEXT


def test_required_values_wait_to_be_filled_in() -> None:
    waiting = {name: value for name, value in tomllib.loads(TEXT).items() if not value}
    required = {name for name, rules in PARAMETERS.items() if "Default" not in rules}
    assert set(waiting) == {"region", "brand", *required} - example.BY_THE_COMMAND


@pytest.mark.parametrize("name", [name for name in ASSIGNED if "Default" in PARAMETERS[name]])
def test_a_default_can_be_taken_as_it_is_written(name: str) -> None:
    line = re.search(rf"^# ({name} = .*)$", TEXT, re.MULTILINE)
    assert line is not None
    value = tomllib.loads(line[1])[name]
    spelled = str(value).lower() if isinstance(value, bool) else str(value)
    assert spelled == str(PARAMETERS[name]["Default"])
    assert flaw(PARAMETERS[name], spelled) is None


def test_every_environment_in_the_repository_holds_no_secret() -> None:
    for path in example.FOLDER.glob("*.toml"):
        assert not re.search(r"sb_secret_|whsec_|re_[A-Za-z0-9]{16}|sk-ant-", path.read_text())
