"""The table of the cost of claiming in docs/benchmarks.md."""

from local.environment import read
from local.stack import stack
from tests.integration.costs import BATCH, READERS, costs, full_outbox

SIZES = (10_000, 100_000, 1_000_000)
TEXT = """## Claims

Buffers that PostgreSQL touches (`explain (analyze, buffers)`, hits and reads) for {batch}
emails, by the number of emails in the outbox. There are {readers} readers at every size. Each
claim follows the settlement of the one before, as in production.

- `lease` finds and leases the emails. They lie all over the table, one page each. As many pages
  are touched for dead index entries of the claim before.
- `claim` is that, and looks up {batch} different readers: two pages for a profile, one or two
  for preferences, and two for the session of every second email. The suppressed addresses, one
  of a hundred readers, are read once for all.
- What writes also touches every index of a row. `status` reads all emails of one reader.

| step |{titles}
|---|{lines}
{rows}"""


def run() -> str:
    url = read(stack("test"))["DATABASE_URL"]
    found = {}
    for emails in SIZES:
        with full_outbox(url, emails) as own:
            found[emails] = costs(own)
    rows = "".join(
        f"| {step} | {' | '.join(str(found[emails][step]) for emails in SIZES)} |\n"
        for step in found[SIZES[0]]
    )
    return TEXT.format(
        batch=BATCH,
        readers=_spaced(READERS),
        titles="".join(f" {_spaced(emails)} |" for emails in SIZES),
        lines="---|" * len(SIZES),
        rows=rows,
    )


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")
