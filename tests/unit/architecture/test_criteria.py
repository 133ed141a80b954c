"""The page of criteria has one row for each criterion, and names existing tests."""

import re
from typing import NamedTuple

from tests.support.named_tests import names_of_tests
from tests.support.template import ROOT


class Row(NamedTuple):
    number: str
    meaning: str
    tests: str

    @property
    def proofs(self) -> list[str]:
        return self.tests.split("<br>")


# The number of criteria in each group of the specification, from 1 to 12; then of properties.
GROUPS = (6, 7, 6, 6, 6, 5, 7, 6, 7, 5, 5, 7)
PROPERTIES = 17
PAGE = (ROOT / "docs" / "criteria.md").read_text()
ROWS = [
    Row(*found) for found in re.findall(r"^\| (\d\S*) \| (.*?) \| (.*) \|$", PAGE, re.MULTILINE)
]
# Stands alone, or beside the tests of the rest of a criterion; then it says what is missing.
_WITHOUT = re.compile(r"no test(?:: .+)?")


def test_each_criterion_and_property_has_one_row() -> None:
    criteria = [
        f"{group}.{number}"
        for group, size in enumerate(GROUPS, start=1)
        for number in range(1, size + 1)
    ]
    properties = [str(number) for number in range(1, PROPERTIES + 1)]
    assert [row.number for row in ROWS] == criteria + properties


def test_a_row_names_tests_that_exist_or_says_that_there_are_none() -> None:
    for proof in {proof for row in ROWS for proof in row.proofs}:
        if _WITHOUT.fullmatch(proof):
            continue
        named = re.fullmatch(r"`(\S+) (test_\w+)`", proof)
        assert named, proof
        path = ROOT / "tests" / f"{named[1]}.py"
        assert path.is_file(), proof
        assert named[2] in names_of_tests(path), proof


def test_a_row_names_a_test_once() -> None:
    assert [row.number for row in ROWS if len(set(row.proofs)) < len(row.proofs)] == []
