"""The table of partitioned tables beside ours in docs/benchmarks.md."""

from collections.abc import Mapping

import psycopg

from local.environment import read
from local.progress import say
from local.stack import stack
from tests.bench.partitioned import (
    BY_HASH,
    BY_MONTH,
    DAYS,
    EMAILS,
    MESSAGES_OF_PAIR,
    NOTIFICATIONS_OF_READER,
    full,
)
from tests.integration.costs import BATCH, READERS, buffers, costs, session
from tests.integration.database import WORKER, Actor, look

_CALLS = 8  # PostgreSQL makes custom plans for the first five
TEXT = """## Partitions

{emails} emails, {messages} messages and {notifications} notifications of {days} days: in tables as
they are, in eight ranges of 25 days by the time of the row, and in eight partitions by a hash
(emails by id, messages by conversation, notifications by user). The product's own functions work
on them.

Buffers that PostgreSQL touches; *first* is the first call of a connection, which also reads the
catalogue and plans. Emails are claimed, settled and pruned {batch} at a time. Dropping a partition
counts what it touches for 1000 rows; it is possible by time alone.

| | as they are | by month | by hash |
|---|---|---|---|
{rows}
Unique keys have to hold the column that chooses the partition. By month, none of the promises that
rest on one holds any more: `dedupe_key` of emails and notifications (twice the same email), and the
numbers of a conversation. By hash, those of messages and of the list of notifications hold;
`dedupe_key` of emails does not, and a push can refer to its notification no more.
"""


def run() -> str:
    url = read(stack("test"))["DATABASE_URL"]
    found = []
    for name, cuts in (("as they are", None), ("by month", BY_MONTH), ("by hash", BY_HASH)):
        say(f"  {name} …")
        with full(url, cuts) as own:
            found.append(_reads(own) | _emails(own) | _pruned(own, by_month=cuts is BY_MONTH))
    rows = "".join(f"| {step} | {' | '.join(one[step] for one in found)} |\n" for step in found[0])
    return TEXT.format(
        emails=_spaced(EMAILS),
        messages=_spaced(MESSAGES_OF_PAIR * READERS // 2),
        notifications=_spaced(NOTIFICATIONS_OF_READER * READERS),
        days=DAYS,
        batch=BATCH,
        rows=rows,
    )


def _reads(url: str) -> dict[str, str]:
    [pair] = look(url, "select id, user1_id from public.wingman_matches order by id limit 1")
    newest: Mapping[str, object] = {"p_match_id": pair["id"], "p_limit": 20}
    older = dict(newest) | {"p_before_seq": 11, "p_limit": 10}
    steps: dict[str, tuple[str, Mapping[str, object]]] = {
        "newest page of a conversation": ("public.list_messages", newest),
        "older page of it": ("public.list_messages", older),
        "list of notifications, with the unread": ("public.list_notifications", {}),
    }
    found: dict[str, str] = {}
    for name, (function, params) in steps.items():
        with session(url, Actor("authenticated", pair["user1_id"])) as reader:
            spent = [buffers(reader, function, **params) for _ in range(_CALLS)]
        found |= {name: str(spent[-1]), f"{name}, first": str(spent[0])}
    return found


def _emails(url: str) -> dict[str, str]:
    names = {
        "lease": "lease emails",
        "claim": "claim emails",
        "complete": "settle emails",
        "sweep": "sweep emails",
        "prune": "prune emails",
        "status": "emails of a user",
    }
    spent = costs(url)
    return {shown: str(spent[step]) for step, shown in names.items()}


def _pruned(url: str, *, by_month: bool) -> dict[str, str]:
    """Delete old notifications and messages as the product does, or drop the oldest partitions."""
    look(url, "update private.app_settings set message_days = 150")
    with session(url, WORKER) as worker:
        spent = {
            "prune 1000 notifications": buffers(worker, "public.prune_notifications", p_limit=1000),
            "prune 1000 messages": buffers(worker, "public.prune_messages", p_limit=1000),
        }
    found = {name: str(count) for name, count in spent.items()}
    for table in ("notifications", "messages", "email_logs"):
        found[f"drop the oldest {table}, for 1000 rows"] = _dropped(url, table) if by_month else "–"
    return found


def _dropped(url: str, table: str) -> str:
    """Return the buffers that a drop touches for each thousand rows of the partition."""
    name = f"public.{table}_1"
    with psycopg.connect(url) as connection:
        count = f"select count(*) from {name}"  # noqa: S608 (a name of ours)
        [rows] = connection.execute(count.encode()).fetchone() or (0,)
        connection.commit()
        before = _touched(connection)
        connection.execute(f"drop table {name}".encode())
        after = _touched(connection)
        connection.rollback()
    return f"{(after - before) / rows * 1000:.1f}"


def _touched(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    """Return the buffers that this transaction has touched so far."""
    query = "select sum(pg_stat_get_xact_blocks_fetched(oid)) from pg_class"
    [count] = connection.execute(query).fetchone() or (0,)
    return int(str(count))


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")
