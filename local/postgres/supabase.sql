-- All that a hosted Supabase project has before the first migration runs.
-- The superuser `supabase_admin` runs this in the database that the product uses. Migrations then
-- run as `postgres`, which is no superuser, as on a hosted project.
-- It may run again, and in a second database of the same cluster.

do $roles$
declare
    v_role record;
begin
    -- Two databases of one cluster may be prepared at once, and roles belong to the cluster. An
    -- advisory lock would hold in one database only.
    lock table pg_catalog.pg_authid in share row exclusive mode;
    for v_role in
        select wanted.rolname, wanted.attributes, wanted.patience
        from (
            values
            ('postgres', 'login createdb createrole replication bypassrls', null),
            ('anon', 'nologin noinherit', '3s'),
            ('authenticated', 'nologin noinherit', '8s'),
            ('service_role', 'nologin noinherit bypassrls', null),
            ('authenticator', 'login noinherit', '8s')
        ) as wanted (rolname, attributes, patience)
        where wanted.rolname not in (select present.rolname from pg_roles as present)
    loop
        execute format('create role %I %s', v_role.rolname, v_role.attributes);
        -- The limits of a new project. Only here: a migration may have set others since.
        if v_role.patience is not null then
            execute format(
                'alter role %I set statement_timeout = %L', v_role.rolname, v_role.patience
            );
        end if;
        if v_role.rolname = 'authenticator' then
            alter role authenticator set lock_timeout = '8s';
        end if;
    end loop;
    execute 'grant anon, authenticated, service_role to authenticator';
    -- A hosted project lets `postgres` change settings of these roles, and those of PostgREST.
    execute 'grant anon, authenticated, service_role, authenticator to postgres with admin option';
    execute 'grant set on parameter pgrst.db_pre_request to postgres';
    execute format('alter database %I owner to postgres', current_database());
end;
$roles$;

-- A hosted project opens every new table, function and sequence in `public` to these three roles.
grant usage on schema public to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema public
grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema public
grant all on functions to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema public
grant all on sequences to postgres, anon, authenticated, service_role;

-- Extensions lie in a schema of their own. A hosted project lets `postgres` create PostGIS, which
-- PostgreSQL itself allows to superusers only, so that it is created here.
create schema if not exists extensions;
alter schema extensions owner to postgres;
grant usage on schema extensions to anon, authenticated, service_role;
create extension if not exists postgis with schema extensions;

create schema if not exists auth;
grant usage on schema auth to postgres, anon, authenticated, service_role;

create table if not exists auth.users (
    id uuid primary key default gen_random_uuid(),
    aud varchar(255) default 'authenticated',
    -- Supabase's name.
    role varchar(255) default 'authenticated', -- noqa: RF04
    email varchar(255) unique,
    email_confirmed_at timestamptz,
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
