"""Types for text that users write, without control characters."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

# Postgres cannot store NUL, and a line break ends a header field.
_CONTROLS = {chr(code) for code in range(32)} | {"\x7f"}
_LINE_BREAKS = {"\n", "\r", "\t"}
BIDI_CONTROLS = frozenset(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]))
"""Marks that reorder the text around them: a user's text must not reorder ours."""


def _without(forbidden: set[str]) -> AfterValidator:
    def check(text: str) -> str:
        if forbidden.intersection(text):
            raise ValueError("control characters are not allowed")
        return text

    return AfterValidator(check)


Trimmed = Annotated[str, StringConstraints(strip_whitespace=True)]
SingleLineText = Annotated[Trimmed, _without(_CONTROLS)]
MultiLineText = Annotated[Trimmed, _without(_CONTROLS - _LINE_BREAKS)]
