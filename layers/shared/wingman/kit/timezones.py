"""A timezone in a request."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, StringConstraints


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not the name of an IANA timezone") from None
    return name


Timezone = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100),
    AfterValidator(_known_timezone),
    Field(examples=["Europe/Berlin"]),
]
