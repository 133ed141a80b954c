"""Settings of rate limits."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from wingman.kit import declarations
from wingman.kit.limits.policy import Policy
from wingman.kit.settings import Settings, means


def _policies(names: object) -> frozenset[str]:
    """Parse names of policies; checking them imports every domain, so an empty list skips it."""
    given = frozenset(name.strip() for name in str(names or "").split(",") if name.strip())
    if given:
        known = [policy.name for policy in declarations.declared("limits", Policy)]
        if not given.issubset(known):
            raise ValueError(f"must be some of {', '.join(known)}, separated by commas")
    return given


def _written_by_the_proxy_alone(header: str) -> str:
    if header.lower() in {"x-forwarded-for", "forwarded"}:
        raise ValueError("must be a header that the proxy overwrites, and clients write this one")
    return header


Header = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$"),
    AfterValidator(_written_by_the_proxy_alone),
]


class LimitSettings(Settings):
    """The switches of rate limits."""

    enable_rate_limiting: bool = means("Whether rate limits apply.", default=True)
    rate_limit_shadow: Annotated[frozenset[str], BeforeValidator(_policies)] = means(
        "Rate limits that only count and never refuse, separated by commas; see docs/operating.md.",
        default=frozenset(),
    )
    requests_per_minute: int = means(
        "Requests of all callers together that are admitted in a minute.",
        default=10_000,
        ge=600,
        le=600_000,
    )
    client_ip_header: Header | None = means(
        "Header in which a trusted proxy gives the client's IP address; empty without a proxy.",
        default=None,
    )
