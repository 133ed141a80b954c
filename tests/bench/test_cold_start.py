import pytest

from local.stack import stack as local_stack
from tests.bench.cold_start import measure
from tests.support.template import functions

WORKERS = {"email_sender", "session_reminders", "housekeeping"}
HTTP_BUDGET, WORKER_BUDGET = 1.0, 0.6


@pytest.fixture(scope="module")
def ratios(stack: dict[str, str]) -> dict[str, float]:
    return measure(local_stack("test"), rounds=3)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("function", functions())
def test_a_cold_start_keeps_to_its_budget(function: str, ratios: dict[str, float]) -> None:
    budget = WORKER_BUDGET if function in WORKERS else HTTP_BUDGET
    assert ratios[function] <= budget
