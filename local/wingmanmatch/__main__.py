"""`make wingmanmatch`: take over a WingmanMatch database, in two steps (docs/wingmanmatch.md).

Works on DATABASE_URL, as the role `postgres`.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import psycopg

_HERE = Path(__file__).parent
_EXAMPLES = 3
_REPORT = """
select kind, outcome, count(*), (array_agg(id order by id))[:%s]::text[]
from takeover
group by kind, outcome
order by array_position(array['profile', 'challenge', 'match', 'session'], kind), outcome desc
"""


class Line(NamedTuple):
    """Rows of one kind with one outcome, with some of their ids."""

    kind: str
    outcome: str
    rows: int
    ids: Sequence[str]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one step; an error says what to do about it."""
    parser = argparse.ArgumentParser(prog="make wingmanmatch", description=__doc__)
    parser.add_argument("step", choices=("prepare", "take-over"))
    step = parser.parse_args(arguments).step
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.exit("Set DATABASE_URL, with the role `postgres`: Supabase shows it under Connect.")
    try:
        if step == "prepare":
            prepare(url)
            print("The old tables are in schema wingmanmatch.")
            print("Next: apply the migrations (`supabase db push`), then ARGS=take-over.")
        else:
            _show(take_over(url))
    except psycopg.errors.UndefinedTable as error:
        sys.exit(f"{error}\nDid ARGS=prepare run, and the migrations after it?")
    except psycopg.Error as error:
        sys.exit(f"Nothing has changed: {error}")


def prepare(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute((_HERE / "prepare.sql").read_bytes())


def take_over(url: str) -> Sequence[Line]:
    """Copy the data in one transaction; return the outcome of every row."""
    with psycopg.connect(url) as connection:
        connection.execute((_HERE / "take_over.sql").read_bytes())
        return [Line(*row) for row in connection.execute(_REPORT.encode(), [_EXAMPLES]).fetchall()]


def _show(report: Sequence[Line]) -> None:
    for line in report:
        shown = not line.outcome.startswith(("taken", "already"))
        more = ", …" if line.rows > _EXAMPLES else ""
        ids = f"  ({', '.join(line.ids)}{more})" if shown else ""
        print(f"{line.rows:>8}  {line.kind:<10}{line.outcome}{ids}")
    print(
        "\nNext: fix skipped rows and repeat it, or `drop schema wingmanmatch cascade` when done."
    )


if __name__ == "__main__":
    main()
