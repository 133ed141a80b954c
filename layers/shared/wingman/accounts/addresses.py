"""Email addresses as accounts have them.

Only ASCII is accepted, as in RFC 5321: in lower case, Go and Python turn letters such as the Kelvin
sign (U+212A) into ASCII.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

from wingman.kit.settings import SupabaseServiceSettings, load

# RFC 5321 section 4.5.3.1; a path of 256 octets has two brackets.
LONGEST, LONGEST_LOCAL_PART = 254, 64
# Section 4.1.2, without quoted local parts and address literals, which no mailbox for people has.
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@{_LABEL}(?:\.{_LABEL})*\.(?!\d+$){_LABEL}")


def normalised(text: str) -> str:
    """Return an address as it is stored. Raises ValueError for one that RFC 5321 does not allow."""
    address = text.strip(" \t\r\n")
    if not address.isascii() or len(address) > LONGEST:
        raise ValueError("is not an email address")
    found = _ADDRESS.fullmatch(address := address.lower())
    if found is None or len(found[1]) > LONGEST_LOCAL_PART:
        raise ValueError("is not an email address")
    return address


def claimed(fields: Mapping[str, Any]) -> str | None:
    """Return a keyed hash of the address in a body, or None without a valid one."""
    text = fields.get("email")
    if not isinstance(text, str):
        return None
    try:
        address = normalised(text)
    except ValueError:
        return None
    key = load(SupabaseServiceSettings).supabase_secret_key.get_secret_value()
    return hmac.new(f"limits:{key}".encode(), address.encode(), hashlib.sha256).hexdigest()[:32]
