"""`make suppressions`: suppressed email addresses of an environment, for its operator.

They are stored as hashes, so an address can be looked up, but not listed.
"""

import argparse
from collections.abc import Sequence

from local.outbox import explained
from wingman.kit.clients.database import Database, get_service_client
from wingman.notifications.email.operating import repository

_MAKE = "make suppressions"


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    explained(lambda: options.run(get_service_client(), options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=_MAKE, description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    count = commands.add_parser("count", prog=_MAKE, help="count them by reason")
    count.set_defaults(run=_count)
    for name, run, words in (
        ("show", _show, "show why and since when an address is suppressed"),
        ("lift", _lift, "allow emails to an address again"),
    ):
        one = commands.add_parser(name, prog=f"{_MAKE} {name}", help=words)
        one.add_argument("address", type=_address)
        one.set_defaults(run=run)
    return parser


def _address(given: str) -> str:
    if "@" not in given.strip("@"):
        raise argparse.ArgumentTypeError(f"{given!r} is not an email address")
    return given


def _count(database: Database, _: argparse.Namespace) -> None:
    found = repository.suppressions(database)
    for reason, addresses in found.items():
        print(f"{addresses:>8}  {reason}")
    print(f"{sum(found.values()):>8}  in all\n\nNext: ARGS='show ADDRESS', ARGS='lift ADDRESS'.")


def _show(database: Database, options: argparse.Namespace) -> None:
    found = repository.suppression(database, options.address)
    if found is None:
        print("The address is not suppressed.")
        return
    print(f"{found.reason} since {found.created_at:%Y-%m-%d %H:%M} UTC")
    print(f"Next: once the cause is gone, ARGS='lift {options.address}'.")


def _lift(database: Database, options: argparse.Namespace) -> None:
    if not repository.lift_suppression(database, options.address):
        print("The address was not suppressed.")
        return
    print("Lifted: the next email to the address is sent.")
    print("Next: remove it from the provider's own list, too (Resend's dashboard, Suppressions).")


if __name__ == "__main__":
    main()
