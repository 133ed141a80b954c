"""The files that the model reads: measured figures, prices, limits, and assumed use."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from local.errors import StackError
from local.stack import CHECKOUT
from local.template import functions, load, settings

_HERE = Path(__file__).parent
MEASURED = _HERE / "measured.json"


@dataclass(frozen=True)
class Price:
    """Tiers of (units of a month up to which it applies, dollars per unit); 0 means no end."""

    unit: str
    tiers: Sequence[tuple[float, float]]
    source: str = ""
    looked_up: bool = False

    def of(self, quantity: float) -> float:
        """Return the dollars for a month's units."""
        cost, below = 0.0, 0.0
        for upto, dollars in self.tiers:
            end = min(quantity, upto) if upto else quantity
            cost += max(end - below, 0) * dollars
            below = max(end, below)
        return cost


@dataclass(frozen=True)
class Size:
    """A size of a database."""

    name: str
    cores: int
    dollars: float
    connections: int
    gigabytes: float


@dataclass(frozen=True)
class Limit:
    """The most of a quantity at the peak; `then` says what to do about it."""

    name: str
    use: str
    most: float
    then: str
    source: str = ""
    looked_up: bool = False


@dataclass(frozen=True)
class Figures:
    """All input of the model."""

    measured: Mapping[str, Any]
    times: Mapping[str, float]
    facts: Mapping[str, float]
    prices: Mapping[str, Price]
    sizes: Sequence[Size]
    limits: Mapping[str, Limit]
    memory: Mapping[str, int]

    @classmethod
    def read(cls) -> Self:
        usage, prices = table("usage"), table("prices")
        return cls(
            json.loads(MEASURED.read_text()),
            {name: row["times"] for name, row in usage["steps"].items()},
            {name: row["value"] for name, row in usage["facts"].items()},
            {name: Price(**row) for name, row in prices.items() if _is_price(row)},
            [Size(*row) for row in prices["sizes"]["table"]],
            {name: Limit(**row) for name, row in table("limits").items()},
            memory(),
        )

    def changed(self, words: Sequence[str]) -> Self:
        """Return the figures with assumptions changed by `name=number`. Raises StackError."""
        times, facts = dict(self.times), dict(self.facts)
        for word in words:
            name, _, text = word.partition("=")
            where = times if name in times else facts
            if name not in where or not _is_number(text):
                known = ", ".join([*times, *facts])
                raise StackError(f"{word!r} is not name=number with one of these names: {known}")
            where[name] = float(text)
        return replace(self, times=times, facts=facts)

    @cached_property
    def steps(self) -> Mapping[str, Mapping[str, Any]]:
        steps: Mapping[str, Mapping[str, Any]] = self.measured["steps"]
        return steps


def table(name: str) -> dict[str, Any]:
    return tomllib.loads((_HERE / f"{name}.toml").read_text())


def memory() -> Mapping[str, int]:
    """Return the memory of each function in megabytes, by its folder."""
    known = load(CHECKOUT / "template.yaml")
    return {
        function["Properties"]["CodeUri"].removeprefix("functions/"): settings(known, name)[
            "MemorySize"
        ]
        for name, function in functions(known).items()
    }


def _is_price(row: object) -> bool:
    return isinstance(row, dict) and "tiers" in row


def _is_number(text: str) -> bool:
    try:
        return float(text) >= 0
    except ValueError:
        return False
