"""Options and hooks of all tests; `tests/support/fixtures.py` has the fixtures that they share."""

import os
import zoneinfo

import pytest

from tests.support.run import begin, keep


def pytest_addoption(parser: pytest.Parser) -> None:
    own = "start a stack for this process (all but AWS): other tests run at the same time"
    parser.addoption("--own-stack", action="store_true", help=own)


def pytest_configure(config: pytest.Config) -> None:
    zoneinfo.reset_tzpath(
        to=()
    )  # as PYTHONTZPATH in template.yaml, for tests that are not run by make
    os.environ["PYTHONTZPATH"] = ""
    begin()
    if not _only_hands_out_tests(config):
        config.pluginmanager.import_plugin("tests.support.fixtures")


def _only_hands_out_tests(config: pytest.Config) -> bool:
    """Return whether other processes run the tests: then this one can skip seconds of imports."""
    return bool(config.getoption("numprocesses")) and not hasattr(config, "workerinput")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move tests with the marker `last`, which inspect the whole run, to the end."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Store the output of this process for the tests that search all logs."""
    if report.when == "teardown" and report.sections:
        keep("printed", [text for _, text in report.sections])
