"""The time limit of probes; tests of the function cover the rest."""

import threading

import pytest

from wingman.kit.clock import time_left
from wingman.status import health


def test_a_probe_that_hangs_does_not_stop_others_from_being_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.1)
    released = threading.Event()

    probes = health._probe_all({"hangs": lambda: released.wait(5), "answers": lambda: None})
    released.set()

    assert {name: probe.error for name, probe in probes.items()} == {
        "hangs": "Timeout",
        "answers": None,
    }


def test_a_probe_has_no_more_time_than_the_report() -> None:
    left = list[float]()
    health._probe_all({"looks": lambda: left.append(time_left())})
    assert 0 < left[0] <= health.PATIENCE_SECONDS
