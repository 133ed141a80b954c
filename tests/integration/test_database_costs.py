"""A step of the outbox costs the same, however much email there is; see `make bench`."""

import pytest

from tests.integration.costs import costs, full_outbox

# Of a hundred emails, a quarter above what was measured. Index pages are most of what a step that
# writes touches; of a claim, the look-ups of a hundred readers.
_CEILINGS = {
    "lease": 300,
    "claim": 950,
    "form group": 4500,
    "complete": 4700,
    "sweep": 1500,
    "prune": 800,
    "status": 40,
}


@pytest.fixture(scope="module")
def spent(database_url: str) -> dict[int, dict[str, int]]:
    found = {}
    for emails in (10_000, 100_000):
        with full_outbox(database_url, emails) as url:
            found[emails] = costs(url)
    return found


@pytest.mark.parametrize("step", ["lease", "claim"])
def test_claiming_a_hundred_emails_costs_the_same_in_a_table_of_any_size(
    spent: dict[int, dict[str, int]], step: str
) -> None:
    small, large = spent[10_000][step], spent[100_000][step]

    assert large <= 1.1 * small


@pytest.mark.parametrize("step", _CEILINGS)
def test_no_step_of_the_outbox_costs_more_than_its_ceiling(
    spent: dict[int, dict[str, int]], step: str
) -> None:
    assert spent[100_000][step] <= _CEILINGS[step]
