"""A step of the outbox costs the same, however much mail there is; see `make bench`."""

import pytest

from tests.integration.costs import costs, full_outbox

# Of a hundred mails; index pages are most of what a step that writes touches.
_CEILINGS = {
    "lease": 300,
    "claim": 600,
    "form group": 5000,
    "complete": 5000,
    "sweep": 2000,
    "prune": 1000,
    "status": 100,
}


@pytest.fixture(scope="module")
def spent(database_url: str) -> dict[int, dict[str, int]]:
    found = {}
    for mails in (10_000, 100_000):
        with full_outbox(database_url, mails) as url:
            found[mails] = costs(url)
    return found


def test_leasing_a_hundred_mails_costs_the_same_in_a_table_of_any_size(
    spent: dict[int, dict[str, int]],
) -> None:
    small, large = spent[10_000]["lease"], spent[100_000]["lease"]

    assert large <= _CEILINGS["lease"]
    assert large <= 1.25 * small


@pytest.mark.parametrize("step", _CEILINGS)
def test_no_step_of_the_outbox_costs_more_than_its_ceiling(
    spent: dict[int, dict[str, int]], step: str
) -> None:
    assert spent[100_000][step] <= _CEILINGS[step]
