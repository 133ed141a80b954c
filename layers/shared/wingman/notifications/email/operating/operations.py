"""Reports for the alarms: how much waits, what was given up, what the provider delivered."""

from wingman.kit.clients.database import Database
from wingman.kit.observability import measure
from wingman.notifications.email.operating import repository

# One bounce among ten emails says nothing about a rate.
_ENOUGH_FOR_A_RATE = 50


def report(database: Database) -> None:
    """Write the lanes and the dead letters as metrics, for the alarms."""
    for lane in repository.lanes(database):
        name = str(lane.priority)
        measure("EmailQueueDepth", [lane.depth], "Count", lane=name)
        measure("EmailQueueAge", [lane.oldest_seconds], "Seconds", lane=name)
        measure("EmailLanePaused", [int(lane.paused_until is not None)], "Count", lane=name)
    for dead in repository.dead_letter_counts(database):
        measure("EmailGivenUp", [dead.within_an_hour], "Count", status=dead.delivery_status)


def report_rates(database: Database) -> int:
    """Write the day's bounces, complaints and successes as metrics, in per cent; count its emails.

    The first two are shares of what the provider took, the last one of those whose fate is known.
    """
    day = repository.deliveries(database, hours=24)
    if day.accepted < _ENOUGH_FOR_A_RATE:
        return day.accepted
    for name, status in (("EmailBounceRate", "bounced"), ("EmailComplaintRate", "complained")):
        measure(name, [100 * day.share(status)], "Percent")
    if day.success_rate is not None:
        measure("EmailSuccessRate", [100 * day.success_rate], "Percent")
    return day.accepted
