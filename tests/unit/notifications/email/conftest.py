import pytest


@pytest.fixture(autouse=True)
def _container_of_its_own(fresh_container: None) -> None:
    """Give each test its own breakers and retry budget."""
