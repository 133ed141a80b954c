"""The pages for client authors show the code that the story runs, in both languages."""

import re

import pytest

from tests.clients.pages import HERE, LANGUAGES, Language

_PUBLIC = re.compile(
    r"^(?:export (?:class|(?:async )?function\*?)|def|class) ([A-Za-z]\w*)", re.MULTILINE
)
_INSIDE = {"ok", "refuse", "Patient"}
"""Names that only other snippets use, and not the story itself."""


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_a_page_has_the_snippets_as_they_are(language: Language) -> None:
    assert language.page.read_text() == language.written(), "run `make snippets`"


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_the_story_uses_each_snippet(language: Language) -> None:
    story = (HERE / language.name / f"story.{language.suffix}").read_text()
    named = {name for code in language.snippets().values() for name in _PUBLIC.findall(code)}
    assert len(named) > 20
    assert {name for name in named - _INSIDE if not re.search(rf"\b{name}\b", story)} == set()


def test_both_languages_have_the_same_steps() -> None:
    typescript, python = (set(language.snippets()) for language in LANGUAGES)
    assert typescript == python
