"""The list of `make guards` matches the code and the tests."""

import ast
from collections import Counter

from tests.faults import test_crash_points as crashes
from tests.guards.guards import applied, guards
from tests.guards.page import PAGE, page
from tests.support.named_tests import names_of_tests
from tests.support.template import ROOT

GUARDS = guards()


def test_a_guard_exists_once_and_can_be_removed() -> None:
    for guard in GUARDS:
        for path, text in applied(guard.cuts).items():
            assert text != path.read_text(), guard.name
            if path.suffix == ".py":
                ast.parse(text)


def test_the_tests_of_a_guard_exist() -> None:
    tests = {test for guard in GUARDS for test in guard.red}
    assert [test for test in sorted(tests) if not _exists(test)] == []


def _exists(test: str) -> bool:
    path, _, name = test.partition("::")
    return name.partition("[")[0] in names_of_tests(ROOT / path)


def test_a_guard_has_a_name_of_its_own() -> None:
    assert [name for name, times in Counter(one.name for one in GUARDS).items() if times > 1] == []


def test_every_crash_point_is_seen_to_fail_without_some_guard() -> None:
    test = crashes.test_a_fault_at_any_step_sends_each_email_once.__name__
    named = {red.partition("::")[2] for guard in GUARDS for red in guard.red}
    cases = {f"{test}[{step}-{kind}]" for step in crashes.STEPS for kind in crashes.KINDS}
    assert cases - named == set()


def test_the_page_shows_the_list() -> None:
    assert PAGE.read_text() == page(), "make guards-page writes docs/guards.md"
