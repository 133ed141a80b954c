"""Encrypts and authenticates text that passes through another service, such as a queue."""

import base64
import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


class NotSealed(Exception):
    """The text was not sealed with this secret for this purpose."""


def seal(secret: str, purpose: str, text: str) -> str:
    return _fernet(secret, purpose).encrypt(text.encode()).decode()


def unseal(secret: str, purpose: str, sealed: str) -> str:
    """Open what `seal` closed. Raises NotSealed."""
    from cryptography.fernet import InvalidToken  # noqa: PLC0415 - as below

    try:
        opened = _fernet(secret, purpose).decrypt(sealed)
    except InvalidToken:
        raise NotSealed from None
    return opened.decode()


def _fernet(secret: str, purpose: str) -> "Fernet":
    # Few requests need it, and the import takes 10 ms of a cold start.
    from cryptography.fernet import Fernet  # noqa: PLC0415

    key = hashlib.sha256(f"{purpose}:{secret}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
