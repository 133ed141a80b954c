import pytest


@pytest.fixture(autouse=True)
def _container_of_its_own(fresh_container: None) -> None:
    """Let no test's failures open the next one's breaker or spend its retries."""
