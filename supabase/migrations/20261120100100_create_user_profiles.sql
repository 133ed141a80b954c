create table if not exists public.user_profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    email text,
    first_name text,
    last_name text,
    timezone text not null default 'UTC',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- `at time zone` fails on a name that PostgreSQL does not know.
    constraint user_profiles_timezone_known
    check ((timestamptz '2000-01-01 00:00:00+00' at time zone timezone) is not null)
);
comment on table public.user_profiles is
'One row per account, made with it. The address never leaves the database through a user''s hands.';

alter table public.user_profiles enable row level security;

revoke all on public.user_profiles from public, anon, authenticated, service_role;
grant select (id, first_name, last_name, timezone, created_at, updated_at)
on public.user_profiles to authenticated;
grant select on public.user_profiles to service_role;

drop policy if exists user_profiles_read_own on public.user_profiles;
create policy user_profiles_read_own on public.user_profiles
for select to authenticated
using (id = (select auth.uid()));
