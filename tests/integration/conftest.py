"""Most of these tests begin with a database of their module and two people in it."""

from collections.abc import Iterator

import pytest

from tests.integration.database import Person, new_person
from tests.integration.meetings import Pair, new_pair
from tests.integration.own_database import own_database


@pytest.fixture(scope="module")
def url(database_url: str) -> Iterator[str]:
    with own_database(database_url) as own:
        yield own


@pytest.fixture
def maya(url: str) -> Person:
    return new_person(url, "Maya")


@pytest.fixture
def leo(url: str) -> Person:
    return new_person(url, "Leo")


@pytest.fixture
def pair(url: str) -> Pair:
    return new_pair(url)
