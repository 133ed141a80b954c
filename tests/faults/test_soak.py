"""A thousand mails through chaos, a fifth of the readers say no; `make soak` sends ten thousand."""

from tests.faults.soak import Soak
from tests.support.people import People

SEED = 20_261_120


def test_a_thousand_mails_are_accepted_once_each_whatever_happens(
    stack: dict[str, str], people: People
) -> None:
    with Soak(stack, people, mails=1000, seed=SEED, chaos=12) as soak:
        outcome, missed = soak.run(seconds=200), soak.missed()

    assert outcome.mistakes == {}, outcome.events
    assert set(outcome.statuses) <= {"sent", "unknown", "skipped", "suppressed", "deleted"}
    assert missed == []
