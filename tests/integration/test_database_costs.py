"""A step of the outbox costs the same, however much email there is; see `make bench`."""

import pytest

from tests.integration.costs import costs, full_outbox

SMALL, LARGE = 10_000, 50_000  # emails
# Buffers for a hundred emails, a quarter above the measured values. Steps that write touch mostly
# index pages; a claim mostly looks up a hundred readers.
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
    for emails in (SMALL, LARGE):
        with full_outbox(database_url, emails) as url:
            found[emails] = costs(url)
    return found


@pytest.mark.parametrize("step", ["lease", "claim"])
def test_claiming_a_hundred_emails_costs_the_same_in_a_table_of_any_size(
    spent: dict[int, dict[str, int]], step: str
) -> None:
    small, large = spent[SMALL][step], spent[LARGE][step]

    assert large <= 1.1 * small


@pytest.mark.parametrize("step", _CEILINGS)
def test_no_step_of_the_outbox_costs_more_than_its_ceiling(
    spent: dict[int, dict[str, int]], step: str
) -> None:
    assert spent[LARGE][step] <= _CEILINGS[step]
