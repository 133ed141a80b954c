"""`make reports`: users' reports about others, for an operator to decide."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from uuid import UUID

from local.outbox import explained
from wingman.accounts import sessions
from wingman.kit.clients.database import Database, get_service_client
from wingman.kit.clients.redis import redis
from wingman.kit.errors import NotFound
from wingman.reputation import service as reputation
from wingman.safety import repository
from wingman.safety.models import Standing, WholeReport

_MAKE = "make reports"
_USER_STEPS = {
    "hide": (repository.hide, "hide a user from all but their matches; decides open reports"),
    "unhide": (repository.show, "show a user again; dismisses open reports"),
    "ban": (repository.ban, "end a user's sessions and matches, and hide the user from everyone"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; an error says what to do about it."""
    options = _parser().parse_args(arguments)
    explained(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    try:
        options.run(get_service_client(), options)
    except NotFound as error:
        sys.exit(f"{error.detail}\nNext: ARGS='list' shows the ids of reports and users.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=_MAKE, description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    listed = commands.add_parser("list", prog=f"{_MAKE} list", help="open reports, oldest first")
    listed.add_argument("--limit", type=int, default=20)
    listed.set_defaults(run=_list)
    for name, run, words in (
        ("show", _show, "show everything known about a report"),
        ("dismiss", _dismiss, "decide that a report is unfounded"),
    ):
        one = commands.add_parser(name, prog=f"{_MAKE} {name}", help=words)
        one.add_argument("id", type=UUID)
        one.set_defaults(run=run)
    for name, (step, words) in _USER_STEPS.items():
        one = commands.add_parser(name, prog=f"{_MAKE} {name}", help=words)
        one.add_argument("user", type=UUID)
        one.set_defaults(run=_decided_by(step, ends_sessions=name == "ban"))
    unban = commands.add_parser(
        "unban", prog=f"{_MAKE} unban", help="lift the ban of a user, or of a deleted one's address"
    )
    unban.add_argument("user", metavar="USER_OR_ADDRESS", type=_user_or_address)
    unban.set_defaults(run=_unban)
    return parser


def _user_or_address(given: str) -> UUID | str:
    if "@" in given.strip("@"):
        return given
    try:
        return UUID(given)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{given!r} is neither a user's id nor an address"
        ) from None


def _list(database: Database, options: argparse.Namespace) -> None:
    found = repository.list_reports(database, options.limit)
    for each in found:
        standing = _words(each)
        print(f"{each.created_at:%Y-%m-%d %H:%M}  {each.id}  {each.reason:<10}  {standing}")
    print(f"{len(found)} reports wait.")
    if found:
        print(f"Next: ARGS='show {found[0].id}'.")


def _show(database: Database, options: argparse.Namespace) -> None:
    found = repository.get_report(database, options.id)
    print(json.dumps(_fields(found), indent=2, ensure_ascii=False))
    print(f"The user: {_words(found)}")
    print(
        f"Next: ARGS='dismiss {found.id}', ARGS='hide {found.user_id}' or"
        f" ARGS='ban {found.user_id}'."
    )


def _fields(report: WholeReport) -> dict[str, object]:
    """Return a report without the fields that the line about the user shows."""
    return report.model_dump(mode="json", exclude=set(Standing.model_fields) - {"user_id"})


def _dismiss(database: Database, options: argparse.Namespace) -> None:
    standing = repository.dismiss(database, options.id)
    reputation.forget(reputation.cache(), [standing.user_id])
    print(f"Dismissed. The user: {_words(standing)}")
    if standing.hidden_by == "operator":
        print(f"Next: an operator has hidden the user; ARGS='unhide {standing.user_id}' ends that.")
    else:
        print("Next: ARGS='list'.")


def _decided_by(
    step: Callable[[Database, UUID], Standing], *, ends_sessions: bool
) -> Callable[[Database, argparse.Namespace], None]:
    def run(database: Database, options: argparse.Namespace) -> None:
        standing = step(database, options.user)
        if ends_sessions:
            sessions.mark_ended(database, redis(), options.user)
        reputation.forget(reputation.cache(), [options.user])
        print(f"Done. The user: {_words(standing)}")
        print("Next: ARGS='list'.")

    return run


def _unban(database: Database, options: argparse.Namespace) -> None:
    if isinstance(options.user, UUID):
        _decided_by(repository.unban, ends_sessions=False)(database, options)
    elif repository.unban_address(database, options.user):
        print("Lifted: an account can be opened with the address.\nNext: ARGS='list'.")
    else:
        print("No deleted account with this address was banned.\nNext: ARGS='unban USER'.")


def _words(standing: Standing) -> str:
    state = [
        f"{standing.open_reports} open, {standing.weight} of trustworthy users",
        f"hidden by {standing.hidden_by}" if standing.hidden_by else "",
        "banned" if standing.banned else "",
    ]
    return f"{standing.user_id} ({'; '.join(filter(None, state))})"


if __name__ == "__main__":
    main()
