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
    check (timezone ~ '^[A-Za-z][A-Za-z0-9_+/-]{1,63}$'),
    constraint user_profiles_first_name_length check (char_length(first_name) <= 100),
    constraint user_profiles_last_name_length check (char_length(last_name) <= 100)
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

create function private.first_words(p_metadata jsonb, variadic p_keys text[])
returns text
language sql
immutable
set search_path = ''
as $$
    select btrim(p_metadata ->> spelling.entry)
    from unnest(p_keys) with ordinality as spelling (entry, place)
    where jsonb_typeof(p_metadata -> spelling.entry) = 'string'
        and btrim(p_metadata ->> spelling.entry) <> ''
    order by spelling.place
    limit 1;
$$;

create function private.flaw_of_name(p_name text)
returns text
language sql
immutable
set search_path = ''
as $$
    select case
        when char_length(p_name) > 100 then 'must have at most 100 characters'
        when regexp_count(normalize(p_name, nfkc), '[0-9]') > 6
            then 'must not contain a phone number'
        else private.flaw_of_words(p_name)
    end;
$$;

create function private.names_in(
    p_metadata jsonb, out first_name text, out last_name text
)
language plpgsql
immutable
set search_path = ''
as $$
declare
    v_full constant text := private.first_words(
        p_metadata, 'full_name', 'name', 'display_name', 'displayName', 'fullName'
    );
    v_first constant text := split_part(v_full, ' ', 1);
begin
    first_name := coalesce(
        private.first_words(p_metadata, 'first_name', 'given_name', 'firstName', 'givenName'),
        v_first
    );
    last_name := coalesce(
        private.first_words(p_metadata, 'last_name', 'family_name', 'lastName', 'familyName'),
        nullif(btrim(substr(v_full, char_length(v_first) + 1)), '')
    );
    if private.flaw_of_name(first_name) is not null then
        first_name := null;
    end if;
    if private.flaw_of_name(last_name) is not null then
        last_name := null;
    end if;
end;
$$;
comment on function private.names_in is
'The names in the metadata of an account, which its owner or a provider such as Google or Apple
writes. A name that the API would refuse is no name.';

create function private.keep_user_profile()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_names constant record := private.names_in(new.raw_user_meta_data);
    -- The API has checked the name that it wrote.
    v_timezone constant text := substring(
        private.first_words(new.raw_user_meta_data, 'timezone')
        from '^[A-Za-z][A-Za-z0-9_+/-]{1,63}$'
    );
    v_renamed boolean := true;
begin
    -- A provider repeats its metadata at each login. Only a new name replaces one chosen since.
    if tg_op = 'UPDATE' then
        v_renamed := v_names is distinct from private.names_in(old.raw_user_meta_data);
    end if;
    insert into public.user_profiles as profile (id, email, first_name, last_name, timezone)
    values (
        new.id,
        case when new.email_confirmed_at is not null then new.email end,
        v_names.first_name,
        v_names.last_name,
        coalesce(v_timezone, 'UTC')
    )
    on conflict (id) do update
        set
            email = excluded.email,
            first_name = case when v_renamed then excluded.first_name else profile.first_name end,
            last_name = case when v_renamed then excluded.last_name else profile.last_name end,
            updated_at = now()
        where profile.email is distinct from excluded.email or v_renamed;
    return null;
end;
$$;
comment on function private.keep_user_profile is
'Security definer because the role of Supabase Auth writes auth.users and may not write profiles.';

create trigger keep_user_profile
after insert or update of email, email_confirmed_at, raw_user_meta_data on auth.users
for each row execute function private.keep_user_profile();

-- Accounts that are older than the trigger.
insert into public.user_profiles (id, email, first_name, last_name)
select
    registered.id,
    case when registered.email_confirmed_at is not null then registered.email end as email,
    given.first_name,
    given.last_name
from auth.users as registered
cross join lateral private.names_in(registered.raw_user_meta_data) as given;

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

create function private.user_json(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', profile.id,
        'first_name', profile.first_name,
        'last_name', profile.last_name,
        'timezone', profile.timezone,
        'created_at', private.iso_utc(profile.created_at)
    )
    from public.user_profiles as profile
    where profile.id = p_user_id;
$$;

create function public.get_user()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select private.user_json(private.caller_id());
$$;
comment on function public.get_user is
'The caller''s names and timezone. Security definer because users have no grant on profiles.';
grant execute on function public.get_user to authenticated;

create function public.update_user(
    p_first_name text, p_last_name text, p_timezone text, p_changes text[]
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(char_length(p_first_name), 100);
    perform private.check_length(char_length(p_last_name), 100);
    perform private.check_length(char_length(p_timezone), 100);
    perform private.check_length(pg_column_size(p_changes), 200);
    perform private.refuse_flaw('first_name', private.flaw_of_name(p_first_name));
    perform private.refuse_flaw('last_name', private.flaw_of_name(p_last_name));
    update public.user_profiles as changed
    set
        first_name = case
            when 'first_name' = any(p_changes) then p_first_name else changed.first_name
        end,
        last_name = case
            when 'last_name' = any(p_changes) then p_last_name else changed.last_name
        end,
        timezone = case
            when 'timezone' = any(p_changes) then p_timezone else changed.timezone
        end,
        updated_at = now()
    where changed.id = v_caller;
    return private.user_json(v_caller);
exception
    when check_violation or not_null_violation then
        raise exception 'unknown_timezone' using errcode = 'WN001';
end;
$$;
comment on function public.update_user is
'Changes the fields of the caller''s profile that p_changes names.
Security definer because users write no table.';
grant execute on function public.update_user to authenticated;
