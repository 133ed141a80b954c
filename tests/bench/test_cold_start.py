from math import inf

import pytest

from local.stack import stack as local_stack
from tests.bench.cold_start import measure
from tests.support.template import functions

pytestmark = pytest.mark.alone

WORKERS = {
    *("auth_requests", "email_sender", "housekeeping"),
    *("photo_processor", "photo_sweep", "push_sender", "session_reminders"),
    *("realtime", "recommendations_refresh", "recommendations_worker"),
}
HTTP_BUDGET, WORKER_BUDGET = 0.9, 0.6
# The SDK of Supabase Auth.
WITH_SDK = {"account_links", "accounts"}
SDK = 0.1
# The models of all domains, and a schema made of them (docs/decisions/046-graphql.md): 0.88 on an
# idle machine.
GRAPHQL_BUDGET = 0.95


@pytest.fixture(scope="module")
def ratios(stack: dict[str, str]) -> dict[str, float]:
    ratios: dict[str, float] = {}
    # Other processes on the same caches cost CPU time, so slow functions get more rounds.
    for rounds in (1, 2, 4, 8):
        slow = [name for name in functions() if ratios.get(name, inf) > _budget(name)]
        if slow:
            ratios |= measure(local_stack("test"), slow, rounds)
    return ratios


@pytest.mark.timeout(300)
@pytest.mark.parametrize("function", functions())
def test_a_cold_start_keeps_to_its_budget(function: str, ratios: dict[str, float]) -> None:
    assert ratios[function] <= _budget(function)


def _budget(function: str) -> float:
    if function == "graphql":
        return GRAPHQL_BUDGET
    budget = WORKER_BUDGET if function in WORKERS else HTTP_BUDGET
    return budget + (SDK if function in WITH_SDK else 0)
