"""The product's database with its three growing tables partitioned and filled.

The schemas are applied with partitioned definitions of these tables, so the product's own functions
use partitions. A unique index of a partitioned table must include the partition key.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from tests.integration.costs import ACCOUNTS, READERS, SAMPLE_EMAILS, keep_autovacuum_away
from tests.integration.own_database import SCHEMAS, SUPABASE, empty_database, run_scripts

EMAILS, MESSAGES_OF_PAIR, NOTIFICATIONS_OF_READER = 100_000, 20, 10
DAYS = 200
_PARTS = 8

# A conversation for each pair of readers, and a list of notifications for each reader.
_TALK = """
    create temporary table pairs as
    select gen_random_uuid() as id, one.id as first_id, other.id as second_id,
        one.place / 2 as place
    from readers as one inner join readers as other on other.place = one.place + 1
    where one.place % 2 = 0;
    insert into public.wingman_matches (id, user1_id, user2_id, initiator_id, status)
    select id, first_id, second_id, first_id, 'accepted' from pairs;
    insert into private.conversations (match_id, last_seq, last_sent_at)
    select id, {messages}, now() from pairs;
    insert into private.conversation_members (match_id, user_id, read_seq, last_sent_at)
    select id, first_id, {messages} / 2, now() from pairs
    union all select id, second_id, {messages}, now() from pairs;
    insert into public.messages (match_id, seq, sender_id, client_id, text, sent_at)
    select pairs.id, turn.n, case turn.n % 2 when 0 then pairs.first_id else pairs.second_id end,
        gen_random_uuid(), repeat('woof ', 12),
        now() - interval '{days} days' * (1 - (turn.n - 0.5) / {messages})
    from generate_series(1, {messages}) as turn (n) cross join pairs;
    insert into private.feeds (user_id, last_seq) select id, {notifications} from readers;
    insert into public.notifications (
        user_id, kind, match_id, facts, dedupe_key, due_at, recorded_at, seq, listed_at, read_at
    )
    select readers.id, 'match_declined', pairs.id, '{{}}', readers.id || ' ' || turn.n, moment.at,
        moment.at, turn.n, moment.at, case when turn.n <= {notifications} - 3 then moment.at end
    from generate_series(1, {notifications}) as turn (n)
    cross join lateral (
        select now() - interval '{days} days' * (1 - (turn.n - 0.5) / {notifications}) as at
    ) as moment
    cross join readers
    inner join pairs on pairs.place = readers.place / 2;
"""


@dataclass(frozen=True)
class Cut:
    """How a table is divided: by the values of a column, in ranges of days or by a hash."""

    column: str
    by_month: bool

    def partitions(self, table: str) -> str:
        if self.by_month:
            return "".join(self._month(table, number) for number in range(_PARTS))
        return "".join(
            f"create table {table}_{number} partition of {table}"
            f" for values with (modulus {_PARTS}, remainder {number});\n"
            for number in range(_PARTS)
        )

    def _month(self, table: str, number: int) -> str:
        # The first begins long ago, and the last ends in a year.
        lower = f"(now() - interval '{DAYS - 25 * number + 1} days')" if number else "'-infinity'"
        upper = f"(now() - interval '{DAYS - 25 * (number + 1) + 1} days')"
        upper = upper if number < _PARTS - 1 else "(now() + interval '1 year')"
        return (
            f"create table {table}_{number} partition of {table}"
            f" for values from ({lower}) to ({upper});\n"
        )


BY_MONTH = {
    "email_logs": Cut("created_at", by_month=True),
    "messages": Cut("sent_at", by_month=True),
    "notifications": Cut("recorded_at", by_month=True),
}
BY_HASH = {
    "email_logs": Cut("id", by_month=False),
    "messages": Cut("match_id", by_month=False),
    "notifications": Cut("user_id", by_month=False),
}


@contextmanager
def full(url: str, cuts: Mapping[str, Cut] | None) -> Iterator[str]:
    """Make a filled database, with or without partitions."""
    with empty_database(url) as own:
        run_scripts(own, SUPABASE)
        _define(own, cuts or {})
        with psycopg.connect(own, autocommit=True) as connection:
            _fill(connection)
        yield own


def _define(url: str, cuts: Mapping[str, Cut]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("select set_config('role', 'postgres', false)")
        connection.execute("set check_function_bodies = off")
        for path in SCHEMAS:
            text = path.read_text()
            for table, cut in cuts.items():
                text = divided(text, f"public.{table}", cut)
            connection.execute(text.encode())


def divided(text: str, table: str, cut: Cut) -> str:
    """Return the SQL; if it creates the table, partition it."""
    unreferenced = re.sub(rf" references {table} \(id\) on delete cascade", "", text)
    made = re.compile(rf"create table {table} \((.*?)\n\)( with \(.*?\n\))?;\n", re.DOTALL)
    return made.sub(lambda found: _table(found[1], table, cut), _unique(unreferenced, table, cut))


def _unique(text: str, table: str, cut: Cut) -> str:
    index = rf"(create unique index \w+\non {table} \()([^)]*)\)"
    return re.sub(index, lambda found: f"{found[1]}{_with(found[2], cut)})", text)


def _table(columns: str, table: str, cut: Cut) -> str:
    keys = []

    def free(kind: str) -> Callable[[re.Match[str]], str]:
        def replaced(found: re.Match[str]) -> str:
            keys.append(f"{kind} ({_with(found[1], cut)})")
            return f"{found[1]} {found[2]}"

        return replaced

    columns = re.sub(r"\b(id) (uuid) primary key", free("primary key"), columns)
    columns = re.sub(r"\b(\w+) (text not null) unique", free("unique"), columns)
    columns = re.sub(
        r"unique \(([^)]*)\)", lambda found: f"unique ({_with(found[1], cut)})", columns
    )
    kind = "range" if cut.by_month else "hash"
    constraints = "".join(f",\n    {key}" for key in keys)
    head = f"create table {table} ({columns}{constraints}\n) partition by {kind} ({cut.column});\n"
    return head + cut.partitions(table)


def _with(columns: str, cut: Cut) -> str:
    """Return the columns of a key, including the partition key."""
    return columns if cut.column in columns.split(", ") else f"{columns}, {cut.column}"


def _fill(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    keep_autovacuum_away(connection)
    sizes = {"messages": MESSAGES_OF_PAIR, "notifications": NOTIFICATIONS_OF_READER, "days": DAYS}
    with psycopg.ClientCursor(connection) as cursor:  # one call may hold several statements
        cursor.execute(ACCOUNTS, {"readers": READERS})
        cursor.execute(SAMPLE_EMAILS, {"readers": READERS, "emails": EMAILS})
        cursor.execute(_TALK.format(**sizes).encode())
    connection.execute("vacuum analyze")
