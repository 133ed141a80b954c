"""Types for text that users write, without control characters."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

# Postgres cannot store NUL, and a line break ends a header field.
_CONTROLS = {chr(code) for code in range(32)} | {"\x7f"}
_LINE_BREAKS = {"\n", "\r", "\t"}
BIDI_CONTROLS = frozenset(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]))
"""Marks that reorder the text around them: a user's text must not reorder ours."""
# The same for clients, as regular expressions. Space around a text is removed before the check.
_SPACE = r"[\t-\r ]*"
_ONE_LINE = r"[^\x00-\x1f\x7f]*"
_MANY_LINES = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*"


def _without(forbidden: set[str]) -> AfterValidator:
    def check(text: str) -> str:
        if forbidden.intersection(text):
            raise ValueError("control characters are not allowed")
        return text

    return AfterValidator(check)


def _documented(pattern: str) -> Any:
    return Field(json_schema_extra={"pattern": pattern})


Trimmed = Annotated[str, StringConstraints(strip_whitespace=True)]
SingleLineText = Annotated[
    Trimmed, _without(_CONTROLS), _documented(f"^{_SPACE}{_ONE_LINE}{_SPACE}$")
]
MultiLineText = Annotated[
    Trimmed, _without(_CONTROLS - _LINE_BREAKS), _documented(f"^{_SPACE}{_MANY_LINES}{_SPACE}$")
]
# For texts with a minimum length: they need more than space.
FILLED_LINE = _documented(rf"^{_SPACE}[^\x00-\x20\x7f]{_ONE_LINE}{_SPACE}$")
FILLED_LINES = _documented(rf"^{_SPACE}[^\x00-\x20\x7f]{_MANY_LINES}{_SPACE}$")
