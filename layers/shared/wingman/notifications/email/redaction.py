"""Removes addresses from the provider's messages."""

import re

# Matches only at the start of a word: trying each letter of a long word takes quadratic time.
_ADDRESS = re.compile(r"(?<![^\s<>\"'`(),;:])[^\s<>\"'`(),;:]+@[^\s<>\"'`(),;:]+")


def redact(message: str) -> str:
    """Replace addresses in a message, and shorten it, before it is stored or logged."""
    return _ADDRESS.sub("<address>", message)[:300]
