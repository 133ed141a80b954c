"""`make email-status` and `make dead-letters`: the outbox of an environment, for its operator."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from wingman.kit.clients.database import Database, DatabaseError, get_service_client
from wingman.kit.errors import DependencyUnavailable, Unauthenticated
from wingman.kit.settings import SettingsError
from wingman.notifications.email.letters.kinds import kinds
from wingman.notifications.email.operating import repository
from wingman.notifications.email.operating.models import DeadLetter, Deliveries, Lane
from wingman.notifications.models import Priority

_HOURS = 24
_STATUS, _LETTERS = "make email-status", "make dead-letters"


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    explained(lambda: options.run(get_service_client(), options))


def explained(run: Callable[[], None]) -> None:
    """Run a command on the database; an error says what to do about it."""
    try:
        run()
    except SettingsError as error:
        sys.exit(f"{error}\nSet them for the environment to look at, or start one: `make up`.")
    except DependencyUnavailable:
        sys.exit("The database cannot be reached: is SUPABASE_URL right, and the stack up?")
    except (DatabaseError, Unauthenticated) as error:
        sys.exit(
            f"The database refuses: {error}\n"
            "Is SUPABASE_SECRET_KEY right, and are the migrations applied? `make doctor` says."
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make email-status|dead-letters", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    status = commands.add_parser("status", prog=_STATUS, help="lanes, rates and dead letters")
    status.set_defaults(run=_status)
    resume = commands.add_parser(
        "resume", prog=f"{_STATUS} resume", help="end the pause of lanes: resume [urgent] [bulk]"
    )
    resume.add_argument("lanes", nargs="*", type=Priority, default=list(Priority))
    resume.set_defaults(run=_resume)

    listed = commands.add_parser(
        "list", prog=f"{_LETTERS} list", help="dead letters, the newest first"
    )
    listed.add_argument("--limit", type=int, default=20)
    listed.add_argument("--template", choices=sorted(kinds()))
    listed.set_defaults(run=_list)
    show = commands.add_parser(
        "show", prog=f"{_LETTERS} show", help="everything known about one of them"
    )
    show.add_argument("id", type=UUID)
    show.set_defaults(run=_show)
    replay = commands.add_parser(
        "replay", prog=f"{_LETTERS} replay", help="send again what the provider never accepted"
    )
    replay.add_argument("ids", nargs="*", type=UUID)
    replay.add_argument("--template", choices=sorted(kinds()))
    replay.add_argument("--all", action="store_true")
    replay.add_argument("--limit", type=int, default=1000)
    replay.set_defaults(run=_replay)
    return parser


def _status(database: Database, _: argparse.Namespace) -> None:
    lanes = repository.lanes(database)
    print(f"{'lane':<8}{'due':>8}{'longest wait':>15}{'at provider':>13}   paused")
    for lane in lanes:
        print(
            f"{lane.priority:<8}{lane.depth:>8}{_duration(lane.oldest_seconds):>15}"
            f"{lane.sending:>13}   {_pause(lane)}"
        )
    print(f"\nlast {_HOURS} hours: {_rates(repository.deliveries(database, _HOURS))}")
    failed, unknown = repository.dead_letter_counts(database)
    recent = f"{failed.within_an_hour + unknown.within_an_hour} of them within an hour"
    print(f"dead letters: {failed.emails} failed, {unknown.emails} unknown, {recent}")
    if failed.emails or unknown.emails:
        print("Next: `make dead-letters` lists them.")


def _pause(lane: Lane) -> str:
    if lane.paused_until is None:
        return "no"
    left = (lane.paused_until - datetime.now(UTC)).total_seconds()
    return f"for {_duration(left)} more: {lane.paused_reason}"


def _duration(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _rates(found: Deliveries) -> str:
    words = [f"{found.accepted} accepted by the provider"]
    if found.success_rate is not None:
        words.append(f"{found.success_rate:.2%} of the known outcomes delivered")
    words += [f"{found.share(status):.2%} {status}" for status in ("bounced", "complained")]
    return ", ".join(words)


def _resume(database: Database, options: argparse.Namespace) -> None:
    print(f"{repository.resume(database, options.lanes)} resumed; emails flow within a minute.")


def _list(database: Database, options: argparse.Namespace) -> None:
    letters = repository.dead_letters(database, options.limit, options.template)
    for letter in letters:
        print(_line(letter))
    if not letters:
        print("No dead letters.")
        return
    print("\nNext: ARGS='show ID', ARGS='replay ID …', ARGS='replay --template NAME' or --all.")


def _line(letter: DeadLetter) -> str:
    note = "" if letter.replayable else "  (cannot be replayed: the provider may have it)"
    return (
        f"{letter.id}  {letter.created_at:%Y-%m-%d %H:%M}  {letter.delivery_status:<8}"
        f"{letter.email_template:<22}{letter.error_message or ''}{note}"
    )


def _show(database: Database, options: argparse.Namespace) -> None:
    letter = repository.dead_letter(database, options.id)
    if letter is None:
        sys.exit(f"no dead letter {options.id}: `make dead-letters` lists them.")
    print(json.dumps(letter, indent=2, ensure_ascii=False))


def _replay(database: Database, options: argparse.Namespace) -> None:
    if not (options.ids or options.template or options.all):
        sys.exit("Say which: ids, --template NAME, or --all.")
    replayed = repository.replay(
        database,
        email_ids=options.ids or None,
        template=options.template,
        limit=options.limit,
    )
    print(f"{len(replayed)} put back; the next sweep hands them out within a minute.")
    if options.ids and len(replayed) < len(options.ids):
        print("The others are no longer dead letters, or the provider may have them.")


if __name__ == "__main__":
    main()
