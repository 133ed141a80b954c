"""Metrics for the alarms: waiting emails, dead letters and delivery rates."""

from wingman.kit.clients.database import Database
from wingman.kit.observability import measure
from wingman.notifications.email.operating import repository

# With fewer emails a single bounce would raise an alarm.
_ENOUGH_FOR_A_RATE = 50


def report(database: Database) -> None:
    for lane in repository.lanes(database):
        name = str(lane.priority)
        measure("EmailQueueDepth", [lane.depth], "Count", lane=name)
        measure("EmailQueueAge", [lane.oldest_seconds], "Seconds", lane=name)
        measure("EmailLanePaused", [int(lane.paused_until is not None)], "Count", lane=name)
    for dead in repository.dead_letter_counts(database):
        measure("EmailGivenUp", [dead.within_an_hour], "Count", status=dead.delivery_status)


def report_rates(database: Database) -> int:
    """Write the day's bounce, complaint and success rates as metrics; return its number of emails.

    Successes are a share of the emails with a known fate.
    """
    day = repository.deliveries(database, hours=24)
    if day.accepted < _ENOUGH_FOR_A_RATE:
        return day.accepted
    for name, status in (("EmailBounceRate", "bounced"), ("EmailComplaintRate", "complained")):
        measure(name, [100 * day.share(status)], "Percent")
    if day.success_rate is not None:
        measure("EmailSuccessRate", [100 * day.success_rate], "Percent")
    return day.accepted
