-- What a hosted Supabase project provides before the first migration runs.
-- Run by the superuser of a cluster made with `initdb --username=supabase_admin`, in the database
-- that the product uses; the migrations then run as `postgres`, which is no superuser, as there.
-- May be run again, and in a second database of the same cluster.

do $roles$
declare
    v_role record;
begin
    -- Two databases of one cluster may be prepared at once; roles belong to the cluster.
    perform pg_advisory_xact_lock(hashtextextended('supabase.sql', 0));
    for v_role in
        select wanted.rolname, wanted.attributes
        from (
            values
            ('postgres', 'login createdb createrole replication bypassrls'),
            ('anon', 'nologin noinherit'),
            ('authenticated', 'nologin noinherit'),
            ('service_role', 'nologin noinherit bypassrls'),
            ('authenticator', 'login noinherit')
        ) as wanted (rolname, attributes)
        where wanted.rolname not in (select present.rolname from pg_roles as present)
    loop
        execute format('create role %I %s', v_role.rolname, v_role.attributes);
    end loop;
    execute 'grant anon, authenticated, service_role to authenticator, postgres';
    execute format('alter database %I owner to postgres', current_database());
end;
$roles$;

-- The limits a hosted project puts on a request.
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';

-- A hosted project opens every new table and function in `public` to these three roles. Having the
-- same here shows a forgotten revoke.
grant usage on schema public to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema public
grant all on functions to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema public
grant all on sequences to postgres, anon, authenticated, service_role;

create schema if not exists auth;
grant usage on schema auth to postgres, anon, authenticated, service_role;

create table if not exists auth.users (
    id uuid primary key default gen_random_uuid(),
    aud varchar(255) default 'authenticated',
    -- Supabase's name.
    role varchar(255) default 'authenticated', -- noqa: RF04
    email varchar(255) unique,
    raw_app_meta_data jsonb,
    raw_user_meta_data jsonb,
    created_at timestamptz default now(),
    updated_at timestamptz default now()
);
comment on table auth.users is 'The part of Supabase Auth''s table that the product reads.';
grant all on auth.users to postgres;

create or replace function auth.jwt()
returns jsonb
language sql
stable
as $$
    select nullif(current_setting('request.jwt.claims', true), '')::jsonb;
$$;

create or replace function auth.uid()
returns uuid
language sql
stable
as $$
    select (auth.jwt() ->> 'sub')::uuid;
$$;

create or replace function auth.role()
returns text
language sql
stable
as $$
    select auth.jwt() ->> 'role';
$$;
