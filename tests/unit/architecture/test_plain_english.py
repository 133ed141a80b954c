"""Documents use the words that a native engineer would use; this holds what a list can catch."""

import re
from pathlib import Path

import pytest

from tests.support.template import ROOT
from tests.unit.architecture.test_documents import DOCUMENTS

_AVOIDED = re.compile(
    r"\b(mails?(?! domain)|tells?|told|somebody|nobody|meanwhile|anew|endless|mend(s|ed|ing)?)\b",
    re.IGNORECASE,
)
# `Who turns something off …` makes a reader search for the subject; a question may begin so.
_RIDDLE = re.compile(r"(?:^|[.|] +|- )((?:Who|Whose|What|That) [^.?|\n]*[.|\n])", re.MULTILINE)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_a_document_avoids_words_that_a_native_reader_has_to_decode(document: Path) -> None:
    prose = re.sub(r"`[^`\n]+`", "", document.read_text())
    assert [found[0] for found in _AVOIDED.finditer(prose)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_a_sentence_begins_with_its_subject(document: Path) -> None:
    assert _RIDDLE.findall(document.read_text()) == []


@pytest.mark.parametrize("text", ["Read your mail", "It was told before", "a mended pause"])
def test_the_list_catches_a_word(text: str) -> None:
    assert _AVOIDED.search(text)


@pytest.mark.parametrize(
    "text",
    ["Who turns it off gets one more.\n", "It works. What is old goes.\n", "| That is it | x |"],
)
def test_the_rule_catches_a_riddle(text: str) -> None:
    assert _RIDDLE.search(text)
