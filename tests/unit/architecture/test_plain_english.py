"""Prose uses the words of a native engineer, as far as a list can check."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.template import ROOT
from tests.unit.architecture.test_documents import DOCUMENTS

SUFFIXES = {".html", ".lua", ".md", ".py", ".sql", ".toml", ".txt", ".yaml", ".yml"}
# Folders whose prose is still being rewritten; remove a line once its folder passes.
NOT_YET = (
    "docs",  # pages that tests/bench and tests/guards generate
)
EXEMPT = (
    "layers/shared/wingman/notifications/email/letters/templates",  # in the voice of the product
    "supabase/migrations",  # generated from supabase/schemas, and never edited once released
    "supabase/schemas/201_challenges_offered.sql",  # challenges are in the product's own voice
    "tests/unit/architecture/test_plain_english.py",
    "tests/unit/notifications/email/letters/golden",  # rendered from the templates
)
# A log event, and the title of a challenge.
_QUOTED = re.compile(r"\b(?:unsubscribed_nobody|A toast to nobody you know|apple-mail)\b")
# Identifiers count too, so an underscore is a boundary; `e-mail` is a value in tests.
_AVOIDED = re.compile(
    r"(?<![a-z])(?<!e-)(?:mails?(?! domain)|told|tells?|somebody|nobody|meanwhile|anew|endless"
    r"|mend(?:s|ed|ing)?)(?![a-z])",
    re.IGNORECASE,
)
# `Who turns something off …` makes a reader search for the subject; a question may begin so.
_RIDDLE = re.compile(r"(?:^|[.|] +|- )((?:Who|Whose|What|That) [^.?|\n]*[.|\n])", re.MULTILINE)
# The same at the start of a docstring or comment, or after its first sentence.
_CODE_RIDDLE = re.compile(r'(?:"""|(?:^|\s)(?:#|--) |[.:] )(?:Who|Whose|What|That)\b(?![^.]*\?)')
_TEST_NAME = re.compile(r"\bdef test_(?:who|whose|what|that)_\w*")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _code() -> list[Path]:
    """Return the tracked text files that are neither documents nor excluded."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    paths = [ROOT / name for name in listed.stdout.split("\0")]
    excluded = [ROOT / name for name in (*NOT_YET, *EXEMPT)]
    return [
        path
        for path in paths
        if (path.suffix in SUFFIXES or path.name == "Makefile")
        and path not in DOCUMENTS
        and not any(path.is_relative_to(folder) for folder in excluded)
    ]


def faults(line: str) -> list[str]:
    text = _QUOTED.sub("", line)
    rules = (_AVOIDED, _CODE_RIDDLE, _TEST_NAME)
    return [match[0].strip() for rule in rules for match in rule.finditer(text)]


def test_code_avoids_words_that_a_native_reader_has_to_decode() -> None:
    found = [
        f"{_name(path)}:{number}: rephrase {fault!r}"
        for path in _code()
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        for fault in faults(line)
    ]
    assert not found, "\n".join(found)


def test_a_document_avoids_words_that_a_native_reader_has_to_decode() -> None:
    prose = {path: re.sub(r"`[^`\n]+`", "", path.read_text()) for path in DOCUMENTS}
    assert [
        (_name(path), found[0]) for path, text in prose.items() for found in _AVOIDED.finditer(text)
    ] == []


def test_a_sentence_begins_with_its_subject() -> None:
    assert [
        (_name(path), _RIDDLE.findall(path.read_text()))
        for path in DOCUMENTS
        if _RIDDLE.search(path.read_text())
    ] == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("# Read your mail, sent anew", ["mail", "anew"]),
        ("new_mails = 1  # a mended pause", ["mails", "mended"]),
        ("# It waits. Who asks gets it", [". Who"]),
        ('"""What a user sees."""', ['"""What']),
        ("-- That is stored", ["-- That"]),
        ("def test_what_is_sent_is_kept() -> None:", ["def test_what_is_sent_is_kept"]),
        ("# The mail domain of a mailbox. What now?", []),
        ("def test_emails() -> None:", []),
    ],
)
def test_the_rules_catch_a_fault_in_code(line: str, expected: list[str]) -> None:
    assert faults(line) == expected


@pytest.mark.parametrize(
    "text",
    ["Who turns it off gets one more.\n", "It works. What is old goes.\n", "| That is it | x |"],
)
def test_the_rule_catches_a_riddle_in_a_document(text: str) -> None:
    assert _RIDDLE.search(text)
