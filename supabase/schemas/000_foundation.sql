-- These files describe the database. Concatenated in the order of their names they build it, and
-- each object is defined in one of them. docs/decisions/016-schemas.md says how a database that
-- already exists is changed.

-- A hosted project opens each new table, function and sequence in `public` to these roles, and
-- PostgreSQL opens each new function to everyone. Here an object is closed until a grant opens it.
alter default privileges revoke execute on functions from public;
alter default privileges in schema public
revoke all on functions from anon, authenticated, service_role;
alter default privileges in schema public
revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public
revoke all on sequences from anon, authenticated, service_role;

-- A hosted project has the schema, and its roles may use what is in it.
create extension if not exists postgis with schema extensions;
create extension if not exists pg_trgm with schema extensions;

-- PostgREST serves `public` alone, so what lies here is reached only through functions in `public`.
create schema private;
comment on schema private is 'Not exposed: tables and helpers behind the functions in public.';

-- The worker functions run as service_role itself and call helpers in here.
grant usage on schema private to service_role;

create function private.stamp_update()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    new.updated_at := now();
    return new;
end;
$$;

-- Without a search_path and no more than stable, as to_char is: so PostgreSQL inlines it.
create function private.iso_utc(p_time timestamptz)
returns text
language sql
stable
as $$
    select to_char(p_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
$$;

create function private.check_length(p_length integer, p_most integer)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
    if p_length > p_most then
        raise exception 'argument_too_long' using errcode = 'WA004';
    end if;
end;
$$;
comment on function private.check_length is
'Refuses an argument that is longer than the API would send. Each function for users asks this about
each of its texts, arrays and documents before it does anything with them.';

create function public.ping()
returns timestamptz
language sql
stable
set search_path = ''
as $$
    select now();
$$;
comment on function public.ping is 'The database answers: for the health check.';
grant execute on function public.ping to anon, authenticated, service_role;

create function public.ping_as_service_role()
returns timestamptz
language sql
stable
set search_path = ''
as $$
    select now();
$$;
comment on function public.ping_as_service_role is
'The key in use acts as service_role: for the health check. Any key may call ping.';
grant execute on function public.ping_as_service_role to service_role;
