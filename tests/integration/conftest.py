"""Most of these tests begin with a database of their module and two people in it."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from tests.integration.backups import bare_project, project
from tests.integration.database import Person, new_person
from tests.integration.liking import Likes, published
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


@pytest.fixture
def likes(url: str) -> Likes:
    return Likes(url)


@pytest.fixture
def rex(url: str) -> Person:
    """A person whose profile is published."""
    return published(url, "Rex")


@pytest.fixture
def bella(url: str) -> Person:
    """A second person whose profile is published."""
    return published(url, "Bella")


@pytest.fixture
def mutual(likes: Likes, rex: Person, bella: Person) -> Any:
    """The match of two who like each other; Rex liked first."""
    return likes.matched(rex, bella)


@pytest.fixture
def couple(url: str, rex: Person, bella: Person, mutual: Any) -> Pair:
    """The same match as a Pair, to plan sessions."""
    return Pair(url, rex, bella, UUID(mutual["id"]))


@pytest.fixture
def original(database_url: str) -> Iterator[str]:
    """A project that is backed up."""
    with project(database_url) as made:
        yield made


@pytest.fixture
def empty(database_url: str) -> Iterator[str]:
    """A project with our migrations, to restore into."""
    with project(database_url) as made:
        yield made


@pytest.fixture
def bare(database_url: str) -> Iterator[str]:
    """A project without our migrations."""
    with bare_project(database_url) as made:
        yield made
