"""In a simulated small town, profiles are shown more evenly than by best first."""

from statistics import mean

from tests.bench.exposure import gini, towns
from tests.support.discovery_rule import MOST_SHOWN


def test_no_profile_is_shown_beyond_its_cap_while_another_one_is_left() -> None:
    [(rule, plain)] = towns(users=400, size=400, days=12, seed=15)

    assert rule.over_the_cap == 0
    assert rule.most_a_day <= MOST_SHOWN
    assert plain.over_the_cap > 0
    assert gini(rule.exposures) < gini(plain.exposures)
    assert mean(rule.first_week) > mean(plain.first_week)


def test_gini_is_0_for_equals_and_nearly_1_if_one_has_everything() -> None:
    assert gini([5] * 100) == 0
    assert gini([0] * 99 + [7]) == 0.99
