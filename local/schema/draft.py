"""`make migration NAME=…`: drafts the migration that brings the database to the schemas."""

import argparse
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local import supabase_cli
from local.migrations import files
from local.progress import say
from local.schema.check import different
from local.schema.databases import built
from local.stack import CHECKOUT

_VERSION = "%Y%m%d%H%M%S"


def name(text: str) -> str:
    """Check a name for use in a file name. Raises ArgumentTypeError."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a name like add_photos: make migration NAME=add_photos"
        )
    return text


def write(server: str, name: str, checkout: Path = CHECKOUT) -> Path | None:
    """Write the draft and return its path; None if there is nothing to change."""
    with built(server, checkout) as databases:
        statements = supabase_cli.difference(databases.migrated, databases.described)
        if not statements and not list(different(databases)):
            say("The migrations already match supabase/schemas: there is nothing to write.")
            return None
        path = checkout / "supabase" / "migrations" / f"{_version(checkout)}_{name}.sql"
        path.write_text(f"{statements}\n")
        _format(path)
        supabase_cli.push(databases.migrated, checkout)
        left = list(different(databases))
    say(f"{path.relative_to(checkout)} is a draft: read it, and delete repeated grants.")
    if left:
        say("It does not yet match supabase/schemas (-); add by hand:")
    for difference in left:
        say(difference)
    say("Next: `make check-sql`, then `make up`, which applies it.")
    return path


def _format(path: Path) -> None:
    program, rules = Path(sys.executable).with_name("sqlfluff"), CHECKOUT / "pyproject.toml"
    fixed = subprocess.run(
        [program, "fix", "--quiet", "--config", rules, path],
        capture_output=True,
        text=True,
        check=False,
    )
    if fixed.returncode != 0:
        say(f"sqlfluff could not fix everything:\n{fixed.stdout.strip()}")


def _version(checkout: Path) -> str:
    """Return the current second, or the one after the last migration's if that is later."""
    last = max(path.stem.partition("_")[0] for path in files(checkout))
    after = datetime.strptime(last, _VERSION).replace(tzinfo=UTC) + timedelta(seconds=1)
    return f"{max(datetime.now(UTC), after):{_VERSION}}"
