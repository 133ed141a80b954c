"""Scores and badges, tested as a table and as properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wingman.reputation import rules

COUNTS = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("completed", "no_shows", "score", "badge"),
    [
        (0, 6, -5, "red"),
        (0, 5, -5, "red"),
        (0, 1, -1, "red"),
        (0, 0, 0, "green"),
        (3, 3, 0, "green"),
        (9, 0, 9, "green"),
        (10, 0, 10, "gold"),
        (12, 2, 10, "gold"),
        (20, 0, 20, "gold"),
        (21, 0, 20, "gold"),
        (10_000, 9_999, 1, "green"),
    ],
)
def test_totals_become_a_score_and_a_badge(
    completed: int, no_shows: int, score: int, badge: str
) -> None:
    assert rules.score_of(completed, no_shows) == score
    assert rules.badge_of(score) == badge


@given(COUNTS, COUNTS)
def test_a_score_keeps_its_bounds_and_never_falls_by_showing_up(completed: int, lost: int) -> None:
    score = rules.score_of(completed, lost)

    assert -5 <= score <= 20
    assert score <= rules.score_of(completed + 1, lost) <= score + 1
    assert score - 1 <= rules.score_of(completed, lost + 1) <= score
