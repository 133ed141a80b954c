"""`make soak`: ten thousand emails through chaos, into docs/benchmarks.md."""

import secrets
import sys

from local.environment import read
from local.stack import stack
from tests.bench.report import write
from tests.faults.soak import Soak
from tests.faults.verdict import MISTAKES, Outcome
from tests.support.people import People

EMAILS = 10_000


def section(outcome: Outcome) -> str:
    """Report the events, and the outcome of the emails."""
    events = "\n".join(f"| {name} | {number} |" for name, number in sorted(outcome.events.items()))
    ends = ", ".join(f"{number} {status}" for status, number in sorted(outcome.statuses.items()))
    mistakes = "\n".join(f"| {name} | {len(outcome.mistakes.get(name, ()))} |" for name in MISTAKES)
    return (
        "## Soak\n\n"
        f"{outcome.emails} emails through the real sender, database, limiter and provider sandbox, "
        f"seed {outcome.seed}, {outcome.seconds:.0f} s.\nWritten by `make soak`; "
        f"`make soak ARGS={outcome.seed}` throws the same dice.\n\n"
        f"| what happened | times |\n|---|---|\n{events}\n\n"
        f"Outcome: {ends}.\nUnknown is what shared a request, taken but never answered, with an "
        "email of a reader who has opted out since;\nin production the "
        "provider's webhooks report it.\n\n"
        f"| what must not happen | emails |\n|---|---|\n{mistakes}\n"
    )


def main() -> None:
    """Run once; a seed as the argument repeats a run."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else secrets.randbelow(2**32)
    values = read(stack("test"))
    print(f"{EMAILS} emails, seed {seed} …", flush=True)
    with (
        People(values) as people,
        Soak(values, people, emails=EMAILS, seed=seed, chaos=180) as soak,
    ):
        outcome = soak.run(seconds=900)
    write(section(outcome))
    if outcome.mistakes or set(outcome.statuses) & {"pending", "sending"}:
        sys.exit(f"not exactly once: `make soak ARGS={seed}` repeats it")


if __name__ == "__main__":
    main()
