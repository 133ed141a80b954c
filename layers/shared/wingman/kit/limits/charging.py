"""The limits of one request, charged in one call and independent of HTTP."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from wingman.kit.errors import RateLimited
from wingman.kit.limits.limiter import Step, limiter
from wingman.kit.limits.networks import network
from wingman.kit.limits.policy import Policy, Verdict
from wingman.kit.limits.settings import LimitSettings
from wingman.kit.settings import load


@dataclass(frozen=True)
class Subjects:
    """The IP address, the user and the claimed (unproven) identity whose buckets pay."""

    ip: str
    user: UUID | None = None
    claimed: str | None = None

    def key(self, policy: Policy) -> str:
        subjects = {
            "user": str(self.user),
            "ip": network(self.ip),
            "global": "all",
            "claim": f"{self.claimed or self.user}:{network(self.ip)}",
        }
        return policy.key(subjects[policy.scope])


class LimitReached(RateLimited):
    """You sent too many requests. Wait as long as the Retry-After header says."""

    def __init__(self, verdicts: Sequence[Verdict]) -> None:
        super().__init__(max(each.retry_after_seconds for each in verdicts if each.refuses))
        self.verdicts = verdicts

    def is_of(self, policies: Iterable[Policy]) -> bool:
        """Return whether these policies alone refuse the request."""
        names = {policy.name for policy in policies}
        return all(each.policy.name in names for each in self.verdicts if each.refuses)


@dataclass(frozen=True)
class Charge:
    buckets: Mapping[str, Policy]
    verdicts: Sequence[Verdict]

    def give_back(self, policy: Policy) -> None:
        """Refund `policy` for a request that had no effect."""
        # An empty bucket in shadow mode lets a request pass without taking a token.
        taken = {
            key: verdict.policy
            for key, verdict in zip(self.buckets, self.verdicts, strict=True)
            if verdict.allowed and verdict.policy.name == policy.name
        }
        if taken:
            limiter().give_back(taken)


def buckets(subjects: Subjects, policies: Iterable[Policy]) -> dict[str, Policy]:
    """Return the buckets to charge; none if rate limits are disabled."""
    settings = load(LimitSettings)
    if not settings.enable_rate_limiting:
        return {}
    return {subjects.key(policy): in_force(policy, settings) for policy in policies}


def in_force(policy: Policy, settings: LimitSettings) -> Policy:
    """Return the policy as the deployment has it."""
    if policy.scope == "global":
        policy = policy.per_minute(settings.requests_per_minute)
    return policy.in_shadow if policy.name in settings.rate_limit_shadow else policy


def charge(
    subjects: Subjects, policies: Iterable[Policy], *, cost: int = 1, steps: Sequence[Step] = ()
) -> Charge:
    """Charge every policy or none, in one call that also runs `steps`. Raises LimitReached."""
    found = buckets(subjects, policies)
    if not (found or steps):
        return Charge({}, [])
    verdicts = limiter().ask(found, cost=cost, steps=steps).verdicts
    admit(verdicts)
    return Charge(found, verdicts)


def admit(verdicts: Sequence[Verdict]) -> None:
    if any(verdict.refuses for verdict in verdicts):
        raise LimitReached(verdicts)
