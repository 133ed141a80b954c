"""Calls to PostgreSQL as any of its callers, one after another or at the same time."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.integration.connections import Connection, Row, connected
from wingman.kit.clients.database import Database

Action = Callable[[Connection], Any]


@dataclass(frozen=True)
class Actor:
    """A caller as PostgREST sees it: a role and, if signed in, a user."""

    role: str
    user_id: UUID | None = None
    session_id: UUID | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Person(Actor):
    email: str = ""


WORKER = Actor("service_role")
ANONYMOUS = Actor("anon")


def look(url: str, query: str, *params: object) -> list[Row]:
    """Run a statement as the superuser: to arrange, or to see what a user may not."""
    with connected(url, autocommit=True) as connection:
        cursor = connection.execute(query.encode(), params)
        return cursor.fetchall() if cursor.description else []


def new_person(url: str, first_name: str = "Ada", email: str | None = None) -> Person:
    """Open an account, the way Supabase Auth does."""
    person = Person("authenticated", uuid4(), email or f"{uuid4().hex}@example.com")
    look(
        url,
        "insert into auth.users (id, email, email_confirmed_at, raw_user_meta_data)"
        " values (%s, %s, now(), %s)",
        *(person.user_id, person.email, json.dumps({"first_name": first_name})),
    )
    return person


def new_email(url: str, person: Person, **columns: object) -> UUID:
    """Put an email into the outbox; return its id."""
    values: dict[str, object] = {
        "user_id": person.user_id,
        "email_template": "match_invitation",
        "recipient_email": person.email,
        "dedupe_key": uuid4().hex,
        "priority": "urgent",
    } | columns
    statement = sql.SQL("insert into public.email_logs ({}) values ({}) returning id").format(
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(map(sql.Placeholder, values)),
    )
    with connected(url) as connection:
        (row,) = connection.execute(statement, values).fetchall()
    return UUID(str(row["id"]))


def email_row(url: str, email_id: object) -> Row:
    (row,) = look(url, "select * from public.email_logs where id = %s", email_id)
    return row


def claim(url: str, *ids: UUID, seconds: int = 60) -> list[Row]:
    """Lease emails as a sender does."""
    return rows(url, WORKER, "claim_emails", p_ids=list(ids), p_lease_seconds=seconds)


def bind(url: str, *ids: UUID) -> UUID:
    """Lease emails and bind them into a send group; return the token of the lease."""
    token: UUID = claim(url, *ids)[0]["lease_token"]
    assert rows(url, WORKER, "form_send_group", p_lease_token=token, p_ids=list(ids))
    return token


@contextmanager
def acting_as(url: str, actor: Actor) -> Iterator[Connection]:
    """Open one transaction as PostgREST does for a request by the actor."""
    claims = {"role": actor.role, "sub": str(actor.user_id)} if actor.user_id else {}
    if actor.session_id:
        claims["session_id"] = str(actor.session_id)
    with connected(url) as connection:
        connection.execute(
            "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)",
            [actor.role, json.dumps(claims)],
        )
        yield connection


def invoke(connection: Connection, function: str, **params: object) -> list[Row]:
    """Call a function of the public schema in an open transaction; return its rows."""
    names = [sql.SQL("{} => {}").format(sql.Identifier(p), sql.Placeholder(p)) for p in params]
    statement = sql.SQL("select * from public.{}({})").format(
        sql.Identifier(function), sql.SQL(", ").join(names)
    )
    return connection.execute(statement, params).fetchall()


def rows(url: str, actor: Actor, function: str, **params: object) -> list[Row]:
    with acting_as(url, actor) as connection:
        return invoke(connection, function, **params)


def call(url: str, actor: Actor, function: str, **params: object) -> Any:
    (row,) = rows(url, actor, function, **params)
    return row[function]


def sqlstate(url: str, actor: Actor, function: str, **params: object) -> tuple[str | None, str]:
    """Call a function that must refuse; return the SQLSTATE and the message."""
    try:
        answer = rows(url, actor, function, **params)
    except psycopg.Error as error:
        return error.sqlstate, error.diag.message_primary or ""
    raise AssertionError(f"{function} did not refuse but returned {answer}")


def invitation(invitee: Actor, **changes: object) -> dict[str, Any]:
    params = {"p_venue_suggestion": "Café Central", "p_note": "Chess?", "p_max_daily": 10}
    return {"p_invitee_id": invitee.user_id} | params | changes


def race(url: str, actions: Sequence[tuple[Actor, Action]]) -> list[Any]:
    """Do all actions at the same moment; return what each returned, or its database error."""
    barrier = threading.Barrier(len(actions))

    def act(actor: Actor, action: Action) -> object:
        try:
            with acting_as(url, actor) as connection:
                barrier.wait(timeout=30)
                return action(connection)
        except psycopg.Error as error:
            return error

    with ThreadPoolExecutor(len(actions)) as pool:
        running = [pool.submit(act, actor, action) for actor, action in actions]
        return [each.result() for each in running]


def overtaken(url: str, first: Connection, actor: Actor, action: Action) -> Any:
    """Start the action while `first` is uncommitted; commit once the action waits or is done."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(race, url, [(actor, action)])
        until_waiting(url, running)
        first.commit()
        return running.result()[0]


def until_waiting(url: str, running: Future[Any]) -> None:
    """Return once a transaction in this database waits for another, or all is done."""
    waiting = (
        "select 1 from pg_stat_activity where datname = current_database()"
        " and cardinality(pg_blocking_pids(pid)) > 0"
    )
    deadline = time.monotonic() + 10
    while not running.done() and not look(url, waiting) and time.monotonic() < deadline:
        pass


class DirectDatabase(Database):
    """Answers a worker as PostgREST does, without PostgREST."""

    def __init__(self, url: str) -> None:
        self._url = url

    def rpc(self, function: str, params: Mapping[str, object], *, idempotent: bool = False) -> Any:
        given = {name: _plain(value) for name, value in params.items()}
        answer = rows(self._url, WORKER, function, **given)
        plain = json.loads(json.dumps(answer, default=str))
        if plain and set(plain[0]) == {function}:
            return plain[0][function]
        return plain


def _plain(value: object) -> object:
    """Write what is JSON as JSON; lists of texts are arrays."""
    first = value[0] if isinstance(value, list) and value else value
    is_json = isinstance(first, dict)
    return Jsonb(value) if is_json else value
