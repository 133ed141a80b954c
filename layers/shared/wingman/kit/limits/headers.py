"""The headers that show clients their limits.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
"""

from collections.abc import Sequence

from wingman.kit.limits.policy import Verdict


def rate_limit_headers(verdicts: Sequence[Verdict]) -> dict[str, str]:
    """Show clients their own buckets, but not the global one."""
    shown = [v for v in verdicts if v.policy.scope != "global" and not v.policy.shadow]
    if not shown:
        return {}
    return {
        "RateLimit-Policy": ", ".join(
            f'"{v.policy.name}";q={v.policy.capacity};w={v.policy.window_seconds}' for v in shown
        ),
        "RateLimit": ", ".join(
            f'"{v.policy.name}";r={v.remaining};t={v.reset_seconds}' for v in shown
        ),
    }
