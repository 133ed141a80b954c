"""The constraints on parameters, checked before anything is built."""

import re
from collections.abc import Mapping
from typing import Any

Rules = Mapping[str, Any]


def flaw(rules: Rules, value: str) -> str | None:
    """Say what CloudFormation would find wrong with a value; None if it is valid."""
    allowed = [str(each) for each in rules.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"is not one of {', '.join(allowed)}"
    if rules["Type"] == "Number":
        return _number_flaw(rules, value)
    if len(value) > rules.get("MaxLength", 4096):
        return f"has more than {rules.get('MaxLength', 4096)} characters"
    return _pattern_flaw(rules, value)


def _number_flaw(rules: Rules, value: str) -> str | None:
    if not re.fullmatch(r"-?\d+", value):
        return "is not a whole number"
    least, most = rules.get("MinValue", int(value)), rules.get("MaxValue", int(value))
    return None if least <= int(value) <= most else f"is not {least} to {most}"


def _pattern_flaw(rules: Rules, value: str) -> str | None:
    # A pattern matches the whole value, and each item of a list; Java's classes are ASCII.
    items = value.split(",") if rules["Type"] == "CommaDelimitedList" else [value]
    pattern = rules.get("AllowedPattern", "(?s).*")
    if all(re.fullmatch(pattern, item, re.ASCII) for item in items):
        return None
    return f"does not match {pattern}" if value else "is not set"
