"""The table of what claiming costs in docs/benchmarks.md."""

from local.environment import read
from local.stack import stack
from tests.integration.costs import BATCH, costs, full_outbox

SIZES = (10_000, 100_000, 1_000_000)


def run() -> str:
    url = read(stack("test"))["DATABASE_URL"]
    found = {}
    for mails in SIZES:
        with full_outbox(url, mails) as own:
            found[mails] = costs(own)
    titles = "".join(f" {mails:,} |".replace(",", " ") for mails in SIZES)
    rows = "".join(
        f"| {step} | {' | '.join(str(found[mails][step]) for mails in SIZES)} |\n"
        for step in found[SIZES[0]]
    )
    return (
        "## Claims\n\n"
        f"Buffers that PostgreSQL touches (`explain (analyze, buffers)`, hits and reads) for "
        f"{BATCH} mails, by the number\nof mails in the outbox. `lease` finds and leases the "
        "mails; `claim` is that and looks each reader up:\nprofile, preferences, suppression. "
        "What writes also touches every index of a row.\n\n"
        f"| step |{titles}\n|---|{'---|' * len(SIZES)}\n{rows}"
    )
