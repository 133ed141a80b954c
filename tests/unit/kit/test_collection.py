"""The first invocation turns garbage collection on again, and seeds its own random numbers."""

import gc
import random
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
def test_objects_of_the_initialisation_are_not_scanned_again() -> None:
    before = gc.get_freeze_count()
    with deadline(None):
        assert gc.get_freeze_count() > before
    frozen = gc.get_freeze_count()
    with deadline(None):
        assert gc.get_freeze_count() <= frozen


@pytest.mark.usefixtures("_starting")
def test_containers_of_one_snapshot_draw_different_numbers() -> None:
    snapshot, drawn = random.getstate(), set()
    for _ in range(3):
        random.setstate(snapshot)
        gc.set_threshold(200_000)
        with deadline(None):
            drawn.add(random.getstate())
    assert len(drawn) == 3


def test_a_later_invocation_goes_on_with_the_numbers_of_its_container() -> None:
    with deadline(None):
        state = random.getstate()
    with deadline(None):
        assert random.getstate() == state
