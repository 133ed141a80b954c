"""When the global bucket runs low, the clients with the most requests are refused first."""

from dataclasses import dataclass, replace

from wingman.kit.limits.limits import EVERY_IP, EVERY_USER, EVERYONE
from wingman.kit.limits.memory import LocalBuckets
from wingman.kit.limits.policy import Policy

MINUTES = 1
# The requests per second of an attacker, and of a user of an app.
FLOOD, NORMAL = 20.0, 1.0


@dataclass
class Client:
    """A client that sends requests at a steady rate from its own address."""

    name: str
    rate: float
    sent: int = 0
    passed: int = 0

    def buckets(self, policies: tuple[Policy, ...]) -> dict[str, Policy]:
        subjects = {"user": self.name, "ip": self.name, "global": "all"}
        return {policy.key(subjects[policy.scope]): policy for policy in policies}


def simulate(attackers: int, policies: tuple[Policy, ...]) -> tuple[Client, list[Client]]:
    """Let one normal client and some attackers send requests; return the clients."""
    normal = Client("normal", NORMAL)
    heavy = [Client(f"heavy-{n}", FLOOD) for n in range(attackers)]
    shared = LocalBuckets()
    step = 1 / FLOOD
    for tick in range(int(MINUTES * 60 * FLOOD)):
        now = tick * step
        for client in (*heavy, normal):
            if tick % int(FLOOD / client.rate):
                continue
            client.sent += 1
            verdicts = shared.take(client.buckets(policies), now)
            client.passed += not any(verdict.refuses for verdict in verdicts)
    return normal, heavy


def test_ten_users_who_flood_do_not_stop_another_user() -> None:
    normal, heavy = simulate(10, (EVERY_USER, EVERY_IP, EVERYONE))
    assert normal.passed == normal.sent
    assert all(client.passed < client.sent / 5 for client in heavy)


def test_forty_addresses_that_flood_do_not_stop_another_client() -> None:
    normal, heavy = simulate(40, (EVERY_IP, EVERYONE))
    assert normal.passed >= 0.9 * normal.sent
    admitted = sum(client.passed for client in heavy)
    refill = MINUTES * 60 / EVERYONE.seconds_per_token
    assert admitted <= EVERYONE.capacity + refill


def test_with_one_price_for_all_the_same_flood_stops_everyone() -> None:
    flat = replace(EVERY_IP, surge=False)
    normal, _ = simulate(40, (flat, EVERYONE))
    assert normal.passed < normal.sent / 2


def test_the_price_doubles_with_each_tenth_above_half() -> None:
    span = EVERYONE.capacity * EVERYONE.micros_per_token
    tenths = [span * tenth // 10 for tenth in range(11)]
    assert [EVERYONE.price(used) for used in tenths] == [1, 1, 1, 1, 1, 1, 2, 4, 8, 16, 32]


def test_a_container_without_redis_charges_one_price() -> None:
    alone = LocalBuckets()
    buckets = Client("only", NORMAL).buckets(
        tuple(policy.in_one_container for policy in (EVERY_USER, EVERYONE))
    )
    [everyone] = [key for key, policy in buckets.items() if policy.measures_load]
    for _ in range(buckets[everyone].capacity * 9 // 10):
        alone.take({everyone: buckets[everyone]}, 0.0)

    user, _ = alone.take(buckets, 0.0)
    assert user.remaining == user.policy.capacity - 1
