"""An operator sees the lanes, the deliveries and the dead letters."""

import json

import pytest

from tests.integration.database import WORKER, DirectDatabase, Person, bind, call, look, new_email
from wingman.notifications.email.operating import operations, repository
from wingman.notifications.models import Priority


@pytest.fixture
def url(url: str) -> str:
    look(url, "delete from public.email_logs")
    look(url, "update private.email_lanes set paused_until = null, paused_reason = null")
    return url


@pytest.fixture
def outbox(url: str) -> DirectDatabase:
    return DirectDatabase(url)


def test_the_lanes_show_depth_age_and_what_is_at_the_provider(
    url: str, leo: Person, outbox: DirectDatabase
) -> None:
    for minutes in (1, 10):
        email_id = new_email(url, leo)
        due = "update public.email_logs set due_at = now() - %s * '1 min'::interval where id = %s"
        look(url, due, minutes, email_id)
    new_email(url, leo, due_at="2999-01-01Z")
    ids = [new_email(url, leo, priority="bulk") for _ in range(3)]
    bind(url, *ids)

    urgent, bulk = repository.lanes(outbox)

    assert (urgent.priority, urgent.depth, urgent.sending) == (Priority.URGENT, 2, 0)
    assert 600 <= urgent.oldest_seconds < 660
    assert (bulk.depth, bulk.sending) == (0, 3)
    assert bulk.oldest_seconds < 60


def test_an_email_to_be_repeated_counts_as_waiting(
    url: str, leo: Person, outbox: DirectDatabase
) -> None:
    bind(url, new_email(url, leo))
    look(url, "update public.email_logs set lease_expires_at = now() - interval '5 min'")

    urgent, _ = repository.lanes(outbox)

    assert (urgent.depth, urgent.sending) == (1, 0)
    assert 300 <= urgent.oldest_seconds < 360


def test_a_pause_is_shown_while_it_lasts(url: str, leo: Person, outbox: DirectDatabase) -> None:
    pause = {"p_priorities": ["bulk"], "p_until": "2999-01-01Z", "p_reason": "quota"}
    call(url, WORKER, "pause_emails", **pause)
    urgent, bulk = repository.lanes(outbox)
    assert (urgent.paused_until, bulk.paused_reason) == (None, "quota")

    assert repository.resume(outbox, list(Priority)) == 1

    assert repository.lanes(outbox)[1].paused_reason is None


def test_deliveries_are_counted_by_their_outcome(
    url: str, leo: Person, outbox: DirectDatabase
) -> None:
    for status, ago in (
        *(("delivered", "1 hour"),) * 6,
        ("bounced", "2 hours"),
        ("complained", "3 hours"),
        ("sent", "1 minute"),
        ("bounced", "25 hours"),
    ):
        email_id = new_email(url, leo, delivery_status=status)
        sent = "update public.email_logs set sent_at = now() - %s::interval where id = %s"
        look(url, sent, ago, email_id)

    found = repository.deliveries(outbox, hours=24)

    assert found.accepted == 9
    assert found.success_rate == 7 / 8
    assert (found.share("bounced"), found.share("complained")) == (1 / 9, 1 / 9)


def test_an_empty_outbox_has_no_rate(url: str, outbox: DirectDatabase) -> None:
    found = repository.deliveries(outbox, hours=24)

    assert (found.success_rate, found.share("bounced")) == (None, 0)
    assert [one.emails for one in repository.dead_letter_counts(outbox)] == [0, 0]


def test_dead_letters_are_counted(url: str, leo: Person, outbox: DirectDatabase) -> None:
    new_email(url, leo, delivery_status="failed")
    new_email(url, leo, delivery_status="unknown")
    new_email(url, leo, delivery_status="unknown")

    look(url, "update public.email_logs set given_up_at = now() - interval '2 hours'")
    email_id = new_email(url, leo)
    look(url, "update public.email_logs set delivery_status = 'failed' where id = %s", email_id)

    failed, unknown = repository.dead_letter_counts(outbox)

    assert (failed.delivery_status, failed.emails, failed.within_an_hour) == ("failed", 2, 1)
    assert (unknown.delivery_status, unknown.emails, unknown.within_an_hour) == ("unknown", 2, 0)


def reported(capsys: pytest.CaptureFixture[str]) -> dict[str, list[float]]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {name: line[name] for line in lines for name in line if name.endswith("Rate")}


@pytest.mark.parametrize(
    ("emails", "rates"),
    [
        (49, {}),
        (
            100,
            {"EmailBounceRate": [2.0], "EmailComplaintRate": [1.0], "EmailSuccessRate": [98.0]},
        ),
    ],
)
def test_the_days_rates_are_reported_when_there_are_enough_emails(
    url: str,
    leo: Person,
    outbox: DirectDatabase,
    capsys: pytest.CaptureFixture[str],
    emails: int,
    rates: dict[str, list[float]],
) -> None:
    for number in range(emails):
        status = {0: "bounced", 1: "bounced", 2: "complained"}.get(number, "delivered")
        new_email(url, leo, delivery_status=status, sent_at="now()")

    operations.report_rates(outbox)

    assert reported(capsys) == rates


def test_no_success_rate_is_reported_before_an_outcome_is_known(
    url: str, leo: Person, outbox: DirectDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(50):
        new_email(url, leo, delivery_status="sent", sent_at="now()")

    operations.report_rates(outbox)

    assert reported(capsys) == {"EmailBounceRate": [0.0], "EmailComplaintRate": [0.0]}
