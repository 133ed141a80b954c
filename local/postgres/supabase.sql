-- Everything that a hosted Supabase project has before the first migration.
-- The superuser `supabase_admin` runs this in the product's database. Migrations then run as
-- `postgres`, which is not a superuser, as in a hosted project.
-- Running it again is safe, also in a second database of the same cluster.

do $roles$
declare
    v_role record;
begin
    -- Roles belong to the cluster, and two of its databases may be prepared concurrently. An
    -- advisory lock would cover only one database.
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
        -- The limits of a new project. Only for new roles: a migration may have changed them.
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
    -- A hosted project lets `postgres` change the settings of these roles and of PostgREST.
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

-- Extensions have their own schema. A hosted project lets `postgres` create PostGIS. PostgreSQL
-- itself requires a superuser, so it is created here.
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
