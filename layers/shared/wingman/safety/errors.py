"""Errors of blocks and reports."""

from wingman.kit.errors import NotFound, RateLimited


class DailyBlockLimit(RateLimited):
    """You have blocked too many users today. Wait as long as Retry-After says."""

    code = "daily_block_limit"


class DailyReportLimit(RateLimited):
    """You have reported too much today. Wait as long as Retry-After says."""

    code = "daily_report_limit"


class ReportNotFound(NotFound):
    """No report has this id."""


class UserNotFound(NotFound):
    """No user has this id."""
