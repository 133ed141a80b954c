"""The SQLSTATEs that each SQL function can raise, itself or through a function that it calls."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_SCHEMAS = Path(__file__).parents[2] / "supabase" / "schemas"
_FUNCTION = re.compile(r"^create function (\w+\.\w+)\(.*?^\$\$;$", re.MULTILINE | re.DOTALL)
_CALL = re.compile(r"\b((?:private|public)\.\w+)\s*\(")
_RAISE = re.compile(r"errcode = '(\w{5})'")


@cache
def of(function: str) -> frozenset[str]:
    return _raised(f"public.{function}", set())


def _raised(name: str, seen: set[str]) -> frozenset[str]:
    if name in seen or name not in _bodies():
        return frozenset()
    seen.add(name)
    body = _bodies()[name]
    inner = (_raised(called, seen) for called in _CALL.findall(body))
    return frozenset(_RAISE.findall(body)).union(*inner)


@cache
def _bodies() -> Mapping[str, str]:
    text = "\n".join(path.read_text() for path in sorted(_SCHEMAS.glob("*.sql")))
    return {found[1]: found[0] for found in _FUNCTION.finditer(text)}
