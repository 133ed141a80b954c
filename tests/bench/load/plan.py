"""The steps of a run, and the addresses of one local stack."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from local.errors import StackError

# The story calls these, or answers of the API refer to them.
ADDRESSES = ("API_URL", "AWS_ENDPOINT_URL", "REALTIME_URL", "RESEND_API_URL", "DATABASE_URL")


@dataclass(frozen=True)
class Step:
    """A number of users, the seconds before the measurement, and those of the measurement."""

    users: int
    warm: float
    seconds: float


@dataclass(frozen=True)
class Plan:
    api: str
    inbox: str
    # Calls per second of each user.
    pace: float
    steps: list[Step]

    @classmethod
    def of(cls, values: Mapping[str, str], steps: list[Step], pace: float = 1.0) -> Self:
        """Plan steps on a stack. Raises StackError if it is not on this machine."""
        for name in ADDRESSES:
            require_loopback(name, values[name])
        inbox = f"{values['RESEND_API_URL']}/_sandbox/emails"
        return cls(values["API_URL"], inbox, pace, steps)

    def written(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Self:
        found = json.loads(text)
        return cls(**found | {"steps": [Step(**step) for step in found["steps"]]})


def require_loopback(name: str, url: str) -> None:
    """Raise StackError unless the host is a loopback IP address; a name may resolve elsewhere."""
    host = urlsplit(url).hostname or ""
    try:
        loops = ip_address(host).is_loopback
    except ValueError:
        loops = False
    if not loops:
        raise StackError(
            f"{name} leads to {host or 'no host'}, and load goes to loopback addresses only: "
            "start a local stack with `make load`"
        )
