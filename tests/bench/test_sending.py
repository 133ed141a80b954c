"""See `make bench` for the figures; here, that the machinery does what it is for."""

import pytest

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
