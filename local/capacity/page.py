"""The tables of docs/scaling.md, each between comments that name it."""

import re
from collections.abc import Callable, Mapping, Sequence
from math import fsum
from typing import Any

from local.capacity.figures import Figures, table
from local.capacity.model import COMPONENTS, at_peak, costs, databases, of_month, of_use, outgrown
from local.errors import StackError
from local.stack import CHECKOUT

PAGE = CHECKOUT / "docs" / "scaling.md"
STEPS = (10_000, 1_000_000, 100_000_000)
_LARGEST = 10


def written(text: str, figures: Figures) -> str:
    """Return the page with its tables computed from the figures. Raises StackError."""
    for name, make in TABLES.items():
        marked = re.compile(rf"(<!-- capacity: {name} -->\n).*?(<!-- /capacity -->)", re.DOTALL)
        if len(marked.findall(text)) != 1:
            raise StackError(f"docs/scaling.md needs one `<!-- capacity: {name} -->`")
        text = marked.sub(rf"\g<1>{make(figures)}\g<2>", text)
    return text


def cost_table(figures: Figures, steps: Sequence[int] = STEPS) -> str:
    found = {users: costs(figures, users) for users in steps}
    rows = [
        [component, *(_dollars(found[users][component] / users * 1000) for users in steps)]
        for component in COMPONENTS
    ]
    totals = {users: fsum(found[users].values()) for users in steps}
    rows.append(["**all**", *(f"**{_dollars(totals[users] / users * 1000)}**" for users in steps)])
    rows.append(["a month, for all users", *(_dollars(totals[users]) for users in steps)])
    rows.append(["databases", *(_databases(figures, users) for users in steps)])
    head = ["USD a month for 1000 monthly users", *(f"{spaced(users)} users" for users in steps)]
    return _table(head, rows)


def limit_table(figures: Figures, steps: Sequence[int] = STEPS) -> str:
    found = {users: {one.limit.name: one for one in outgrown(figures, users)} for users in steps}
    rows = [
        [
            one.limit.name,
            short(_bound(figures, one.limit.name)),
            *(short(found[users][one.limit.name].used) for users in steps),
            spaced(_round(one.users)),
        ]
        for one in outgrown(figures, 1_000_000)
    ]
    head = ["at the peak", "limit", *(f"{spaced(users)} users" for users in steps), "holds users"]
    return _table(head, rows)


def _remedy_table(figures: Figures) -> str:
    return _table(
        ["what gives way", "what is done"],
        [[one.limit.name, one.limit.then] for one in outgrown(figures, 1_000_000)],
    )


def _bound(figures: Figures, name: str) -> float:
    (limit,) = (one for one in figures.limits.values() if one.name == name)
    return limit.most * (figures.facts["batch"] if limit.use == "emails" else 1)


def _databases(figures: Figures, users: int) -> str:
    projects, size = databases(figures, at_peak(figures, of_month(figures, users)))
    return f"{spaced(projects)} of {size.name}"


def _share_table(figures: Figures) -> str:
    asked = {
        step: (times, of_use(figures, figures.steps[step])) for step, times in figures.times.items()
    }
    names = ("database_seconds", "busy_seconds", "redis_commands")
    totals = {name: fsum(times * use[name] for times, use in asked.values()) for name in names}
    rows = [
        [step.replace("_", " "), *(f"{times * use[name] / totals[name]:.0%}" for name in names)]
        for step, (times, use) in sorted(
            asked.items(), key=lambda one: -one[1][0] * one[1][1]["database_seconds"]
        )
    ]
    head = ["of a user's month", "PostgreSQL, CPU", "functions, time", "Redis, commands"]
    return _table(head, rows[:_LARGEST])


def _measured_table(figures: Figures) -> str:
    head = ["step", "functions, CPU ms", "Redis", "rpcs", "PostgreSQL, CPU ms", "buffers", "rows",
            "SQS", "emails", "pushes", "frames"]  # fmt: skip
    steps = {**figures.steps, "the schedules, a minute": figures.measured["background"]}
    return _table(head, [[name.replace("_", " "), *_measured(use)] for name, use in steps.items()])


def _measured(use: Mapping[str, Any]) -> list[str]:
    functions = use["functions"].values()

    def calls(name: str) -> float:
        return fsum(one["calls"].get(name, 0) for one in functions)

    numbers = (
        fsum(one["cpu_ms"] for one in functions),
        use["redis_commands"],
        calls("supabase"),
        use["database_cpu_ms"],
        use["buffers"],
        fsum(use["rows"].values()),
        calls("sqs"),
        *(use["emails"], use["pushes"], use["frames"]),
    )
    return [short(one) for one in numbers]


def _usage_table(_: Figures) -> str:
    usage = table("usage")
    rows = [
        [f"`{name}`", short(row["times"]), "times", row["because"]]
        for name, row in usage["steps"].items()
    ]
    rows += [
        [f"`{name}`", short(row["value"]), row["unit"], row["because"]]
        for name, row in usage["facts"].items()
    ]
    return _table(["name", "value", "of", "because"], rows)


def _price_table(_: Figures) -> str:
    rows = [
        [row["unit"], _tiers(row["tiers"]), row["source"], _yes(row["looked_up"])]
        for row in table("prices").values()
        if isinstance(row, dict) and "tiers" in row
    ]
    sizes = table("prices")["sizes"]
    rows += [
        [f"month of a database {name}, {cores} cores", f"{dollars}", sizes["source"], "yes"]
        for name, cores, dollars, *_ in sizes["table"]
    ]
    return _table(["unit", "USD", "source", "looked up"], rows)


def _source_table(figures: Figures) -> str:
    rows = [
        [one.name, short(one.most), one.source, _yes(one.looked_up)]
        for one in figures.limits.values()
    ]
    return _table(["limit", "", "source", "looked up"], rows)


TABLES: Mapping[str, Callable[[Figures], str]] = {
    "costs": cost_table,
    "limits": limit_table,
    "remedies": _remedy_table,
    "shares": _share_table,
    "measured": _measured_table,
    "usage": _usage_table,
    "prices": _price_table,
    "sources": _source_table,
}


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    line = f"|{'---|' * len(head)}"
    return "".join(f"{one}\n" for one in (_row(head), line, *map(_row, rows)))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _yes(looked_up: bool) -> str:
    return "yes" if looked_up else "no"


def _tiers(tiers: Sequence[Sequence[float]]) -> str:
    prices = [f"{dollars:.10f}".rstrip("0").rstrip(".") or "0" for _, dollars in tiers]
    bounds = [f" to {short(upto)}" if upto else "" for upto, _ in tiers]
    return ", ".join(price + bound for price, bound in zip(prices, bounds, strict=True))


def _dollars(amount: float) -> str:
    return f"{amount:.2f}" if amount < 1000 else spaced(round(amount))  # noqa: PLR2004 (cents)


def _round(number: float) -> int:
    """Round to two significant digits."""
    digits = max(len(str(int(number))) - 2, 0)
    return int(round(number, -digits))


def short(number: float) -> str:
    """Format a number with three significant digits, or as a whole number."""
    return f"{number:.3g}" if number < 100 else spaced(round(number))  # noqa: PLR2004 (3 digits)


def spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")
