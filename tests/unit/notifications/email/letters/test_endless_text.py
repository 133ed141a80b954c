"""Foreign text may be as long as it likes: reading it costs its length, not its square."""

import pytest

from tests.support.growth import times_dearer
from tests.unit.notifications.email.operating.test_events import ADDRESS, told
from wingman.notifications.email.redaction import redact

# What a search for addresses would try again from each letter.
WORDS = ["x", "@", "x@", "x.", "@x"]


def complained(to: object) -> list[str]:
    return list(told("email.complained", {"to": to})["p_suppressed_addresses"])


@pytest.mark.parametrize("word", WORDS)
def test_ten_times_the_reason_costs_ten_times_not_a_hundred(word: str) -> None:
    def cost(size: int) -> str:
        return redact(word * (size // len(word)))

    assert times_dearer(cost, 2_000) < 20
    assert times_dearer(cost, 100_000) < 20  # up to a megabyte


@pytest.mark.parametrize("word", WORDS)
def test_ten_times_the_recipients_cost_ten_times_not_a_hundred(word: str) -> None:
    assert times_dearer(lambda size: complained([word * (size // len(word))] * 100), 100) < 20
    assert times_dearer(lambda size: complained(word * size), 100_000) < 20


def test_a_thousand_recipients_cost_no_more_than_a_hundred() -> None:
    assert complained([ADDRESS] * 1000) == [ADDRESS] * 100


def test_an_endless_recipient_says_nothing_rather_than_half_of_an_address() -> None:
    names = "Maya " * 196
    assert complained(f"{names}<{ADDRESS}>") == [ADDRESS]
    assert complained(f"{names}{names}<{ADDRESS}>") == []


@pytest.mark.parametrize("opening", ["(", ":"])
def test_comments_in_comments_hide_no_address(opening: str) -> None:
    assert complained(opening * 980 + ADDRESS) == [ADDRESS]
