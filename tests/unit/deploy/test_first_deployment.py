"""The page for the first deployment names things that exist."""

import re

from tests.support.template import ROOT, template

PAGE = (ROOT / "docs" / "first-deployment.md").read_text()


def test_every_resource_that_it_asks_for_is_in_the_template() -> None:
    named = set(re.findall(r"\$\(id (\w+)\)", PAGE))
    assert named
    assert named <= set(template()["Resources"])


def test_every_command_of_make_is_a_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"`make ([a-z-]+)", PAGE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_check_has_a_command_and_an_expected_result() -> None:
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in PAGE.splitlines() if line[:2] == "| "]
    checks = [row for row in rows if row[0].strip() != "check"]
    assert len(checks) > 20
    assert [
        row for row in checks if len(row) != 4 or not row[1].strip() or not row[2].strip()
    ] == []
