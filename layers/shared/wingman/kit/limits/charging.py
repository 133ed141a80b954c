"""The limits of one request, charged in one call, whatever brought it: HTTP, a socket, a query."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from wingman.kit.errors import RateLimited
from wingman.kit.limits.limiter import Step, limiter
from wingman.kit.limits.policy import Policy, Verdict
from wingman.kit.limits.settings import LimitSettings
from wingman.kit.settings import load


@dataclass(frozen=True)
class Subjects:
    """Whose buckets a request is charged to."""

    ip: str
    user: UUID | None = None

    def key(self, policy: Policy) -> str:
        """Name the bucket of a policy for this request."""
        subjects = {"user": str(self.user), "ip": self.ip, "global": "all"}
        return policy.key(subjects[policy.scope])


class LimitReached(RateLimited):
    """Too many requests. Wait for as long as Retry-After says."""

    def __init__(self, verdicts: Sequence[Verdict]) -> None:
        super().__init__(max(each.retry_after_seconds for each in verdicts if each.refuses))
        self.verdicts = verdicts


@dataclass(frozen=True)
class Charge:
    """The buckets (key → policy) that a request was charged to, and what each answered."""

    buckets: Mapping[str, Policy]
    verdicts: Sequence[Verdict]

    def give_back(self, policy: Policy) -> None:
        """Return what `policy` took for a request that had no effect."""
        # A bucket that only watches may have been empty, and has then taken nothing.
        taken = {
            key: verdict.policy
            for key, verdict in zip(self.buckets, self.verdicts, strict=True)
            if verdict.allowed and verdict.policy.name == policy.name
        }
        if taken:
            limiter().give_back(taken)


def buckets(subjects: Subjects, policies: Iterable[Policy]) -> dict[str, Policy]:
    """Name the buckets of a request (key → policy); there are none where limits are off."""
    settings = load(LimitSettings)
    if not settings.enable_rate_limiting:
        return {}
    shadow = settings.rate_limit_shadow
    return {
        subjects.key(policy): policy.watching if policy.name in shadow else policy
        for policy in policies
    }


def charge(
    subjects: Subjects, policies: Iterable[Policy], *, cost: int = 1, steps: Sequence[Step] = ()
) -> Charge:
    """Charge every policy or none, in one call that also takes `steps`. Raises LimitReached."""
    found = buckets(subjects, policies)
    if not (found or steps):
        return Charge({}, [])
    verdicts = limiter().ask(found, cost=cost, steps=steps).verdicts
    admit(verdicts)
    return Charge(found, verdicts)


def admit(verdicts: Sequence[Verdict]) -> None:
    """Raise LimitReached if any bucket refuses."""
    if any(verdict.refuses for verdict in verdicts):
        raise LimitReached(verdicts)
