"""`make seed`: fills the database of a local stack with believable profiles.

ARGS='profiles=1000000 city=Vienna seed=2': the number (by default 10 000), a city of
local/seed/cities.csv (by default all 300), and the seed. Another seed makes other people.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Any

import psycopg

from local import environment
from local.errors import StackError
from local.progress import complain, say
from local.seed.filling import PASSWORD, SeedError, email, fill
from local.stack import stack
from local.supervisor import require_running

_WIDTH = 40
_DEFAULTS: dict[str, Any] = {"profiles": 10_000, "seed": 1, "city": None}


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill the database; an expected failure is one sentence."""
    parser = argparse.ArgumentParser(prog="make seed", description=__doc__)
    parser.add_argument("--name", default="dev", help="which stack: dev, or test")
    parser.add_argument("options", nargs="*", metavar="name=value")
    given = parser.parse_args(arguments)
    try:
        _run(given.name, _options(given.options))
    except StackError as error:
        complain(f"error: {error}")
        return 1
    return 0


def _options(words: Sequence[str]) -> dict[str, Any]:
    options = dict(_DEFAULTS)
    for word in words:
        name, _, value = word.partition("=")
        if name not in options or not value:
            raise SeedError(f"{word!r} is not an option like profiles=10000 seed=1 city=Vienna")
        options[name] = value if name == "city" else _number(name, value)
    return options


def _number(name: str, value: str) -> int:
    try:
        return int(value.replace("_", ""))
    except ValueError:
        raise SeedError(f"{name}={value} is not a number: try {name}={_DEFAULTS[name]}") from None


def _run(name: str, options: dict[str, Any]) -> None:
    here = stack(name, wherever=True)
    require_running(here)
    began = time.monotonic()
    with psycopg.connect(environment.read(here)["DATABASE_URL"], autocommit=True) as connection:
        fill(connection, progress=_show, **options)
    took = time.monotonic() - began
    say(f"\n{options['profiles']} profiles in {took:.0f} s")
    say(f"Next: log in as {email(1, options['seed'])} … with the password `{PASSWORD}`")


def _show(share: float) -> None:
    """Redraw the progress bar."""
    bar = "█" * round(share * _WIDTH)
    sys.stdout.write(f"\r  {bar:░<{_WIDTH}} {share:4.0%}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
