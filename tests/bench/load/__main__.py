"""`make load`: adds users until the local stack saturates, then keeps 80 % for minutes.

Fails if a user meets an error in those minutes. ARGS='seconds=60 step=15 most=16' shortens it.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import IO, Any, Self

from local.environment import read
from local.errors import StackError
from local.progress import say
from local.stack import CHECKOUT, stack
from local.supervisor import require_running
from tests.bench.latency import empty
from tests.bench.load import report
from tests.bench.load.plan import Plan, Step
from tests.bench.load.use import Watch
from tests.bench.load.verdict import Measured, is_saturated, users_at
from tests.bench.report import REPORT, write

USERS = (4, 8, 12, 16, 24, 32, 48, 64, 96, 128)
SHARE = 0.8
STACK = "test"
# Seconds before a step is measured, for sign-ups and, in the first step, cold starts.
WARM, FIRST_WARM = 30, 60
_PYTHON = CHECKOUT / ".local" / "load" / "bin" / "python"
_EMPTY_CALLS = 50


@dataclass(frozen=True)
class Options:
    """Seconds at 80 %, seconds of each step, and the most users to try."""

    seconds: int = 300
    step: int = 40
    most: int = USERS[-1]

    @classmethod
    def of(cls, arguments: Sequence[str]) -> Self:
        given = dict(each.partition("=")[::2] for each in arguments)
        unknown = sorted(set(given) - set(cls.__dataclass_fields__))
        wrong = [name for name, value in given.items() if not value.isdecimal() or int(value) < 1]
        if unknown or wrong:
            raise StackError(
                f"{', '.join(unknown or wrong)}: use ARGS='seconds=300 step=40 most=128', "
                "each a number above 0"
            )
        return cls(**{name: int(value) for name, value in given.items()})

    def steps(self) -> list[Step]:
        users = [each for each in USERS if each < self.most] + [self.most]
        return [
            Step(each, WARM if number else FIRST_WARM, self.step)
            for number, each in enumerate(users)
        ]


class Crowd:
    """The process of the users, and the steps that it measured."""

    def __init__(self, process: "subprocess.Popen[str]", values: Mapping[str, str]) -> None:
        self._process, self._values = process, values

    def measured(self, plan: Plan) -> Iterator[Measured]:
        assert self._process.stdout
        lines = self._process.stdout
        parts = json.loads(self._values["PIDS"])
        for step in plan.steps:
            _next(lines, "begin")
            with Watch(parts, self._process.pid, self._values["DATABASE_URL"]) as watch:
                found = _next(lines, "end")
            yield Measured(step, found["taken"], found["errors"], watch.use(), plan.pace)


def _next(lines: "IO[str]", event: str) -> dict[str, Any]:
    line = lines.readline()
    if not line:
        raise StackError("the users' process has ended: its error is above")
    found: dict[str, Any] = json.loads(line)
    assert found["event"] == event, found
    return found


@contextmanager
def crowd(plan: Plan, values: Mapping[str, str]) -> Iterator[Crowd]:
    """Start the users' process; end it, and no other one, whatever happens."""
    with subprocess.Popen(
        [_PYTHON, "-m", "gevent.monkey", "--module", "tests.bench.load.crowd"],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdin
        process.stdin.write(plan.written())
        process.stdin.close()
        try:
            yield Crowd(process, values)
        finally:
            process.kill()


def find_saturation(values: Mapping[str, str], options: Options) -> tuple[list[Measured], bool]:
    """Add users in steps until they have to wait; return the steps, and whether they had to."""
    plan, found = Plan.of(values, options.steps()), []
    with crowd(plan, values) as users:
        for measured in users.measured(plan):
            found.append(measured)
            say(report.line(measured))
            if not measured.rate:
                raise StackError(
                    f"no request was answered in {measured.step.seconds} s: the machine has other "
                    f"work, or a part is down (`make status STACK={STACK}`)"
                )
            if is_saturated(found):
                return found, True
    return found, False


def stay(values: Mapping[str, str], steps: Sequence[Measured], options: Options) -> Measured:
    """Run the number of users that makes 80 % of the highest rate, for minutes."""
    users = users_at(SHARE, steps)
    plan = Plan.of(values, [Step(users, FIRST_WARM, options.seconds)])
    with crowd(plan, values) as crowded:
        (measured,) = crowded.measured(plan)
    say(report.line(measured))
    return measured


def run(options: Options) -> Measured:
    here = stack(STACK)
    require_running(here)
    if not _PYTHON.exists():
        raise StackError("Locust is not installed: run `make load`, which installs it")
    values = read(here)
    Plan.of(values, [])  # refuses other addresses before the first call
    unit = median(empty(values, _EMPTY_CALLS))
    say(f"an empty invocation takes {unit * 1000:.1f} ms")
    steps, saturated = find_saturation(values, options)
    say("now 80 % of that …")
    soak = stay(values, steps, options)
    write(report.section(unit, steps, saturated, soak))
    say(f"wrote {REPORT.relative_to(CHECKOUT)}")
    return soak


def main(arguments: Sequence[str]) -> int:
    try:
        soak = run(Options.of(arguments))
    except StackError as error:
        say(str(error))
        return 1
    for met, count in soak.errors.items():
        say(f"{count} × {met}")
    return 1 if soak.errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
