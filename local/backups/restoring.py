"""`make restore`: loads a backup into an empty database, which then sends nothing twice."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg

from local.backups import archive, cached, loading, programs, target
from local.backups.archive import Manifest
from local.backups.tables import tables
from local.errors import StackError
from local.progress import complain, say, step
from local.stack import HOST
from wingman.kit.clients.commands import Commands, RedisError
from wingman.kit.clients.redis import redis
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.settings import RedisSettings, SettingsError, load


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        options.run(programs.database_url(), options)
    except StackError as error:
        complain(f"error: {error}")
        return 1
    except psycopg.OperationalError as error:
        complain(f"error: the database does not answer: {error}. Is DATABASE_URL right?")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make restore", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    loaded = commands.add_parser("load", help="restore a folder of `make backup`")
    loaded.add_argument("folder", type=Path)
    loaded.add_argument(
        "--replace", action="store_true", help="overwrite what is there; only on this machine"
    )
    loaded.set_defaults(run=_load)
    settled = commands.add_parser(
        "settle", help="finish after Supabase itself restored the project to an earlier time"
    )
    settled.add_argument(
        "backup_at", type=_moment, help="that moment, such as 2027-03-01T09:30:00Z"
    )
    settled.set_defaults(run=_settle)
    for each in (loaded, settled):
        each.add_argument(
            "--stopped-at",
            type=_moment,
            default=datetime.now(UTC),
            help="when the original's functions stopped sending; by default now",
        )
    return parser


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: write it like 2027-03-01T09:30:00Z") from None
    if moment.tzinfo is None or moment > datetime.now(UTC):
        raise argparse.ArgumentTypeError(f"{text!r} has no timezone, or is in the future")
    return moment


def _load(url: str, options: argparse.Namespace) -> None:
    if options.replace and urlsplit(url).hostname not in {HOST, "localhost"}:
        raise StackError("--replace is for a database on this machine: restore into a new project")
    with step("checksum"):
        manifest = archive.opened(options.folder)
    say(f"  of {manifest.taken_at.isoformat()}, {sum(manifest.rows.values()):,} rows")
    restore(
        url,
        options.folder,
        manifest,
        stopped_at=options.stopped_at,
        replace=options.replace,
        commands=_commands(),
    )


def restore(
    url: str,
    folder: Path,
    manifest: Manifest,
    *,
    stopped_at: datetime,
    commands: Commands | None,
    replace: bool = False,
) -> Mapping[str, Any]:
    """Restore an opened backup; return what had to be settled. Raises StackError."""
    target.require_known(manifest)
    target.prepare(url, manifest, replace=replace)
    with psycopg.connect(url) as connection:
        filled = tables(connection)
    settled = loading.load(
        url,
        folder,
        manifest,
        filled=filled,
        replace=replace,
        stopped_at=stopped_at,
        departed=_departed(commands),
    )
    target.migrate_to(url, target.newest())
    with step("analyze"), psycopg.connect(url, autocommit=True) as connection:
        connection.execute("analyze")
    _finish(commands, settled)
    return settled


def _settle(url: str, options: argparse.Namespace) -> None:
    commands = _commands()
    with psycopg.connect(url) as connection, step("settle"):
        rows = connection.execute(
            "select public.settle_restored(%s, %s, %s)",
            [options.backup_at, options.stopped_at, _departed(commands)],
        ).fetchall()
    _finish(commands, rows[0][0])


def _commands() -> Commands | None:
    try:
        load(RedisSettings)
    except SettingsError:
        return None
    return redis()


def _departed(commands: Commands | None) -> list[UUID]:
    if commands is None:
        return []
    try:
        return cached.departed(commands)
    except (DependencyUnavailable, RedisError) as error:
        raise StackError(
            f"Redis does not answer ({error}); it knows which accounts were deleted since the"
            " backup. Try again, or unset UPSTASH_REDIS_REST_URL to go on without that"
        ) from error


def _finish(commands: Commands | None, settled: Mapping[str, Any]) -> None:
    say()
    for name, count in settled.items():
        say(f"  {name.replace('_', ' '):<28} {count:>10,}")
    if commands is None:
        say("\nRedis is not set (UPSTASH_REDIS_REST_URL): if these functions use one, empty it.")
    else:
        say(f"  {'Redis keys deleted':<28} {cached.forget(commands):>10,}")
    say("\nNext: make deploy ENV=… (or make up), then make doctor, make status, make dead-letters.")


if __name__ == "__main__":
    sys.exit(main())
