"""How many buffers PostgreSQL touches for each step of the outbox, in a table of any size."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.integration.connections import Connection
from tests.integration.database import WORKER, Actor, look
from tests.integration.own_database import own_database

BATCH = 100
# The same in a table of any size: only the number of emails varies. Two of three readers keep the
# default preferences.
READERS = 20_000
# Only the last round counts: a pooled connection has already read its catalogues and plans.
_ROUNDS = 2

# Foreign keys and the trigger that makes profiles cost more than the rows.
ACCOUNTS = """
    set session_replication_role = replica;
    create temporary table readers as
    select gen_random_uuid() as id, n || '@example.com' as email, n - 1 as place
    from generate_series(1, %(readers)s) as n;
    insert into auth.users (id, email, email_confirmed_at)
    select id, email, now() from readers;
    insert into public.user_profiles (id, email, first_name) select id, email, 'Ada' from readers;
    insert into public.email_preferences (user_id) select id from readers where place %% 3 = 0;
    insert into public.email_suppressions (address_hash, reason)
    select private.address_hash(email), 'bounced' from readers where place %% 100 = 0;
    insert into public.wingman_sessions (
        id, match_id, user1_id, user2_id, venue_name, scheduled_time
    )
    select id, gen_random_uuid(), id, gen_random_uuid(), 'Park', now() from readers;
"""
# Of a hundred emails, 12 are due (every third in the bulk lane), 8 planned, 80 settled. Half are
# each about another session.
SAMPLE_EMAILS = """
    insert into public.email_logs (
        user_id, subject_id, email_template, recipient_email, dedupe_key, priority,
        delivery_status, due_at, created_at, send_group, group_position, group_started_at
    )
    select
        reader.id, case when email.n / 100 %% 2 = 0 then reader.id end, 'match_declined',
        reader.email, email.n,
        case when email.n %% 3 = 0 then 'bulk' else 'urgent' end,
        case when email.n %% 100 < 20 then 'pending' else 'sent' end,
        now() + (email.n %% 100 - 11.5) * interval '1 hour',
        now() - (%(emails)s - email.n) * (interval '200 days' / %(emails)s),
        case when email.n %% 100 >= 20 then gen_random_uuid() end,
        case when email.n %% 100 >= 20 then 0 end,
        case when email.n %% 100 >= 20 then now() - interval '40 days' end
    from generate_series(1::bigint, %(emails)s) as email (n)
    inner join readers as reader on reader.place = (hashint8(email.n) & 2147483647) %% %(readers)s
    order by email.n
"""


@contextmanager
def full_outbox(url: str, emails: int) -> Iterator[str]:
    """Make a database with this many emails; the due ones are spread over the table."""
    with own_database(url) as own, psycopg.connect(own, autocommit=True) as connection:
        keep_autovacuum_away(connection)
        with psycopg.ClientCursor(connection) as cursor:  # one call may hold several statements
            cursor.execute(ACCOUNTS, {"readers": READERS})
            cursor.execute(SAMPLE_EMAILS, {"readers": READERS, "emails": emails})
        connection.execute("vacuum analyze")
        yield own


def keep_autovacuum_away(connection: psycopg.Connection[Any]) -> None:
    """Let no ANALYZE run at the same time: its snapshot keeps settled index entries alive.

    With one in a loop, leasing took 959 buffers instead of 260.
    """
    tables = connection.execute(
        "select relnamespace::regnamespace::text, relname from pg_class"
        " where relkind = 'r' and relnamespace::regnamespace::text in ('auth', 'public', 'private')"
    ).fetchall()
    for table in tables:
        statement = sql.SQL("alter table {} set (autovacuum_enabled = off)")
        connection.execute(statement.format(sql.Identifier(*table)))


def costs(url: str) -> dict[str, int]:
    """Return the buffers, hit or read, that each step touches for a hundred emails.

    Each step finds the state that it finds in production: claims follow one another, so a claim
    meets index entries of emails that the previous one has settled. Leasing is a part of claiming,
    and is also measured alone.
    """
    [due] = look(
        url,
        "select id, user_id from public.email_logs"
        " where priority = 'urgent' and delivery_status = 'pending'"
        " order by created_at desc limit 1",  # young enough not to be pruned
    )
    lane = {"p_ids": [due["id"]], "p_limit": BATCH, "p_lease_seconds": 60}
    with (
        session(url, WORKER) as worker,
        session(url, Actor("authenticated", due["user_id"])) as reader,
    ):
        for _ in range(_ROUNDS):
            buffers(worker, "public.claim_emails", **lane)
            _settle(worker)
            leased = buffers(worker, "private.lease_emails", **lane)
            _settle(worker)
            spent = {
                "lease": leased,
                "claim": buffers(worker, "public.claim_emails", **lane),
                **_settle(worker),
                "sweep": buffers(worker, "public.sweep_emails", p_limit=BATCH),
                "prune": buffers(worker, "public.prune_email_logs", p_limit=BATCH),
                "status": buffers(reader, "public.get_email_status"),
            }
    return spent


def _settle(worker: Connection) -> dict[str, int]:
    """Report what was just claimed as sent, so that settled emails precede the next claim."""
    [lease] = worker.execute("select token, email_ids from private.email_leases").fetchall()
    assert len(lease["email_ids"]) == BATCH
    sent = Jsonb([{"id": str(one), "outcome": "sent"} for one in lease["email_ids"]])
    token: dict[str, Any] = {"p_lease_token": lease["token"]}
    bound = {"p_ids": lease["email_ids"], "p_addresses": ["ada@example.com"] * BATCH}
    return {
        "form group": buffers(worker, "public.form_send_group", **token, **bound),
        "complete": buffers(worker, "public.complete_emails", **token, p_results=sent),
    }


@contextmanager
def session(url: str, actor: Actor) -> Iterator[Connection]:
    """Open a connection as one of PostgREST's pool, for requests of one actor."""
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        claims = json.dumps({"role": actor.role, "sub": str(actor.user_id)})
        connection.execute("select set_config('request.jwt.claims', %s, false)", [claims])
        connection.execute("set random_page_cost = 1.1")  # as hosted projects have it
        connection.execute(sql.SQL("set role {}").format(sql.Identifier(actor.role)))
        yield connection


def buffers(connection: Connection, function: str, **params: object) -> int:
    names = [sql.SQL("{} => {}").format(sql.Identifier(p), sql.Placeholder(p)) for p in params]
    statement = sql.SQL("explain (analyze, buffers, format json) select * from {}({})").format(
        sql.Identifier(*function.split(".")), sql.SQL(", ").join(names)
    )
    [row] = connection.execute(statement, params).fetchall()
    plan = row["QUERY PLAN"][0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
