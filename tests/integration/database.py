"""Acting on PostgreSQL as one of those who may reach it, also at the same time."""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from wingman.kit.clients.database import Database

_CHECKOUT = Path(__file__).resolve().parents[2]
SUPABASE = _CHECKOUT / "local" / "postgres" / "supabase.sql"
SCHEMAS = sorted((_CHECKOUT / "supabase" / "schemas").glob("*.sql"))
MIGRATIONS = sorted((_CHECKOUT / "supabase" / "migrations").glob("*.sql"))

Row = dict[str, Any]
Connection = psycopg.Connection[Row]
Action = Callable[[Connection], Any]


@dataclass(frozen=True)
class Actor:
    """Whoever PostgREST lets in: a role, and for a signed-in user whose."""

    role: str
    user_id: UUID | None = None


@dataclass(frozen=True)
class Person(Actor):
    """A user with an account."""

    email: str = ""


WORKER = Actor("service_role")
ANONYMOUS = Actor("anon")


@contextmanager
def own_database(url: str) -> Iterator[str]:
    """Make the product's database beside the given one: no running worker takes its mail."""
    with empty_database(url, template=_template(url)) as own:
        yield own


@contextmanager
def empty_database(url: str, template: str = "template1") -> Iterator[str]:
    """Make a database beside the given one, and drop it in the end."""
    name = f"test_{uuid4().hex}"
    own = make_conninfo(url, dbname=name)
    # As after supabase.sql; a copy would belong to the superuser.
    create = sql.SQL("create database {} owner postgres template {}")
    _server(url, create.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield own
    finally:
        _close_idle(own)
        drop = sql.SQL("drop database {} with (force)")
        _server(url, drop.format(sql.Identifier(name)))


@cache
def _template(url: str) -> str:
    """Make the database that tests copy, once for what is in the files; return its name."""
    contents = b"".join(path.read_bytes() for path in [SUPABASE, *SCHEMAS])
    ours = f"template_{_short(str(_CHECKOUT).encode())}_"
    name = ours + _short(contents)
    with psycopg.connect(url, autocommit=True) as server:
        # Of several test processes, the first makes it.
        server.execute("select pg_advisory_lock(hashtext('template'))")
        made = "select datname from pg_database where starts_with(datname, %s)"
        known = [row[0] for row in server.execute(made, [ours]).fetchall()]
        if name not in known:
            for old in known:
                server.execute(sql.SQL("drop database {}").format(sql.Identifier(old)))
            _make_template(url, name)
    return name


def _short(contents: bytes) -> str:
    return hashlib.sha256(contents).hexdigest()[:12]


def _make_template(url: str, name: str) -> None:
    with empty_database(url) as made:
        run_scripts(made, [SUPABASE])
        run_scripts(made, SCHEMAS, role="postgres")
        copy = sql.SQL("create database {} template {} owner postgres allow_connections false")
        source = str(conninfo_to_dict(made)["dbname"])
        _server(url, copy.format(sql.Identifier(name), sql.Identifier(source)))


def _server(url: str, statement: sql.Composed) -> None:
    with connected(url, autocommit=True) as server:
        server.execute(statement)


_idle: dict[tuple[str, bool], list[Connection]] = {}


@contextmanager
def connected(url: str, *, autocommit: bool = False) -> Iterator[Connection]:
    """Lend a connection: a new one costs PostgreSQL more than what most tests do with it."""
    idle = _idle.setdefault((url, autocommit), [])
    connection = (
        idle.pop()
        if idle
        else psycopg.connect(
            url, autocommit=autocommit, row_factory=dict_row, prepare_threshold=None
        )
    )
    try:
        yield connection
        connection.commit()
    finally:
        connection.rollback()  # nothing, after a commit
        idle.append(connection)


def _close_idle(url: str) -> None:
    for autocommit in (True, False):
        for connection in _idle.pop((url, autocommit), []):
            connection.close()


def run_scripts(url: str, paths: Sequence[Path], role: str | None = None) -> None:
    """Run SQL files, one transaction each, as the given role."""
    with psycopg.connect(url, autocommit=True) as connection:
        if role:
            connection.execute("select set_config('role', %s, false)", [role])
        for path in paths:
            with connection.transaction():
                connection.execute(path.read_bytes())


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
        "insert into auth.users (id, email, raw_user_meta_data) values (%s, %s, %s)",
        *(person.user_id, person.email, json.dumps({"first_name": first_name})),
    )
    return person


def new_mail(url: str, person: Person, **columns: object) -> UUID:
    """Put a mail into the outbox; return its id."""
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


def mail_row(url: str, mail_id: object) -> Row:
    """Read one mail of the outbox."""
    (row,) = look(url, "select * from public.email_logs where id = %s", mail_id)
    return row


def claim(url: str, *ids: UUID, seconds: int = 60) -> list[Row]:
    """Lease mails as a sender does."""
    return rows(url, WORKER, "claim_emails", p_ids=list(ids), p_lease_seconds=seconds)


def bind(url: str, *ids: UUID) -> UUID:
    """Lease mails and bind them into a send group; return the token of the lease."""
    token: UUID = claim(url, *ids)[0]["lease_token"]
    assert rows(url, WORKER, "form_send_group", p_lease_token=token, p_ids=list(ids))
    return token


@contextmanager
def acting_as(url: str, actor: Actor) -> Iterator[Connection]:
    """Open one transaction as PostgREST does for a request by the actor."""
    claims = {"role": actor.role, "sub": str(actor.user_id)} if actor.user_id else {}
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
    """Call a function in its own transaction; return its rows."""
    with acting_as(url, actor) as connection:
        return invoke(connection, function, **params)


def call(url: str, actor: Actor, function: str, **params: object) -> Any:
    """Call a function that returns one value."""
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
    """Return the parameters of `request_match`."""
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
        waiting = (
            "select 1 from pg_stat_activity where datname = current_database()"
            " and cardinality(pg_blocking_pids(pid)) > 0"
        )
        deadline = time.monotonic() + 10
        while not running.done() and not look(url, waiting) and time.monotonic() < deadline:
            pass
        first.commit()
        return running.result()[0]


class DirectDatabase(Database):
    """What PostgREST answers to a worker, without PostgREST."""

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
    is_json = isinstance(value, list) and value and isinstance(value[0], dict)
    return Jsonb(value) if is_json else value
