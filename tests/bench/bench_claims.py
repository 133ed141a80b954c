"""The table of what claiming costs in docs/benchmarks.md."""

from local.environment import read
from local.stack import stack
from tests.integration.costs import BATCH, READERS, costs, full_outbox

SIZES = (10_000, 100_000, 1_000_000)


def run() -> str:
    url = read(stack("test"))["DATABASE_URL"]
    found = {}
    for emails in SIZES:
        with full_outbox(url, emails) as own:
            found[emails] = costs(own)
    titles = "".join(f" {_spaced(emails)} |" for emails in SIZES)
    rows = "".join(
        f"| {step} | {' | '.join(str(found[emails][step]) for emails in SIZES)} |\n"
        for step in found[SIZES[0]]
    )
    return (
        "## Claims\n\n"
        "Buffers that PostgreSQL touches (`explain (analyze, buffers)`, hits and reads) for "
        f"{BATCH} emails,\nby the number of emails in the outbox; there are {_spaced(READERS)} "
        "readers at every size. A claim comes when the\nmails of the one before have just been "
        "settled, as it does in production.\n\n"
        "`lease` finds and leases the emails. The emails lie all over the table, so that each is a "
        "page (those\nrecorded together would share some); and as many are touched for the index "
        "entries of what the claim\nbefore has settled: who passes a dead entry first has to look "
        f"at its page. `claim` is that, and looks {BATCH}\ndifferent readers up: two pages for a "
        "profile, one or two for preferences; the suppressed addresses,\none of a hundred readers, "
        "are read once for all. Half of the emails are about a session: two pages\nmore for how "
        "it stands now. So its floor is four pages for an email and its reader, six with "
        "a\nsession, "
        "without what is dead; fewer would mean to keep with the email what grows stale there."
        "\n\n"
        "What writes also touches every index of a row; `status` reads all emails of one "
        "reader.\n\n"
        f"| step |{titles}\n|---|{'---|' * len(SIZES)}\n{rows}"
    )


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")
