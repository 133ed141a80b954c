"""JSON objects as clients send them."""

import json
from collections.abc import Mapping
from typing import Any

from wingman.kit.errors import MalformedJson


def json_object(body: bytes) -> Mapping[str, Any]:
    """Parse a JSON object. Raises MalformedJson for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):  # not JSON, not UTF-8, or nested too deeply
        raise MalformedJson from None
    if not isinstance(found, dict):
        raise MalformedJson("The body is not a JSON object.")
    return found
