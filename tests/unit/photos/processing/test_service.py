"""An upload is published, rejected or ignored, whatever fails on the way."""

import re

import pytest

from tests.unit.photos.processing.fakes import IMAGES, KEY, LEASE, Bench, Killed, Stored
from wingman.kit.errors import DependencyUnavailable
from wingman.photos.imaging import MAX_BYTES, Rejection
from wingman.photos.processing.service import (
    IMMUTABLE,
    MARGIN_SECONDS,
    STORING_SECONDS,
    process,
)

AWAY = DependencyUnavailable("any")
# The steps of a photo that is published, in order.
STEPS = ["claim", "get", "decode", "put 1080.webp", "put 320.webp", "finish", "delete incoming"]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_photo_is_published_under_a_new_random_path(bench: Bench) -> None:
    process(bench.processor, KEY)

    assert bench.faults.steps == STEPS
    assert isinstance(bench.photos.outcome, tuple)
    path, images = bench.photos.outcome
    assert re.fullmatch("public/[0-9a-f]{32}", path)
    assert images == IMAGES
    assert bench.storage.bucket == {
        f"{path}/1080.webp": Stored(b"large", "image/webp", IMMUTABLE),
        f"{path}/320.webp": Stored(b"small", "image/webp", IMMUTABLE),
    }


def test_a_later_upload_under_the_same_form_changes_nothing(bench: Bench) -> None:
    process(bench.processor, KEY)
    before = dict(bench.storage.bucket)
    bench.storage.bucket[KEY] = Stored(b"another")

    process(bench.processor, KEY)

    assert bench.storage.bucket == before | {KEY: Stored(b"another")}  # the sweep deletes it
    assert len(bench.given) == 1


def test_an_object_without_a_reservation_is_left_to_the_sweep(bench: Bench) -> None:
    process(bench.processor, "incoming/unknown")
    assert bench.faults.steps == ["claim"]


@pytest.mark.parametrize("reason", Rejection)
def test_a_rejected_photo_keeps_its_reason_and_leaves_no_object(reason: Rejection) -> None:
    bench = Bench(decoded=reason)

    process(bench.processor, KEY)

    assert bench.photos.outcome is reason
    assert bench.storage.bucket == {}


def test_an_object_above_the_limit_is_rejected_without_being_decoded(bench: Bench) -> None:
    bench.storage.bucket[KEY] = Stored(bytes(MAX_BYTES + 1))

    process(bench.processor, KEY)

    assert bench.photos.outcome is Rejection.TOO_LARGE
    assert bench.given == []


def test_a_moderator_rejects_a_photo_before_it_is_stored(bench: Bench) -> None:
    bench.judge.verdict = False

    process(bench.processor, KEY)

    assert bench.photos.outcome is Rejection.MODERATION
    assert bench.storage.bucket == {}


def test_a_photo_that_was_deleted_during_its_check_is_not_published(bench: Bench) -> None:
    def delete() -> None:
        bench.photos.deleted = True

    bench.judge.first = delete

    process(bench.processor, KEY)

    assert bench.photos.outcome is None
    assert bench.storage.bucket == {}


@pytest.mark.parametrize("step", STEPS[1:-1])
@pytest.mark.parametrize("error", [AWAY, RuntimeError("a bug")], ids=["away", "bug"])
def test_a_claimed_photo_that_cannot_be_finished_fails_at_once(
    bench: Bench, step: str, error: Exception
) -> None:
    bench.faults.planned[step] = error

    process(bench.processor, KEY)

    assert bench.photos.outcome is Rejection.PROCESSING_FAILED
    assert KEY not in bench.storage.bucket


def test_an_event_comes_back_if_its_photo_could_not_be_claimed(bench: Bench) -> None:
    bench.faults.planned["claim"] = AWAY

    with pytest.raises(DependencyUnavailable):
        process(bench.processor, KEY)
    process(bench.processor, KEY)

    assert isinstance(bench.photos.outcome, tuple)


@pytest.mark.parametrize("step", STEPS[1:])
def test_a_repeated_event_after_a_crash_publishes_nothing_twice(bench: Bench, step: str) -> None:
    bench.faults.planned[step] = Killed()
    with pytest.raises(Killed):
        process(bench.processor, KEY)
    before = dict(bench.storage.bucket), bench.photos.outcome

    process(bench.processor, KEY)

    assert (bench.storage.bucket, bench.photos.outcome) == before


def test_the_decoder_is_given_less_time_than_the_lease_lasts(bench: Bench) -> None:
    process(bench.processor, KEY)
    [(upload, seconds)] = bench.given
    assert upload == b"upload"
    assert 0 < seconds <= LEASE.total_seconds() - MARGIN_SECONDS - STORING_SECONDS
