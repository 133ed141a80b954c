"""Structured logs: one JSON line per event, with the request id and nothing personal."""

from functools import cache

from aws_lambda_powertools import Logger


@cache
def logger() -> Logger:
    """Return the container's logger (level from POWERTOOLS_LOG_LEVEL).

    Messages are dotted events (`match.accepted`), facts go into `extra`. Never an address, a
    token or a body.
    """
    return Logger(service="wingman", utc=True)
