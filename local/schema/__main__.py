"""`make check-sql` and `make migration`: python -m local.schema check|draft NAME."""

import argparse
import sys

from local.errors import StackError
from local.progress import complain, say
from local.schema import check, draft
from local.schema.databases import server


def main() -> int:
    """Run one command; an expected failure is one sentence."""
    parser = argparse.ArgumentParser(prog="python -m local.schema", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="compare schemas and migrations, and lint the result")
    drafting = commands.add_parser("draft", help="write the migration that the schemas need")
    drafting.add_argument("name", type=draft.name)
    options = parser.parse_args()
    try:
        with server() as url:
            if options.command == "check":
                return _check(url)
            draft.write(url, options.name)
    except StackError as error:
        complain(f"error: {error}")
        return 1
    return 0


def _check(url: str) -> int:
    problems = list(check.problems(url))
    for problem in problems:
        complain(problem)
    say(
        f"{len(problems)} problems"
        if problems
        else "schemas and migrations agree, and lint finds nothing"
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
