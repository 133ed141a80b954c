"""A WingmanMatch database, made by hand in the shape of its first migration."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
from psycopg.conninfo import make_conninfo

from local.wingmanmatch import __main__ as wingmanmatch
from local.wingmanmatch.__main__ import Line
from tests.integration.connections import Row
from tests.integration.database import Person, look
from tests.integration.own_database import SCHEMAS, SUPABASE, run_scripts

_TABLES = """
create table public.user_profiles (
    id uuid primary key default gen_random_uuid(), email text, first_name text, last_name text,
    bio text, photo_url text, experience_level varchar(50) default 'beginner',
    confidence_archetype text, created_at timestamptz default now(),
    updated_at timestamptz default now()
);
create table public.user_locations (
    user_id uuid primary key references public.user_profiles (id) on delete cascade,
    lat decimal(10, 8) not null, lng decimal(11, 8) not null
);
create table public.wingman_matches (
    id uuid primary key default gen_random_uuid(),
    user1_id uuid not null references public.user_profiles (id) on delete cascade,
    user2_id uuid not null references public.user_profiles (id) on delete cascade,
    status varchar(50) default 'pending', user1_reputation integer default 0,
    user2_reputation integer default 0, created_at timestamptz default now()
);
create table public.approach_challenges (
    id uuid primary key default gen_random_uuid(), difficulty varchar(50) not null,
    title varchar(200) not null, description text, points integer default 10,
    created_at timestamptz default now()
);
create table public.wingman_sessions (
    id uuid primary key default gen_random_uuid(),
    match_id uuid not null references public.wingman_matches (id) on delete cascade,
    user1_challenge_id uuid references public.approach_challenges (id),
    user2_challenge_id uuid references public.approach_challenges (id),
    venue_name varchar(200), scheduled_time timestamptz, status varchar(50) default 'scheduled',
    completed_at timestamptz, user1_completed_confirmed_by_user2 boolean default false,
    user2_completed_confirmed_by_user1 boolean default false, notes text,
    created_at timestamptz default now()
);
create function public.haversine_miles(decimal, decimal, decimal, decimal) returns numeric
language sql as 'select 0::numeric';
alter table public.user_profiles enable row level security;
create policy "Users can view their own profile" on public.user_profiles
for select to authenticated using ((select auth.uid()) = id);
"""
NOW = datetime.now(UTC)
DAY = timedelta(days=1)


class Old:
    """The old database; each method stores a row and returns its id."""

    def __init__(self, url: str) -> None:
        self.url = url
        # An operator's role, which is not a superuser.
        self.as_postgres = make_conninfo(url, options="-c role=postgres")
        run_scripts(url, SUPABASE)
        self._run(_TABLES)

    def _run(self, statement: str, *values: object) -> None:
        with psycopg.connect(self.as_postgres, autocommit=True) as connection:
            connection.execute(statement.encode(), values or None)

    def _insert(self, table: str, **columns: object) -> UUID:
        row = {"id": uuid4()} | columns
        marks = ", ".join(["%s"] * len(row))
        self._run(f"insert into {table} ({', '.join(row)}) values ({marks})", *row.values())  # noqa: S608
        return UUID(str(row["id"]))

    def user(self, first_name: str | None = None, *, account: bool = True) -> Person:
        person = Person("authenticated", uuid4(), f"{uuid4().hex}@example.com")
        if account:
            self._run(
                "insert into auth.users (id, email, email_confirmed_at) values (%s, %s, now())",
                *(person.user_id, person.email),
            )
        self._insert(
            "public.user_profiles",
            id=person.user_id,
            email=person.email,
            first_name=first_name,
            created_at=NOW - 400 * DAY,
        )
        return person

    def match(self, first: Person, second: Person, **columns: object) -> UUID:
        users = {"user1_id": first.user_id, "user2_id": second.user_id, "status": "accepted"}
        return self._insert("public.wingman_matches", **(users | columns))

    def session(self, match_id: UUID, start: timedelta, **columns: object) -> UUID:
        plan = {"match_id": match_id, "venue_name": "Café", "scheduled_time": NOW + start}
        return self._insert("public.wingman_sessions", **(plan | columns))

    def challenge(self, title: str, **columns: object) -> UUID:
        facts = {"title": title, "difficulty": "beginner", "description": "Say hello."}
        return self._insert("public.approach_challenges", **(facts | columns))

    def take_over(self) -> dict[tuple[str, str], int]:
        """Migrate if need be, and copy; return the number of rows by kind and outcome."""
        if not look(self.url, "select 1 where to_regclass('public.challenges') is not null"):
            wingmanmatch.prepare(self.as_postgres)
            run_scripts(self.url, SCHEMAS, role="postgres")
        return counted(wingmanmatch.take_over(self.as_postgres))

    def profile(self, person: Person) -> Row:
        assert person.user_id is not None
        return self.row("user_profiles", person.user_id)

    def row(self, table: str, row_id: UUID) -> Row:
        (row,) = look(self.url, f"select * from public.{table} where id = %s", row_id)  # noqa: S608
        return row


def counted(report: Sequence[Line]) -> dict[tuple[str, str], int]:
    return {(line.kind, line.outcome): line.rows for line in report}
