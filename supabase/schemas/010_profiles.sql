create table public.user_profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    email text,
    first_name text,
    last_name text,
    timezone text not null default 'UTC',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- The functions know the names; PostgreSQL's own table may be older than theirs.
    constraint user_profiles_timezone_is_a_name
    check (timezone ~ '^[A-Za-z][A-Za-z0-9_+/-]{1,63}$')
);
comment on table public.user_profiles is
'One row per account, created with it.';
comment on column public.user_profiles.email is
'Only once Supabase Auth has confirmed it: nothing is sent to an address that was merely claimed.';

-- A claim looks up each recipient. A hash index costs one page above the row, a tree two or three.
create index user_profiles_id_hash
on public.user_profiles using hash (id);

-- No policy: users read profiles through functions.
alter table public.user_profiles enable row level security;

grant select on public.user_profiles to service_role;

create function private.keep_user_profile()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    insert into public.user_profiles (id, email, first_name, last_name)
    values (
        new.id,
        case when new.email_confirmed_at is not null then new.email end,
        nullif(left(btrim(new.raw_user_meta_data ->> 'first_name'), 100), ''),
        nullif(left(btrim(new.raw_user_meta_data ->> 'last_name'), 100), '')
    )
    on conflict (id) do update
        set
            email = excluded.email,
            updated_at = now();
    return null;
end;
$$;
comment on function private.keep_user_profile is
'Security definer because the role of Supabase Auth writes auth.users and may not write profiles.';

create trigger keep_user_profile
after insert or update of email, email_confirmed_at on auth.users
for each row execute function private.keep_user_profile();

-- Accounts that are older than the trigger.
insert into public.user_profiles (id, email, first_name, last_name)
select
    registered.id,
    case when registered.email_confirmed_at is not null then registered.email end as email,
    nullif(left(btrim(registered.raw_user_meta_data ->> 'first_name'), 100), '') as first_name,
    nullif(left(btrim(registered.raw_user_meta_data ->> 'last_name'), 100), '') as last_name
from auth.users as registered;

create function private.caller_id()
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
    v_id uuid;
begin
    select profile.id into v_id
    from public.user_profiles as profile
    where profile.id = (select auth.uid());
    if v_id is null then
        raise exception 'unauthenticated' using errcode = 'WA001';
    end if;
    return v_id;
end;
$$;
comment on function private.caller_id is
'The user who calls. A token may outlive its account, so the profile must still exist.';

create function private.take_turn_as(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
    perform from public.user_profiles where id = p_user_id for no key update;
    if not found then
        raise exception 'unauthenticated' using errcode = 'WA001';
    end if;
end;
$$;
comment on function private.take_turn_as is
'Makes the creating requests of a user take turns. The account may have been deleted while this
one waited.';

create function private.display_name(p_user_id uuid)
returns text
language sql
stable
set search_path = ''
as $$
    select coalesce(nullif(btrim(profile.first_name), ''), 'Someone')
    from public.user_profiles as profile
    where profile.id = p_user_id;
$$;
