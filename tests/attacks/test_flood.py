"""A flood of requests without a token costs no database call and slows no other user."""

import pytest

from tests.bench.flood import Outcome, flood
from tests.support.people import People
from wingman.kit.limits.limits import EVERY_IP

pytestmark = pytest.mark.alone

CONTAINERS, REQUESTS, PAUSE = 4, 400, 0.02
TRIES = 3


def passed_at_most(outcome: Outcome) -> float:
    return EVERY_IP.capacity + outcome.seconds / EVERY_IP.seconds_per_token + 1


def test_a_flood_without_tokens_slows_no_other_user(stack: dict[str, str], people: People) -> None:
    for _ in range(TRIES):  # another process may have kept the machine busy
        outcome = flood(stack, people.new(), containers=CONTAINERS, requests=REQUESTS, pause=PAUSE)
        # Any other status would mean a call to the database, which these containers cannot reach.
        assert set(outcome.statuses) == {401, 429}
        assert outcome.statuses[401] <= passed_at_most(outcome)
        # A container that remembers a refusal asks Redis again when the bucket gets its next token.
        assert outcome.redis_calls <= outcome.statuses[401] * (1 + CONTAINERS)
        if outcome.slower <= 2:
            return
    pytest.fail(f"the other user waited {outcome.slower:.1f} times as long")
