"""The usage of a number of monthly users, its price, and the limits at the peak."""

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum
from typing import Any

from local.capacity.figures import Figures, Limit, Size

SECONDS = 30 * 86_400
MINUTES = SECONDS / 60
# With this much memory, a function of Lambda gets one whole core.
_MEGABYTES_OF_A_CORE = 1769
_TIMED = ("supabase", "redis", "auth", "sqs", "s3", "email", "push")
# A message is sent, received and deleted.
_REQUESTS_OF_A_MESSAGE = 3

Amounts = Mapping[str, float]


@dataclass(frozen=True)
class Outgrown:
    """A limit, the use at the peak, and the monthly users at which it is reached."""

    limit: Limit
    used: float
    users: float


def of_use(figures: Figures, use: Mapping[str, Any]) -> Amounts:
    """Return the amounts that one measured step uses."""
    facts = figures.facts
    amounts: dict[str, float] = defaultdict(float)
    for function, of_function in use["functions"].items():
        for name, amount in _of_function(figures, function, of_function).items():
            amounts[name] += amount
    amounts["http_requests"] = use["requests"]
    amounts["frames"] = use["frames"]
    amounts["redis_commands"] = use["redis_commands"]
    amounts["emails"] = use["emails"]
    amounts["pushes"] = use["pushes"]
    amounts["traces"] = facts["traced"] * use["requests"]
    amounts["database_seconds"] = facts["processor"] * use["database_cpu_ms"] / 1000
    amounts["connection_seconds"] = (
        amounts["database_seconds"] + facts["commit_ms"] / 1000 * use["transactions"]
    )
    known = figures.measured["row_bytes"]
    usual = fsum(known.values()) / len(known)
    amounts["row_bytes"] = fsum(n * known.get(table, usual) for table, n in use["rows"].items())
    return amounts


def _of_function(figures: Figures, name: str, use: Mapping[str, Any]) -> Amounts:
    """Return what a function uses in a step; it may run several times, or only sometimes."""
    calls, facts = use["calls"], figures.facts
    invocations = calls.get("invocations", 0)
    megabytes = figures.memory[name]
    others = fsum(calls.values()) - invocations - fsum(calls.get(one, 0) for one in _TIMED)
    waits = fsum(calls.get(one, 0) * facts[f"{one}_ms"] for one in _TIMED)
    work = facts["processor"] * use["cpu_ms"] * max(1, _MEGABYTES_OF_A_CORE / megabytes)
    start = invocations * facts["cold_share"] * facts["cold_ms"]
    seconds = (work + waits + others * facts["other_ms"] + start) / 1000
    return {
        "lambda_requests": invocations,
        "busy_seconds": seconds,
        "lambda_seconds": seconds * megabytes / 1024,
        "queue_requests": calls.get("sqs", 0) * _REQUESTS_OF_A_MESSAGE,
        "object_writes": calls.get("s3", 0),
        "log_gigabytes": invocations * facts["log_kilobytes"] / 1e6,
    }


def of_user(figures: Figures) -> Amounts:
    """Return what one monthly user uses in a month."""
    amounts: dict[str, float] = defaultdict(float)
    for step, times in figures.times.items():
        for name, amount in of_use(figures, figures.steps[step]).items():
            amounts[name] += times * amount
    facts = figures.facts
    photos = figures.times["add_photo"] * facts["photo_kilobytes"] / 1e6
    amounts["connected_minutes"] = facts["connected_minutes"]
    amounts["new_connections"] = figures.times["connect"]
    amounts["delivered_requests"] = facts["images_seen"]
    amounts["delivered_gigabytes"] = facts["images_seen"] * facts["image_kilobytes"] / 1e6
    amounts["object_months"] = photos * facts["months_kept"]
    amounts["log_months"] = amounts["log_gigabytes"] * facts["log_months"]
    amounts["database_gigabytes"] = amounts["row_bytes"] * facts["months_kept"] / 1e9
    amounts["monthly_users"] = 1
    return amounts


def of_month(figures: Figures, users: float) -> Amounts:
    """Return what the users and the schedules use in a month."""
    each = {name: users * amount for name, amount in of_user(figures).items()}
    always = of_use(figures, figures.measured["background"])
    return {name: each.get(name, 0) + MINUTES * always.get(name, 0) for name in {*each, *always}}


def at_peak(figures: Figures, month: Amounts) -> Amounts:
    """Return the rates per second at the peak, and what is in use at one time."""
    rate = {name: amount / SECONDS * figures.facts["peak"] for name, amount in month.items()}
    return {
        **rate,
        "emails": rate["emails"],
        "concurrency": rate["busy_seconds"],
        "database_cores": rate["database_seconds"] / figures.facts["database_load"],
        "database_connections": rate["connection_seconds"],
        "database_gigabytes": month["database_gigabytes"],
    }


def databases(figures: Figures, peak: Amounts) -> tuple[int, Size]:
    """Return the number and size of projects for the load: one, or several of the largest."""
    for size in figures.sizes:
        if _holds(size, peak, 1):
            return 1, size
    largest = figures.sizes[-1]
    ratios = (
        peak["database_cores"] / largest.cores,
        peak["database_connections"] / largest.connections,
        peak["database_gigabytes"] / largest.gigabytes,
    )
    return math.ceil(max(ratios)), largest


def _holds(size: Size, peak: Amounts, projects: int) -> bool:
    return (
        peak["database_cores"] <= size.cores * projects
        and peak["database_connections"] <= size.connections * projects
        and peak["database_gigabytes"] <= size.gigabytes * projects
    )


COMPONENTS = {
    "Lambda": ("lambda_seconds", "lambda_requests"),
    "HTTP API": ("http_requests",),
    "WebSocket": ("frames", "connected_minutes"),
    "SQS": ("queue_requests",),
    "logs and traces": ("log_gigabytes", "log_months", "traces"),
    "S3 and CloudFront": (
        *("object_months", "object_writes", "delivered_gigabytes", "delivered_requests"),
    ),
    "Redis": ("redis_commands",),
    "database": (),
    "accounts": ("monthly_users",),
    "emails": ("emails",),
    "pushes": ("pushes",),
}


def costs(figures: Figures, users: float) -> Mapping[str, float]:
    """Return the dollars per month by component."""
    month = of_month(figures, users)
    found = {
        component: fsum(figures.prices[name].of(month[name]) for name in names)
        for component, names in COMPONENTS.items()
    }
    projects, size = databases(figures, at_peak(figures, month))
    disk = figures.prices["database_gigabytes"].of(month["database_gigabytes"] / projects)
    found["database"] = figures.prices["plan"].of(1) + projects * (size.dollars + disk)
    return found


def outgrown(figures: Figures, users: float) -> list[Outgrown]:
    """Return the limits in the order in which growth reaches them."""
    peak = at_peak(figures, of_month(figures, users))
    limits = [
        Outgrown(limit, peak[limit.use], users * _most(figures, limit) / peak[limit.use])
        for limit in figures.limits.values()
        if peak[limit.use]
    ]
    return sorted(limits, key=lambda one: one.users)


def _most(figures: Figures, limit: Limit) -> float:
    """Return a limit in the model's unit: emails, not requests, each of which sends a batch."""
    return limit.most * figures.facts["batch"] if limit.use == "emails" else limit.most
