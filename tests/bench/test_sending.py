"""See `make bench` for the figures; here, that the machinery does what it is for."""

import pytest

from tests.bench.idle import idle, warm
from tests.bench.sending import PER_SECOND, Backlog


@pytest.mark.timeout(120)
def test_a_backlog_uses_the_providers_limit_and_urgent_mail_passes_it(
    stack: dict[str, str],
) -> None:
    with Backlog(stack, 50_000) as backlog:
        drained = backlog.drain(seconds=10)
        waits = backlog.urgent(2)

    # A crowded machine delays a request at times, and brings two too close together: a refusal
    # costs the next two seconds' worth.
    assert drained.refusals <= 3
    assert drained.share >= 0.85 - drained.refusals * 0.2
    assert max(waits) <= 10 / PER_SECOND


@pytest.mark.usefixtures("fresh_container", "closed_breakers")
def test_a_request_that_triggers_mail_makes_three_calls(
    stack: dict[str, str],
) -> None:
    """To the limiter, the database and the queue: it waits for no mail."""
    alone, ours = idle(stack, 3), warm(stack, 2)

    assert ours.calls == 3
    assert min(alone.invite) < 0.5
    assert min(alone.respond) < 0.5
