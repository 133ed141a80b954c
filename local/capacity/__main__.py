"""`make capacity`: writes the tables of docs/scaling.md, or prints them for other assumptions.

ARGS='users=250000 message=80 peak=6' changes assumptions. ARGS=measure measures the steps again on
the local stack, which takes about twelve minutes.
"""

import sys
from collections.abc import Sequence

from local.capacity.figures import Figures
from local.capacity.page import PAGE, STEPS, cost_table, limit_table, written
from local.errors import StackError
from local.progress import complain, say


def main(words: Sequence[str]) -> int:
    try:
        _show(words) if words else _write()
    except StackError as error:
        complain(f"error: {error}")
        return 1
    return 0


def _write() -> None:
    PAGE.write_text(written(PAGE.read_text(), Figures.read()))
    say("docs/scaling.md is written")


def _show(words: Sequence[str]) -> None:
    given = [word.removeprefix("users=") for word in words if word.startswith("users=")]
    figures = Figures.read().changed([word for word in words if not word.startswith("users=")])
    steps = [_users(text) for text in given] or list(STEPS)
    say(cost_table(figures, steps))
    say(limit_table(figures, steps))


def _users(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise StackError(f"users={text} is not a number of users: try users=250000")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
