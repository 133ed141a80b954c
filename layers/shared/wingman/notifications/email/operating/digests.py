"""The weekly digest: recorded for subscribers in the first hours of their Monday."""

from collections.abc import Callable
from datetime import datetime

from wingman.kit.clients.database import Database
from wingman.kit.clock import time_left, utc_now
from wingman.kit.observability import logger
from wingman.notifications.email.operating import repository
from wingman.notifications.email.operating.weeks import last_weeks

RECORDED_AT_ONCE = 500
"""Readers per step."""
_SECONDS_PER_PAGE = 6.0


def record(database: Database, *, now: Callable[[], datetime] = utc_now) -> int:
    """Record the digests of weeks that just ended, page by page; return their number.

    A reader gets one per ISO week, however often this runs. If time is short, the next hourly run
    continues. The sweep enqueues the digests, and the rules of bulk emails decide when they leave.
    """
    recorded, after, moment = 0, None, now()
    weeks = last_weeks(moment)
    while True:
        page, after = repository.record_digests(database, after, RECORDED_AT_ONCE, weeks, moment)
        recorded += page
        if after is None:
            break
        if time_left() < _SECONDS_PER_PAGE:
            logger().warning("emails.digests_out_of_time", extra={"after": str(after)})
            break
    logger().info("emails.digests_recorded", extra={"count": recorded})
    return recorded
