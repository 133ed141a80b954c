"""`make cache`: shows cached values in an environment's Redis, or drops them."""

import argparse
import sys
from collections.abc import Sequence
from uuid import UUID

from wingman.challenges import service as challenges
from wingman.challenges.models import Difficulty
from wingman.kit.clients.commands import RedisError
from wingman.kit.clients.redis import redis
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.settings import SettingsError
from wingman.reputation import service as reputation


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    try:
        _run(options.command, _keys(options))
    except SettingsError as error:
        sys.exit(f"{error}\nSet them for the environment to look at, or start one: `make up`.")
    except DependencyUnavailable:
        sys.exit("Redis cannot be reached: is UPSTASH_REDIS_REST_URL right, and the stack up?")
    except RedisError as error:
        sys.exit(f"Redis refuses: {error}\nIs UPSTASH_REDIS_REST_TOKEN right, and may it write?")


def _keys(options: argparse.Namespace) -> Sequence[str]:
    if options.values == "reputation":
        return [reputation.key(user) for user in options.users]
    return [challenges.key(difficulty) for difficulty in (None, *Difficulty)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make cache", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command", dest="command")
    words = {"show": "show what is cached, and for how long", "drop": "remove it"}
    for command, said in words.items():
        values = commands.add_parser(command, help=said).add_subparsers(
            required=True, metavar="values", dest="values"
        )
        users = values.add_parser("reputation", help="of some users")
        users.add_argument("users", type=UUID, nargs="+", metavar="USER")
        values.add_parser("challenges", help="every list of them")
    return parser


def _run(command: str, keys: Sequence[str]) -> None:
    if command == "drop":
        dropped = redis().run("DEL", *keys)
        print(f"{dropped} of {len(keys)} values were cached; now none is.")
        return
    lives = redis().pipeline([("PTTL", key) for key in keys])
    for key, left in zip(keys, lives, strict=True):
        if isinstance(left, RedisError):
            raise left
        print(f"{key:<56}{f'{left / 1000:.0f} s left' if left > 0 else 'not cached'}")


if __name__ == "__main__":
    main()
