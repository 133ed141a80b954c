"""The score of a pair against docs/decisions/038-discovery.md, written again in Python."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.database import look
from tests.support.discovery_rule import Traits, Two, reasons, score

MANY = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
_SCORES = """
select
    private.pair_score(one, other, (pair ->> 'metres')::float8) as score,
    private.pair_reasons(one, other, (pair ->> 'metres')::float8) as reasons
from jsonb_array_elements(%s::jsonb) with ordinality as pairs (pair, place)
cross join lateral jsonb_populate_record(null::private.dog_traits, pair -> 'one') as one
cross join lateral jsonb_populate_record(null::private.dog_traits, pair -> 'other') as other
order by place
"""


AGES, LEVELS = st.integers(0, 20), st.integers(1, 3)
TRAITS = st.builds(
    lambda ages, **rest: Traits(min(ages), max(ages), **rest),
    st.tuples(AGES, AGES),
    max_metres=st.floats(1, 500_000),
    wanted_activity=st.none() | LEVELS,
    age=AGES,
    activity=LEVELS,
    completed_sessions=st.integers(0, 10_000),
    no_shows=st.integers(0, 10_000),
)
# Cells are the same or hundreds of metres apart; a subnormal distance would underflow.
METRES = st.just(0.0) | st.floats(1, 1_000) | st.floats(1, 20_015_000)
PAIRS = st.lists(st.builds(Two, TRAITS, TRAITS, METRES), min_size=1, max_size=50)


def asked(url: str, pairs: Sequence[Two]) -> tuple[list[float], list[list[str]]]:
    """Return what the database says of pairs: scores, and reasons."""
    found = look(url, _SCORES, json.dumps([asdict(each) for each in pairs]))
    return [row["score"] for row in found], [row["reasons"] for row in found]


@MANY
@given(pairs=PAIRS)
def test_the_score_is_that_of_the_rule_and_each_reason_is_true(url: str, pairs: list[Two]) -> None:
    scores, given_reasons = asked(url, pairs)

    assert scores == pytest.approx([score(each) for each in pairs], rel=1e-9)
    assert [set(each) for each in given_reasons] == [reasons(each) for each in pairs]


@MANY
@given(pairs=PAIRS)
def test_the_score_is_the_same_both_ways_and_between_0_and_1(url: str, pairs: list[Two]) -> None:
    there, _ = asked(url, pairs)
    back, _ = asked(url, [each.turned for each in pairs])

    assert there == back
    assert all(0 <= each <= 1 for each in there)


Change = Callable[[Two], tuple[Two, Two]]
"""Makes a pair, and one that shares more or disappoints less."""


def with_other(two: Two, **changes: Any) -> Two:
    return replace(two, other=replace(two.other, **changes))


def nearer(two: Two) -> tuple[Two, Two]:
    return two, replace(two, metres=two.metres * 0.9)


def closer_in_age(two: Two) -> tuple[Two, Two]:
    """Let both be of an age that the other one wants."""
    anyone = {"min_age": 0, "max_age": 20}
    open_ = Two(replace(two.one, **anyone), replace(two.other, **anyone), two.metres)
    towards = (two.one.age > two.other.age) - (two.one.age < two.other.age)
    return open_, with_other(open_, age=two.other.age + towards)


def inside_the_wished_ages(two: Two) -> tuple[Two, Two]:
    """Let the two cases differ only in the ages that the viewer wants."""
    outside = replace(two.one, min_age=two.other.age, max_age=two.other.age)
    away = 1 if two.other.age < 20 else -1
    return (
        Two(
            replace(outside, min_age=two.other.age + away, max_age=two.other.age + away),
            two.other,
            two.metres,
        ),
        Two(outside, two.other, two.metres),
    )


def as_active_as_wanted(two: Two) -> tuple[Two, Two]:
    """Give the other dog the activity that the viewer wants; its owner wants the viewer's."""
    other = {"activity": two.one.wanted_activity or two.one.activity}
    return two, with_other(two, **other, wanted_activity=two.one.activity)


def more_reliable(two: Two) -> tuple[Two, Two]:
    return two, with_other(two, completed_sessions=two.other.completed_sessions + 1)


def less_missed(two: Two) -> tuple[Two, Two]:
    return two, with_other(two, no_shows=two.other.no_shows // 2)


CHANGES: list[Change] = [
    nearer,
    closer_in_age,
    inside_the_wished_ages,
    as_active_as_wanted,
    more_reliable,
    less_missed,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@MANY
@given(pairs=PAIRS)
def test_a_trait_that_both_share_never_lowers_the_score(
    url: str, change: Change, pairs: list[Two]
) -> None:
    changed = [change(each) for each in pairs]

    less, _ = asked(url, [before for before, _ in changed])
    more, _ = asked(url, [after for _, after in changed])

    assert all(after >= before - 1e-12 for before, after in zip(less, more, strict=True))
