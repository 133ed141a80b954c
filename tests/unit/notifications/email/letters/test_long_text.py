"""Reading foreign text takes linear time, however long it is."""

import pytest

from tests.support.growth import times_longer
from tests.unit.notifications.email.operating.test_events import ADDRESS, stored
from wingman.notifications.email.redaction import redact

# A naive search for addresses starts again at each letter of these.
WORDS = ["x", "@", "x@", "x.", "@x"]
LONG = 100_000  # compared with ten times the length, a megabyte


def complained(to: object) -> list[str]:
    return list(stored("email.complained", {"to": to})["p_suppressed_addresses"])


@pytest.mark.parametrize("word", WORDS)
def test_reading_a_reason_takes_linear_time(word: str) -> None:
    def cost(size: int) -> str:
        return redact(word * (size // len(word)))

    assert times_longer(cost, 2_000) < 40
    assert times_longer(cost, LONG) < 40


@pytest.mark.parametrize("word", WORDS)
def test_reading_recipients_takes_linear_time(word: str) -> None:
    assert times_longer(lambda size: complained([word * (size // len(word))] * 20), 100) < 40
    assert times_longer(lambda size: complained(word * size), LONG) < 40


def test_a_thousand_recipients_take_no_longer_than_a_hundred() -> None:
    assert complained([ADDRESS] * 1000) == [ADDRESS] * 100


def test_an_overlong_recipient_is_dropped_and_not_cut() -> None:
    names = "Maya " * 196
    assert complained(f"{names}<{ADDRESS}>") == [ADDRESS]
    assert complained(f"{names}{names}<{ADDRESS}>") == []


@pytest.mark.parametrize("opening", ["(", ":"])
def test_nested_comments_hide_no_address(opening: str) -> None:
    assert complained(opening * 980 + ADDRESS) == [ADDRESS]
