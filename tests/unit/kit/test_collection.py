"""Garbage is collected from the first invocation on."""

import gc
from collections.abc import Iterator

import pytest

from wingman import COLLECTION
from wingman.kit.clock import deadline


@pytest.fixture
def _starting() -> Iterator[None]:
    gc.set_threshold(200_000)
    yield
    gc.unfreeze()
    gc.set_threshold(*COLLECTION)


@pytest.mark.usefixtures("_starting")
def test_garbage_is_collected_as_usual_from_the_first_invocation_on() -> None:
    with deadline(None):
        assert gc.get_threshold() == COLLECTION


@pytest.mark.usefixtures("_starting")
def test_objects_of_the_initialisation_are_not_looked_at_again() -> None:
    before = gc.get_freeze_count()
    with deadline(None):
        assert gc.get_freeze_count() > before
    frozen = gc.get_freeze_count()
    with deadline(None):
        assert gc.get_freeze_count() <= frozen
