"""The seconds and errors of each kind of call within a step."""

from collections import Counter, defaultdict
from typing import Any


class Tally:
    def __init__(self) -> None:
        self._taken: defaultdict[str, list[float]] = defaultdict(list)
        self._errors: Counter[str] = Counter()

    def clear(self) -> None:
        self._taken.clear()
        self._errors.clear()

    def add(self, name: str, seconds: float, error: str = "") -> None:
        """Count a call; the duration of a failed one is ignored."""
        if error:
            self._errors[f"{name}: {error}"] += 1
        else:
            self._taken[name].append(seconds)

    def counted(self) -> dict[str, Any]:
        return {"taken": self._taken, "errors": self._errors}
