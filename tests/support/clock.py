"""A clock that moves only when the code under test sleeps."""

from types import ModuleType

import pytest


class Clock:
    """Stands in for the module `time`; `now` is in seconds."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def stop_time(patch: pytest.MonkeyPatch, *modules: ModuleType) -> Clock:
    """Give modules a clock that stops until the code sleeps."""
    stopped = Clock()
    for module in modules:
        patch.setattr(module, "time", stopped)
    return stopped
