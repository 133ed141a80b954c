"""The table of how evenly profiles are shown in docs/benchmarks.md."""

from collections.abc import Sequence
from statistics import median

from tests.bench.exposure import DAILY_LOOKS, Month, gini, towns
from tests.support.discovery_rule import MOST_SHOWN

USERS, TOWN, DAYS, SEED = 10_000, 500, 30, 15
TEXT = """## Exposure

{users} users in towns of {town} for {days} days, simulated: on each day half of them look at
{looks} profiles and swipe them away. Both rows have the same users and visits. A tenth of the users
come in the course of the month.

- The Gini coefficient is 0 if all are shown equally often, and nearly 1 if one profile has all
  views. Most of it is owed to users whom few others fit.
- *Beyond the cap* counts views of a profile that had {cap} on that day, while another one that the
  viewer could have seen had not.
- *New* is the median number of views of newcomers in their first week.

| | Gini | most views on a day | beyond the cap | never shown | new |
|---|---|---|---|---|---|
| the rule of [038](decisions/038-discovery.md) | {rule} |
| best first | {plain} |
"""


def run() -> str:
    months = list(towns(USERS, TOWN, DAYS, SEED))
    return TEXT.format(
        users=f"{USERS:,}".replace(",", " "),
        town=TOWN,
        days=DAYS,
        looks=DAILY_LOOKS,
        cap=MOST_SHOWN,
        rule=_row([rule for rule, _ in months]),
        plain=_row([plain for _, plain in months]),
    )


def _row(months: Sequence[Month]) -> str:
    exposures = [count for each in months for count in each.exposures]
    figures = (
        f"{gini(exposures):.3f}",
        max(each.most_a_day for each in months),
        sum(each.over_the_cap for each in months),
        exposures.count(0),
        round(median(count for each in months for count in each.first_week)),
    )
    return " | ".join(map(str, figures))
