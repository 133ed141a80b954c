-- The tables of Supabase Auth, as in a hosted project: its column names, owner and grants. The
-- stand-in in local/auth uses them. The superuser runs this after supabase.sql. Running it again
-- is safe, and adds what an older stack lacks.
-- https://github.com/supabase/auth/tree/master/migrations

do $role$
begin
    lock table pg_catalog.pg_authid in share row exclusive mode;
    if not exists (select from pg_roles where rolname = 'supabase_auth_admin') then
        create role supabase_auth_admin login noinherit createrole;
        alter role supabase_auth_admin set search_path = 'auth';
    end if;
end;
$role$;

grant all on schema auth to supabase_auth_admin;
-- The stand-in hashes passwords in the database; Supabase Auth does it in its own process.
grant usage on schema extensions to supabase_auth_admin;
create extension if not exists pgcrypto with schema extensions;

alter table auth.users
add column if not exists instance_id uuid,
add column if not exists encrypted_password varchar(255),
add column if not exists invited_at timestamptz,
add column if not exists confirmation_token varchar(255),
add column if not exists confirmation_sent_at timestamptz,
add column if not exists recovery_token varchar(255),
add column if not exists recovery_sent_at timestamptz,
add column if not exists email_change varchar(255),
add column if not exists email_change_token_new varchar(255),
add column if not exists email_change_token_current varchar(255) default '',
add column if not exists email_change_confirm_status smallint default 0
check (email_change_confirm_status between 0 and 2),
add column if not exists email_change_sent_at timestamptz,
add column if not exists last_sign_in_at timestamptz,
add column if not exists is_super_admin boolean,
add column if not exists phone text default null unique,
add column if not exists phone_confirmed_at timestamptz,
add column if not exists phone_change text default '',
add column if not exists phone_change_token varchar(255) default '',
add column if not exists phone_change_sent_at timestamptz,
add column if not exists confirmed_at timestamptz
generated always as (least(email_confirmed_at, phone_confirmed_at)) stored,
add column if not exists banned_until timestamptz,
add column if not exists reauthentication_token varchar(255) default '',
add column if not exists reauthentication_sent_at timestamptz,
add column if not exists is_sso_user boolean not null default false,
add column if not exists is_anonymous boolean not null default false,
add column if not exists deleted_at timestamptz;

do $types$
begin
    if to_regtype('auth.aal_level') is null then
        create type auth.aal_level as enum ('aal1', 'aal2', 'aal3');
    end if;
    if to_regtype('auth.one_time_token_type') is null then
        create type auth.one_time_token_type as enum (
            'confirmation_token',
            'reauthentication_token',
            'recovery_token',
            'email_change_token_new',
            'email_change_token_current',
            'phone_change_token'
        );
    end if;
end;
$types$;

create table if not exists auth.identities (
    id uuid primary key default gen_random_uuid(),
    provider_id text not null,
    user_id uuid not null references auth.users (id) on delete cascade,
    identity_data jsonb not null,
    -- Supabase's name.
    provider text not null, -- noqa: RF04
    last_sign_in_at timestamptz,
    created_at timestamptz,
    updated_at timestamptz,
    email text generated always as (lower(identity_data ->> 'email')) stored,
    unique (provider_id, provider)
);
create index if not exists identities_user_id_idx on auth.identities (user_id);

create table if not exists auth.sessions (
    id uuid primary key,
    user_id uuid not null references auth.users (id) on delete cascade,
    created_at timestamptz,
    updated_at timestamptz,
    factor_id uuid,
    aal auth.aal_level,
    not_after timestamptz,
    -- In UTC without a time zone, as in Supabase Auth.
    refreshed_at timestamp,
    user_agent text,
    ip inet,
    tag text
);
create index if not exists sessions_user_id_idx on auth.sessions (user_id);
create index if not exists sessions_not_after_idx on auth.sessions (not_after desc);
create index if not exists user_id_created_at_idx on auth.sessions (user_id, created_at);

create table if not exists auth.refresh_tokens (
    id bigserial primary key,
    instance_id uuid,
    token varchar(255) unique,
    -- Text, as in Supabase Auth.
    user_id varchar(255),
    revoked boolean,
    created_at timestamptz,
    updated_at timestamptz,
    parent varchar(255),
    session_id uuid references auth.sessions (id) on delete cascade
);
create index if not exists refresh_tokens_parent_idx on auth.refresh_tokens (parent);
create index if not exists refresh_tokens_session_id_revoked_idx
on auth.refresh_tokens (session_id, revoked);

create table if not exists auth.mfa_amr_claims (
    id uuid primary key default gen_random_uuid(),
    session_id uuid not null references auth.sessions (id) on delete cascade,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    authentication_method text not null,
    unique (session_id, authentication_method)
);

create table if not exists auth.one_time_tokens (
    id uuid primary key,
    user_id uuid not null references auth.users (id) on delete cascade,
    token_type auth.one_time_token_type not null,
    token_hash text not null check (char_length(token_hash) > 0),
    relates_to text not null,
    created_at timestamp not null default now(),
    updated_at timestamp not null default now(),
    unique (user_id, token_type)
);
create index if not exists one_time_tokens_token_hash_hash_idx
on auth.one_time_tokens using hash (token_hash);
create index if not exists one_time_tokens_relates_to_hash_idx
on auth.one_time_tokens using hash (relates_to);

do $owned$
declare
    v_table regclass;
begin
    foreach v_table in array array[
        'auth.users', 'auth.identities', 'auth.sessions', 'auth.refresh_tokens',
        'auth.mfa_amr_claims', 'auth.one_time_tokens'
    ]::regclass[]
    loop
        execute format('alter table %s owner to supabase_auth_admin', v_table);
        execute format('alter table %s enable row level security', v_table);
        -- Allows rows and triggers, but no changes of columns or policies.
        execute format('grant all on %s to postgres', v_table);
        execute format('grant select on %s to postgres with grant option', v_table);
    end loop;
end;
$owned$;
