"""A thousand emails are sent in chaos while a fifth of the readers opt out (see `make soak`)."""

from tests.faults.soak import Soak
from tests.support.people import People

SEED = 20_261_120


def test_each_of_a_thousand_emails_is_accepted_once_through_chaos(
    stack: dict[str, str], people: People
) -> None:
    with Soak(stack, people, emails=1000, seed=SEED, chaos=12) as soak:
        outcome, missed = soak.run(seconds=200), soak.missed()

    assert outcome.mistakes == {}, outcome.events
    assert set(outcome.statuses) <= {"sent", "unknown", "skipped", "suppressed", "deleted"}
    assert missed == []
