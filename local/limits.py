"""`make limits`: shows or refills the token buckets of a user's id, an IP address or `all`."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from uuid import UUID

from wingman.kit.clients.commands import RedisError
from wingman.kit.clients.redis import redis
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.limits.charging import in_force
from wingman.kit.limits.declared import policies
from wingman.kit.limits.limiter import Limiter
from wingman.kit.limits.memory import MAX_REFUSAL_SECONDS
from wingman.kit.limits.networks import network
from wingman.kit.limits.policy import Policy, Scope, Verdict
from wingman.kit.limits.settings import LimitSettings
from wingman.kit.settings import SettingsError, load

EVERYONE = "all"


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    try:
        _run(Limiter(redis()), options.command, options.whose)
    except SettingsError as error:
        sys.exit(f"{error}\nSet them for the environment to look at, or start one: `make up`.")
    except DependencyUnavailable:
        sys.exit("Redis cannot be reached: is UPSTASH_REDIS_REST_URL right, and the stack up?")
    except RedisError as error:
        sys.exit(f"Redis refuses: {error}\nIs UPSTASH_REDIS_REST_TOKEN right, and may it write?")


def buckets(whose: str) -> Mapping[str, Policy]:
    """Return every bucket of a user, an IP or all (key → policy). Raises ValueError."""
    scope, subject = _subject(whose)
    settings = load(LimitSettings)
    found = [policy for policy in policies() if policy.scope == scope]
    return {policy.key(subject): in_force(policy, settings) for policy in found}


def _subject(whose: str) -> tuple[Scope, str]:
    if whose == EVERYONE:
        return "global", EVERYONE
    try:
        return "user", str(UUID(whose))
    except ValueError:
        return "ip", network(str(ip_address(whose)))


def _known(whose: str) -> str:
    try:
        _subject(whose)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{whose!r} is not a user id or an IP address") from None
    return whose


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make limits", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command", dest="command")
    words = {"show": "show what is left in each bucket", "reset": "refill them"}
    for command, said in words.items():
        one = commands.add_parser(command, help=said)
        one.add_argument("whose", type=_known, metavar="USER_OR_IP", help="or `all`")
    return parser


def _run(limiter: Limiter, command: str, whose: str) -> None:
    found = buckets(whose)
    if command == "reset":
        _reset(limiter, found)
    _show(limiter.peek(found))
    if command == "show":
        print(f"\nNext: ARGS='reset {whose}' refills them.")


def _reset(limiter: Limiter, found: Mapping[str, Policy]) -> None:
    print(f"{limiter.reset(found)} of {len(found)} buckets were not full; now they are.")
    print(
        "A container that has just refused a caller may go on refusing for up to"
        f" {MAX_REFUSAL_SECONDS:.0f} s.\nA container that cannot reach Redis counts by itself"
        " and ignores this.\n"
    )


def _show(verdicts: Sequence[Verdict]) -> None:
    print(f"{'policy':<24}{'left':>8}{'of':>8}{'full in':>10}{'one more in':>14}")
    for verdict in verdicts:
        policy, full = verdict.policy, verdict.full_in_ms / 1000
        one_more = max(0.0, full - (policy.capacity - 1) * policy.seconds_per_token)
        print(
            f"{policy.name:<24}{verdict.remaining:>8}{policy.capacity:>8}"
            f"{f'{full:.0f} s':>10}{f'{one_more:.0f} s' if one_more else 'now':>14}"
        )


if __name__ == "__main__":
    main()
