"""The base of bodies in which a missing field means no change, and null is a value."""

from typing_extensions import TypedDict  # pydantic requires this one before Python 3.12

__all__ = ["TypedDict"]
