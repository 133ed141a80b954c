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

-- Users call the API, not PostgREST: PostgREST answers them only when the request has the key that
-- our functions send (docs/decisions/022-backend-key.md).

create table private.backend_keys (
    key_hash text primary key,
    accepted_at timestamptz not null default clock_timestamp(),
    constraint backend_keys_sha256 check (key_hash ~ '^[0-9a-f]{64}$')
);
comment on table private.backend_keys is
'SHA-256 of the keys that are accepted: the newest, and the one before it during a rotation.';

alter table private.backend_keys enable row level security;

create function public.check_backend_key()
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_headers constant json := nullif(current_setting('request.headers', true), '')::json;
    v_key constant text := coalesce(v_headers ->> 'x-backend-key', '');
begin
    -- service_role is the secret key's own, which already bypasses row-level security.
    if current_setting('role') = 'service_role' then
        return;
    end if;
    perform from private.backend_keys as accepted
    where accepted.key_hash = encode(sha256(convert_to(v_key, 'UTF8')), 'hex');
    if not found then
        raise exception 'backend_key_required' using errcode = 'PT403';
    end if;
end;
$$;
comment on function public.check_backend_key is
'Refuses a request without an accepted key. PostgREST calls it before each request, as the role of
the request. Security definer because users have no grant on the keys.';
grant execute on function public.check_backend_key to anon, authenticated, service_role;

create function public.accept_backend_key(p_key_hash text, p_alone boolean default false)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
begin
    insert into private.backend_keys as accepted (key_hash)
    values (p_key_hash)
    on conflict (key_hash) do update set accepted_at = clock_timestamp();
    delete from private.backend_keys as older
    where older.key_hash not in (
        select newest.key_hash
        from private.backend_keys as newest
        order by newest.accepted_at desc
        limit case when p_alone then 1 else 2 end
    );
    return (select count(*)::integer from private.backend_keys);
end;
$$;
comment on function public.accept_backend_key is
'Accepts a key from now on, and the newest of the others unless it is to be alone. Returns how many
keys are accepted. Security definer because service_role has no grant on the keys.';
grant execute on function public.accept_backend_key to service_role;

-- As https://supabase.com/docs/guides/api/securing-your-api has it. By `execute`, because sqlfluff
-- cannot parse a dotted name.
do $role$
begin
    execute 'alter role authenticator set pgrst.db_pre_request = ''public.check_backend_key''';
end;
$role$;
notify pgrst, 'reload config';

-- PostgREST applies these to each request of the role. A call takes milliseconds, and the API waits
-- 5 s for it: a statement ends before its caller has left, and a waiting one does not keep a
-- connection of the pool from others.
alter role anon set statement_timeout = '2s';
alter role anon set lock_timeout = '1s';
alter role authenticated set statement_timeout = '3s';
alter role authenticated set lock_timeout = '2s';
notify pgrst, 'reload config';

-- Names and places are shown to others, and sent to them from our domain. They must not be empty to
-- the eye, contain links, or imitate other names: docs/decisions/025-words-of-strangers.md.

create function private.flaw_of_words(p_text text, p_free boolean default false)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
    -- A fullwidth letter becomes a letter here, and a one-dot leader a full stop.
    v_text constant text := normalize(p_text, nfkc);
    v_lines constant text := case when p_free then translate(p_text, e'\t\n\r', '   ') else p_text end;
    -- Controls, default ignorable code points, Hangul fillers, blank symbols, directions, private use
    -- and noncharacters.
    v_invisible constant text := '[\u0001-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4'
        '\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ue000-\uf8ff'
        '\ufdd0-\ufdef\ufeff\uffa0\ufff0-\uffff\U00016fe4\U0001bca0-\U0001bca3\U0001d159'
        '\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U0010ffff]';
    -- Joiners and variation selectors belong to emoji and to scripts behind Latin.
    v_joiner constant text := '[\u180b-\u180d\u180f\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]';
    v_marks constant text := '\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f';
    v_no_letters constant text := '\s!-/:-@\[-`{-~\u00a0-\u00a9\u00ab-\u00b4\u00b6-\u00b9'
        '\u00bb-\u00bf\u1680\u2000-\u205f\u3000-\u3003\u3008-\u3020';
    v_latin constant text := 'A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u1d00-\u1d25\u1d2c-\u1dbf'
        '\u1e00-\u1eff\u2c60-\u2c7f\ua722-\ua7ff\uab30-\uab64\uab66-\uab6f';
    v_greek constant text := '\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386-\u03ff'
        '\u1d26-\u1d2a\u1f00-\u1fff\uab65';
    v_cyrillic constant text := '\u0400-\u0482\u048a-\u052f\u1c80-\u1c8f\u1d2b\ua640-\ua69f';
    -- The scripts of neither these nor East Asia.
    v_others constant text := '\u0531-\u10ff\u1200-\u17b3\u1800-\u1aaf\u1b00-\u1c7f\u1c90-\u1cff'
        '\u2c00-\u2c5f\u2c80-\u2ddf\ua4d0-\ua63f\ua6a0-\ua6ff\ua800-\ua95f\ua980-\uab2f\uab70-\uabff'
        '\ufb13-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc\U00010280-\U00016eff';
    -- It may stand between two letters of one word.
    v_inside constant text := concat('[', v_marks, '''’0-9\u2c7b-\u9fff\uac00-\ud7a3]*');
begin
    return case
        when v_lines ~ v_invisible
            or v_lines ~ concat('(^|[\u0001-\u024f])(?!\ufe0f\u20e3)', v_joiner)
            or v_lines ~ '[\u200c\u200d]([\u200c\u200d\s]|$)'
            then 'must not contain invisible characters'
        when v_text !~ concat('[^', v_no_letters, v_marks, ']')
            then 'must have a letter, a digit or a symbol'
        when p_free then null
        when v_text ~* '://|www[.]|mailto:'
            or v_text ~ concat('[^', v_no_letters, '][.][^0-9', v_no_letters, ']{2}')
            or v_text ~* '[a-z0-9]。[a-z]{2}'
            then 'must not contain a link; put a space after a full stop'
        when v_text ~ concat('[', v_latin, ']', v_inside, '[', v_greek, v_cyrillic, v_others, ']')
            or v_text ~ concat('[', v_greek, ']', v_inside, '[', v_latin, v_cyrillic, v_others, ']')
            or v_text ~ concat('[', v_cyrillic, ']', v_inside, '[', v_latin, v_greek, v_others, ']')
            or v_text ~ concat('[', v_others, ']', v_inside, '[', v_latin, v_greek, v_cyrillic, ']')
            then 'must not mix alphabets within a word'
    end;
end;
$$;
comment on function private.flaw_of_words is
'The reason to refuse a name or a place, or null. Whatever way it comes in, this decides. Free text
may have lines, links and any letters, but nothing hidden.';

create function private.refuse_flaw(p_field text, p_flaw text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
    if p_flaw is not null then
        raise exception 'refused_words' using
            errcode = 'WA003', detail = concat(p_field, ': ', p_flaw);
    end if;
end;
$$;
comment on function private.refuse_flaw is
'Refuses a request because of a field. The detail of the error is the field''s name and the flaw.';

create function private.request_id()
returns text
language sql
stable
set search_path = ''
as $$
    -- Cut to what an id may be: it is shown to operators, and sent back to the functions.
    select substring(
        nullif(current_setting('request.headers', true), '')::json ->> 'x-caller-request-id',
        '^[A-Za-z0-9_=.:-]{1,128}$'
    );
$$;
comment on function private.request_id is
'The id of the request or schedule that our functions serve with this call; null for any other.';
grant execute on function private.request_id to service_role;

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

-- Users as others see them. PL/pgSQL looks up the later functions when it runs. A rule about users
-- is written once, for many of them: a page asks about twenty with one statement.

create function private.existing_for(p_viewer_id uuid, p_user_ids uuid[])
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
begin
    return array(
        select asked.user_id
        from unnest(p_user_ids) as asked (user_id)
        where asked.user_id = p_viewer_id or exists (
            select
            from auth.users as account
            where account.id = asked.user_id
                and (account.banned_until is null or account.banned_until <= now())
                and not exists (
                    select
                    from private.blocks as block
                    where block.user_id = p_viewer_id and block.blocked_id = asked.user_id
                )
                and not exists (
                    select
                    from private.blocks as block
                    where block.user_id = asked.user_id and block.blocked_id = p_viewer_id
                )
                and (
                    not exists (
                        select
                        from private.hidden_profiles as hidden
                        where hidden.user_id = asked.user_id
                    )
                    or private.are_matched(p_viewer_id, asked.user_id)
                )
        )
    );
end;
$$;
comment on function private.existing_for is
'Those of the users who exist for another. Blocks hide both from each other, a ban hides from
everyone, and a hidden user exists only for their matches. visible_to also asks for a profile.';

create function private.exists_for(p_viewer_id uuid, p_user_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return p_user_id = any(private.existing_for(p_viewer_id, array[p_user_id]));
end;
$$;

create function private.display_name(p_viewer_id uuid, p_user_id uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
    return (
        select coalesce(
            (
                select shown.display_name
                from public.dog_profiles as shown
                where shown.user_id = p_user_id and private.may_see(p_viewer_id, p_user_id)
            ),
            nullif(btrim(profile.first_name), ''),
            'Someone'
        )
        from public.user_profiles as profile
        where profile.id = p_user_id
    );
end;
$$;
comment on function private.display_name is
'The name of a user for another: that of the profile if the other may see it, else the first name.';

create function private.partner_json(p_viewer_id uuid, p_user_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'user_id', p_user_id,
        'name', private.display_name(p_viewer_id, p_user_id),
        'photo_url', case when private.may_see(p_viewer_id, p_user_id)
            then private.photos_json(p_user_id) #>> '{0,thumbnail_url}'
        end
    );
end;
$$;
comment on function private.partner_json is
'How a match or a session shows the other user. A picture that a provider links to is not shown: its
server would learn who looks at whom.';

create table private.app_settings (
    only_row boolean primary key default true,
    max_daily_matches integer not null default 10,
    max_daily_plans integer not null default 10,
    max_daily_emails integer not null default 30,
    max_daily_submissions integer not null default 100,
    max_daily_photos integer not null default 60,
    max_daily_playgrounds integer not null default 20,
    max_daily_blocks integer not null default 100,
    max_daily_reports integer not null default 20,
    max_messages_in_ten_minutes integer not null default 1200,
    challenge_duration_days integer not null default 7,
    email_log_days integer not null default 180,
    notification_days integer not null default 90,
    attempt_days integer not null default 90,
    message_days integer,
    ended_conversation_days integer not null default 180,
    session_lead_minutes integer not null default 15,
    photo_seconds integer not null default 5,
    photos_url text not null default '',
    max_hourly_account_emails integer not null default 10,
    constraint app_settings_one_row check (only_row),
    constraint app_settings_max_daily_matches_positive check (max_daily_matches >= 0),
    constraint app_settings_max_daily_plans_positive check (max_daily_plans >= 0),
    constraint app_settings_max_daily_emails_positive check (max_daily_emails >= 0),
    constraint app_settings_max_daily_submissions_positive check (max_daily_submissions >= 0),
    constraint app_settings_max_daily_photos_positive check (max_daily_photos >= 0),
    constraint app_settings_max_daily_playgrounds_positive check (max_daily_playgrounds >= 0),
    constraint app_settings_max_daily_blocks_positive check (max_daily_blocks >= 0),
    constraint app_settings_max_daily_reports_positive check (max_daily_reports >= 0),
    constraint app_settings_max_messages_in_ten_minutes_positive
    check (max_messages_in_ten_minutes >= 1),
    constraint app_settings_challenge_duration_positive check (challenge_duration_days >= 0),
    constraint app_settings_email_log_days_positive check (email_log_days >= 30),
    constraint app_settings_notification_days_positive check (notification_days >= 7),
    constraint app_settings_attempt_days_positive check (attempt_days >= 7),
    constraint app_settings_message_days_positive check (message_days >= 30),
    constraint app_settings_ended_conversation_days_positive
    check (ended_conversation_days >= 30),
    constraint app_settings_max_hourly_account_emails_positive
    check (max_hourly_account_emails >= 0),
    constraint app_settings_session_lead_within_a_day
    check (session_lead_minutes between 0 and 1440),
    constraint app_settings_photo_seconds_positive check (photo_seconds > 0),
    constraint app_settings_photos_url_is_an_address
    check (photos_url = '' or photos_url ~ '^https?://[^[:space:]?#]+[^/[:space:]?#]$')
);
comment on table private.app_settings is
'Limits for any caller, because a user can call the functions without the API, and addresses that
the database puts into its answers.';

comment on column private.app_settings.max_daily_plans is
'Plans and moves of a meeting, by one user with one partner.';
comment on column private.app_settings.max_hourly_account_emails is
'Emails about one account, such as password resets, which anyone can ask for.';
comment on column private.app_settings.max_daily_emails is
'Emails that one user may cause one other.';
comment on column private.app_settings.max_messages_in_ten_minutes is
'By one user, in all conversations together.';
comment on column private.app_settings.message_days is
'How long messages are kept; null keeps them as long as their conversation.';
comment on column private.app_settings.ended_conversation_days is
'How long messages are kept for reports once a match has ended, and no user sees them.';
comment on column private.app_settings.photo_seconds is
'How long a worker may work on a photo; afterwards it counts as failed.';
comment on column private.app_settings.photos_url is
'Where the objects below public/ are served, without a slash at the end.';

alter table private.app_settings enable row level security;

insert into private.app_settings (only_row) values (true);

create table private.idempotency_keys (
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    -- Named like the header. PostgreSQL does not reserve the word.
    key text not null, -- noqa: RF04
    request_hash text not null,
    response jsonb not null,
    created_at timestamptz not null default now(),
    primary key (user_id, key),
    constraint idempotency_keys_length check (char_length(key) <= 255),
    constraint idempotency_keys_hash_length check (char_length(request_hash) <= 64)
);
comment on table private.idempotency_keys is
'The first answers to requests that create something, kept for 24 hours.';

create index idempotency_keys_created_at on private.idempotency_keys (created_at);

alter table private.idempotency_keys enable row level security;

create function private.check_idempotency_key(p_key text, p_hash text)
returns void
language sql
immutable
set search_path = ''
as $$
    select
        private.check_length(char_length(p_key), 255),
        private.check_length(char_length(p_hash), 64);
$$;

create function private.replayed_response(p_user_id uuid, p_key text, p_hash text)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_first private.idempotency_keys;
begin
    delete from private.idempotency_keys as stale
    where stale.user_id = p_user_id and stale.created_at <= now() - interval '24 hours';
    select stored.* into v_first
    from private.idempotency_keys as stored
    where stored.user_id = p_user_id and stored.key = p_key;
    if v_first.request_hash <> coalesce(p_hash, '') then
        raise exception 'idempotency_key_reused' using errcode = 'WA002';
    end if;
    return v_first.response;
end;
$$;
comment on function private.replayed_response is
'The first answer under this key, or null. The calling function holds a lock on the user''s profile
row, so a second use of the key waits until the first commits.';

create function private.remember_response(
    p_user_id uuid, p_key text, p_hash text, p_response jsonb
)
returns void
language sql
set search_path = ''
as $$
    insert into private.idempotency_keys (user_id, key, request_hash, response)
    select p_user_id, p_key, coalesce(p_hash, ''), p_response
    where p_key is not null;
$$;
comment on function private.remember_response is
'Keeps the first answer under a key, if there is a key.';

create function public.prune_idempotency_keys(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_pruned integer;
begin
    delete from private.idempotency_keys as stored
    where (stored.user_id, stored.key) in (
        select
            stale.user_id,
            stale.key
        from private.idempotency_keys as stale
        where stale.created_at <= now() - interval '24 hours'
        order by stale.created_at
        limit p_limit
        for update skip locked
    );
    get diagnostics v_pruned = row_count;
    return v_pruned;
end;
$$;
comment on function public.prune_idempotency_keys is
'Deletes up to p_limit answers older than 24 hours; the next request of the same user would, but may
never come. Security definer because service_role has no grant on them.';
grant execute on function public.prune_idempotency_keys to service_role;

-- A second limit behind those of the API, on what costs another user:
-- docs/decisions/022-backend-key.md.

create table private.pair_days (
    actor_id uuid not null references public.user_profiles (id) on delete cascade,
    partner_id uuid not null references public.user_profiles (id) on delete cascade,
    counted_on date not null,
    plan_count integer not null,
    email_count integer not null,
    primary key (actor_id, partner_id)
);
comment on table private.pair_days is
'The plans and emails that a user has caused another one, on the last day (UTC) with any.';

create index pair_days_of_partner
on private.pair_days (partner_id);

alter table private.pair_days enable row level security;

create function private.count_today(
    p_actor_id uuid, p_partner_id uuid, p_plans integer, p_emails integer
)
returns private.pair_days
language sql
set search_path = ''
as $$
    insert into private.pair_days as known (actor_id, partner_id, counted_on, plan_count, email_count)
    values (p_actor_id, p_partner_id, (now() at time zone 'UTC')::date, p_plans, p_emails)
    on conflict (actor_id, partner_id) do update
        set
            counted_on = excluded.counted_on,
            plan_count = excluded.plan_count + case
                when known.counted_on = excluded.counted_on then known.plan_count else 0
            end,
            email_count = excluded.email_count + case
                when known.counted_on = excluded.counted_on then known.email_count else 0
            end
    returning known.*;
$$;

create function private.seconds_until_tomorrow()
returns integer
language sql
stable
set search_path = ''
as $$
    select 86400 - extract(epoch from now() at time zone 'UTC')::bigint::integer % 86400;
$$;

create function private.count_plan(p_actor_id uuid, p_partner_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_today constant private.pair_days := private.count_today(p_actor_id, p_partner_id, 1, 0);
begin
    perform from private.app_settings as settings
    where v_today.plan_count > settings.max_daily_plans;
    if found then
        raise exception 'daily_plan_limit' using
            errcode = 'WS011', detail = private.seconds_until_tomorrow();
    end if;
end;
$$;
comment on function private.count_plan is
'Counts a plan or a move of a meeting of these two, and refuses one beyond the limit of a day.';

create function private.count_email(p_actor_id uuid, p_reader_id uuid)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    v_today private.pair_days;
begin
    if p_actor_id is null or p_actor_id = p_reader_id then
        return true;
    end if;
    -- A user who is deleting the account is gone already, and no limit may keep them.
    perform from public.user_profiles as actor where actor.id = p_actor_id;
    if not found then
        return true;
    end if;
    v_today := private.count_today(p_actor_id, p_reader_id, 0, 1);
    perform from private.app_settings as settings
    where v_today.email_count > settings.max_daily_emails;
    -- Nor may it keep the two in a match: nothing follows its end.
    if found and not private.has_ended(p_actor_id, p_reader_id) then
        raise exception 'daily_email_limit' using
            errcode = 'WN010', detail = private.seconds_until_tomorrow();
    end if;
    return true;
end;
$$;
comment on function private.count_email is
'Counts an email that one user causes another, and refuses the step beyond the limit of a day. True
otherwise, also for a step of a worker (no actor).';

create table private.user_days (
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    step text not null,
    counted_on date not null,
    step_count integer not null,
    primary key (user_id, step)
);
comment on table private.user_days is
'How often a user has taken a step on the last day (UTC) with any. Rows of a step cannot be counted:
they may be deleted again.';

alter table private.user_days enable row level security;

create function private.count_step(p_user_id uuid, p_step text)
returns integer
language sql
set search_path = ''
as $$
    insert into private.user_days as known (user_id, step, counted_on, step_count)
    values (p_user_id, p_step, (now() at time zone 'UTC')::date, 1)
    on conflict (user_id, step) do update
        set
            counted_on = excluded.counted_on,
            step_count = 1 + case
                when known.counted_on = excluded.counted_on then known.step_count else 0
            end
    returning known.step_count;
$$;
comment on function private.count_step is
'Counts a step, and returns how many the user has taken today. A step that fails counts nothing.';

-- An email that can wait leaves outside quiet hours, so they must leave an hour of the day. Only
-- PostgreSQL accepts '24:00' as a time.
create function private.leaves_an_hour(p_start time, p_end time)
returns boolean
language sql
immutable
set search_path = ''
as $$
    select p_start < time '24:00' and p_end < time '24:00'
        and mod(extract(epoch from p_end - p_start)::integer + 86400, 86400) between 1 and 82800;
$$;

create table private.email_categories (
    category text primary key,
    on_by_default boolean not null
);
comment on table private.email_categories is
'What a user can turn off and on by itself. Preferences, links and claims follow these rows.';

alter table private.email_categories enable row level security;

grant select on private.email_categories to service_role;

insert into private.email_categories (category, on_by_default) values
('match_notifications', true),
('session_reminders', true),
('feedback_requests', true),
('messages', false),
('marketing_emails', false);

create table public.email_preferences (
    user_id uuid primary key references public.user_profiles (id) on delete cascade,
    choices jsonb not null default '{}',
    email_frequency text not null default 'immediate',
    message_wait_minutes integer not null default 60,
    timezone text,
    quiet_hours_start time default '22:00',
    quiet_hours_end time default '08:00',
    updated_at timestamptz not null default now(),
    constraint email_preferences_choices_are_booleans
    check (
        jsonb_typeof(choices) = 'object'
        and not jsonb_path_exists(choices, '$.* ? (@.type() != "boolean")')
    ),
    constraint email_preferences_frequency_known
    check (email_frequency in ('immediate', 'daily')),
    constraint email_preferences_message_wait
    check (message_wait_minutes between 15 and 2880),
    constraint email_preferences_timezone_is_a_name
    check (timezone ~ '^[A-Za-z][A-Za-z0-9_+/-]{1,63}$'),
    constraint email_preferences_quiet_hours_whole
    check ((quiet_hours_start is null) = (quiet_hours_end is null)),
    constraint email_preferences_quiet_hours_leave_an_hour
    check (private.leaves_an_hour(quiet_hours_start, quiet_hours_end))
);
comment on table public.email_preferences is
'The emails that a user wants. Without a row the defaults hold, without a timezone the profile''s.';
comment on column public.email_preferences.email_frequency is
'With `daily`, emails that can wait come together in one, once a day.';
comment on column public.email_preferences.message_wait_minutes is
'How long a message is unread until it causes an email of the category `messages`.';
comment on column public.email_preferences.choices is
'Whether the user wants a category, by its name. The default of the category holds for the others.';

create index email_preferences_want_marketing
on public.email_preferences (user_id)
where choices @> '{"marketing_emails": true}';
create index email_preferences_user_id_hash
on public.email_preferences using hash (user_id);

-- No policy: users read and change their preferences through functions.
alter table public.email_preferences enable row level security;

grant select on public.email_preferences to service_role;

create trigger stamp_update
before update on public.email_preferences
for each row execute function private.stamp_update();

create view private.email_recipients as
select
    profile.id as user_id,
    profile.first_name,
    wish.updated_at,
    coalesce(profile.email, '') as email,
    coalesce(wish.choices, '{}') as choices,
    coalesce(wish.email_frequency, 'immediate') as email_frequency,
    coalesce(wish.message_wait_minutes, 60) as message_wait_minutes,
    coalesce(wish.timezone, profile.timezone) as timezone,
    case when wish.user_id is null then time '22:00' else wish.quiet_hours_start end
        as quiet_hours_start,
    case when wish.user_id is null then time '08:00' else wish.quiet_hours_end end
        as quiet_hours_end
from public.user_profiles as profile
left join public.email_preferences as wish on profile.id = wish.user_id;
comment on view private.email_recipients is
'Every user with the name, address and email preferences that hold now, chosen or by default.';
grant select on private.email_recipients to service_role;

create function private.is_wanted(p_choices jsonb, p_category private.email_categories)
returns boolean
language sql
immutable
set search_path = ''
as $$
    select coalesce((p_choices ->> p_category.category)::boolean, p_category.on_by_default);
$$;
comment on function private.is_wanted is
'Whether a user with these choices wants the emails of a category.';
grant execute on function private.is_wanted to service_role;

create function private.email_preferences_json(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select wanted.by_category || jsonb_build_object(
        'user_id', reader.user_id,
        'email_frequency', reader.email_frequency,
        'message_wait_minutes', reader.message_wait_minutes,
        'timezone', reader.timezone,
        'quiet_hours', case
            when reader.quiet_hours_start is not null then jsonb_build_object(
                'start', to_char(reader.quiet_hours_start, 'HH24:MI'),
                'end', to_char(reader.quiet_hours_end, 'HH24:MI')
            )
        end,
        'updated_at', private.iso_utc(reader.updated_at)
    )
    from private.email_recipients as reader
    cross join lateral (
        select jsonb_object_agg(known.category, private.is_wanted(reader.choices, known))
            as by_category
        from private.email_categories as known
    ) as wanted
    where reader.user_id = p_user_id;
$$;

create function public.get_email_preferences()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select private.email_preferences_json(private.caller_id());
$$;
comment on function public.get_email_preferences is
'The caller''s preferences. Security definer because users have no grant on preferences.';
grant execute on function public.get_email_preferences to authenticated;

create function public.get_email_preferences_of(p_user_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select private.email_preferences_json(p_user_id);
$$;
comment on function public.get_email_preferences_of is
'The preferences of the user named by a signed link, null if there is no such user.
Security definer because the defaults are in schema private.';
grant execute on function public.get_email_preferences_of to service_role;

create function private.change_email_preferences(p_user_id uuid, p_changes jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_constraint text;
begin
    perform private.check_length(pg_column_size(p_changes), 2000);
    insert into public.email_preferences (user_id) values (p_user_id)
    on conflict (user_id) do nothing;
    -- One statement reads and writes, so simultaneous changes of different fields both hold.
    update public.email_preferences as wish
    set
        choices = wish.choices || (
            select coalesce(jsonb_object_agg(known.category, p_changes -> known.category), '{}')
            from private.email_categories as known
            where jsonb_typeof(p_changes -> known.category) = 'boolean'
        ),
        (
            email_frequency,
            message_wait_minutes,
            timezone,
            quiet_hours_start,
            quiet_hours_end
        ) = (
            select
                changed.email_frequency,
                changed.message_wait_minutes,
                changed.timezone,
                changed.quiet_hours_start,
                changed.quiet_hours_end
            from jsonb_populate_record(wish, p_changes - 'choices') as changed
        )
    where wish.user_id = p_user_id;
    return private.email_preferences_json(p_user_id);
exception
    when check_violation then
        get stacked diagnostics v_constraint = constraint_name;
        if v_constraint = 'email_preferences_timezone_is_a_name' then
            raise exception 'unknown_timezone' using errcode = 'WN001';
        elsif v_constraint = 'email_preferences_message_wait' then
            raise exception 'invalid_message_wait' using errcode = 'WN005';
        end if;
        raise exception 'invalid_quiet_hours' using errcode = 'WN002';
    when foreign_key_violation then
        raise exception 'not_found' using errcode = 'WN003';
end;
$$;
comment on function private.change_email_preferences is
'Changes the categories, frequency, wait, timezone and quiet hours that `p_changes` names, and no
others.';

create function public.update_email_preferences(p_changes jsonb)
returns jsonb
language sql
security definer
set search_path = ''
as $$
    select private.change_email_preferences(private.caller_id(), p_changes);
$$;
comment on function public.update_email_preferences is
'Changes the caller''s preferences.
Security definer because users have no grant on preferences.';
grant execute on function public.update_email_preferences to authenticated;

create function public.update_email_preferences_of(p_user_id uuid, p_changes jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
    if exists (
        select
        from private.email_recipients as reader
        cross join private.email_categories as known
        where reader.user_id = p_user_id
            and p_changes -> known.category = 'true'
            and not private.is_wanted(reader.choices, known)
    ) then
        raise exception 'opting_in_needs_a_login' using errcode = 'WN004';
    end if;
    -- A category that was on a moment ago may be off by now: nothing is turned on here.
    return private.change_email_preferences(p_user_id, (
        select coalesce(jsonb_object_agg(change.key, change.value), '{}')
        from jsonb_each(p_changes) as change
        where change.value <> 'true'
    ));
end;
$$;
comment on function public.update_email_preferences_of is
'Changes the preferences of the user named by a signed link, which can turn a category off but not
on: emails are forwarded. Security definer because service_role has no grant to write preferences.';
grant execute on function public.update_email_preferences_of to service_role;

create table public.email_suppressions (
    address_hash text primary key,
    reason text not null,
    created_at timestamptz not null default now(),
    constraint email_suppressions_sha256 check (address_hash ~ '^[0-9a-f]{64}$')
);
comment on table public.email_suppressions is
'Hashes of addresses that bounced or complained. They outlive the account.';

alter table public.email_suppressions enable row level security;

grant select on public.email_suppressions to service_role;

create table private.lifted_suppressions (
    address_hash text primary key,
    lifted_at timestamptz not null,
    constraint lifted_suppressions_sha256 check (address_hash ~ '^[0-9a-f]{64}$')
);
comment on table private.lifted_suppressions is
'Addresses whose suppression was lifted within 30 days: an older event that comes late does not
suppress them again.';

alter table private.lifted_suppressions enable row level security;

create function private.address_hash(p_address text)
returns text
language sql
immutable
set search_path = ''
as $$
    select encode(sha256(convert_to(lower(btrim(p_address)), 'UTF8')), 'hex');
$$;
grant execute on function private.address_hash to service_role;

create table private.email_lanes (
    priority text primary key,
    paused_until timestamptz,
    paused_reason text,
    constraint email_lanes_priority_known check (priority in ('urgent', 'bulk')),
    constraint email_lanes_pause_has_a_reason check (num_nulls(paused_until, paused_reason) <> 1)
);
comment on table private.email_lanes is
'The lanes of the outbox. Nothing of a paused lane is queued or claimed. A claim locks the row of
its lane, so claims take turns.';

alter table private.email_lanes enable row level security;

grant select, update on private.email_lanes to service_role;

insert into private.email_lanes (priority) values ('urgent'), ('bulk');

create table private.notification_kinds (
    kind text primary key,
    category text references private.email_categories (category),
    lane text not null references private.email_lanes (priority),
    can_wait boolean not null,
    void_in text[] not null default '{}',
    tied_to_revision boolean not null default false,
    by_email boolean not null default true,
    in_feed boolean not null default false,
    push_category text,
    constraint notification_kinds_only_bulk_waits check (lane = 'bulk' or not can_wait),
    constraint notification_kinds_push_category_known
    check (push_category in ('matches', 'messages', 'match_ended', 'sessions')),
    constraint notification_kinds_pushed_is_listed check (in_feed or push_category is null)
);
comment on table private.notification_kinds is
'The kinds of notification. Each domain adds its own. The text of a kind is a class and a template
of the same name in wingman/notifications.';
comment on column private.notification_kinds.category is
'Null for emails about the account itself, which no preference turns off.';
comment on column private.notification_kinds.can_wait is
'Whether it keeps to quiet hours and the daily cap.';
comment on column private.notification_kinds.void_in is
'The statuses of its subject, or else of its match, in which it says nothing true any more.';
comment on column private.notification_kinds.tied_to_revision is
'Whether it is void once its subject has a newer revision.';
comment on column private.notification_kinds.in_feed is
'Whether the app lists it (770_notifications.sql).';
comment on column private.notification_kinds.push_category is
'The column of private.push_preferences that turns its pushes off; null for a kind without pushes.';

alter table private.notification_kinds enable row level security;

grant select on private.notification_kinds to service_role;

create table public.email_logs (
    id uuid primary key default gen_random_uuid(),
    user_id uuid references public.user_profiles (id) on delete cascade,
    match_id uuid,
    subject_id uuid,
    subject_revision integer,
    email_template text not null references private.notification_kinds (kind),
    recipient_email text not null,
    subject text,
    template_data jsonb not null default '{}',
    dedupe_key text not null unique,
    priority text not null,
    delivery_status text not null default 'pending',
    created_at timestamptz not null default now(),
    due_at timestamptz not null default now(),
    first_due_at timestamptz,
    enqueued_at timestamptz,
    lease_token uuid,
    lease_expires_at timestamptz,
    send_group uuid,
    group_position integer,
    group_started_at timestamptz,
    retry_count integer not null default 0,
    replay_count integer not null default 0,
    first_failed_at timestamptz,
    given_up_at timestamptz,
    error_message text,
    sent_at timestamptz,
    resend_message_id text,
    opened_at timestamptz,
    account_id uuid,
    request_id text default private.request_id(),
    -- When a worker may next take the email; null once it is settled.
    claimable_at timestamptz generated always as (
        case delivery_status when 'pending' then due_at when 'sending' then lease_expires_at end
    ) stored,
    constraint email_logs_priority_known check (priority in ('urgent', 'bulk')),
    constraint email_logs_status_known check (
        delivery_status in (
            'pending', 'sending', 'sent', 'delivered', 'bounced', 'complained',
            'failed', 'suppressed', 'skipped', 'cancelled', 'unknown'
        )
    ),
    constraint email_logs_sending_is_leased check (
        delivery_status <> 'sending' or num_nulls(lease_token, lease_expires_at) = 0
    ),
    constraint email_logs_has_one_owner check (num_nonnulls(user_id, account_id) = 1),
    constraint email_logs_group_whole
    check (num_nulls(send_group, group_position, group_started_at) in (0, 3))
) with (
    -- The sweep changes no indexed column. With room in its page, the row stays where the indexes
    -- find it.
    fillfactor = 80,
    -- Settled emails leave dead entries at the head of a lane. By default they are cleared once a
    -- fifth of the table has changed, which is late for a large table.
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 5000
);
comment on table public.email_logs is
'Outbox and log of all emails: written with the change that causes it, sent by email_sender.';
comment on column public.email_logs.subject_id is
'What the email is about besides its match, as in private.notification_subjects.';
comment on column public.email_logs.enqueued_at is
'When the sweep last put the email into a queue; null after a claim or a retry.';
comment on column public.email_logs.send_group is
'Idempotency key of the provider request. A repeat sends the whole group again, in the same order.';
comment on column public.email_logs.first_failed_at is
'First counted failure. Retries end 20 h after it, however long the email had waited before.';
comment on column public.email_logs.first_due_at is
'When the email became due, once a retry has moved `due_at`. Null before that, and again after the
sender has decided to send it later.';

comment on column public.email_logs.account_id is
'The account of an email by Supabase Auth, which may ask for it in the transaction that creates the
account: without a foreign key, and without a user until then.';
comment on column public.email_logs.request_id is
'The request or schedule that recorded the email: its logs and traces have the same id.';
comment on column public.email_logs.opened_at is
'When the email was first opened; only where open tracking is on.';

create unique index email_logs_send_group
on public.email_logs (send_group, group_position)
where send_group is not null;
create index email_logs_open_groups
on public.email_logs (group_started_at)
where send_group is not null and claimable_at is not null;
create index email_logs_of_user
on public.email_logs (user_id, created_at desc, id desc);
create index email_logs_of_match
on public.email_logs (match_id)
where match_id is not null;
-- Two short indexes, because new emails and repeated requests are claimed by different rules.
create index email_logs_due
on public.email_logs (priority, claimable_at, id)
where claimable_at is not null and send_group is null;
create index email_logs_due_groups
on public.email_logs (priority, claimable_at)
where claimable_at is not null and send_group is not null;
create index email_logs_dead_letters
on public.email_logs (created_at desc, id desc)
where delivery_status in ('failed', 'unknown');
create index email_logs_sent
on public.email_logs (sent_at)
where sent_at is not null;
create index email_logs_of_subject
on public.email_logs (subject_id)
where subject_id is not null;
create index email_logs_message
on public.email_logs (resend_message_id)
where resend_message_id is not null;
-- Rows are stored in the order of their creation, so a few pages cover them all, and a change of a
-- row touches none.
create index email_logs_age
on public.email_logs using brin (created_at) with (autosummarize = on);
-- The emails that went, or may have gone, to the provider for one user.
create index email_logs_handed_over
on public.email_logs (user_id, group_started_at)
where group_started_at is not null;
create index email_logs_retried
on public.email_logs (priority, first_due_at)
where first_due_at is not null and claimable_at is not null;

create index email_logs_of_account
on public.email_logs (account_id, created_at)
where account_id is not null;
create index email_logs_open_of_accounts
on public.email_logs (created_at)
where account_id is not null and claimable_at is not null;

-- No policy: users never read this table, because it holds addresses.
alter table public.email_logs enable row level security;

grant select, update on public.email_logs to service_role;

create function private.stamp_given_up()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    new.given_up_at := now();
    return new;
end;
$$;

create trigger stamp_given_up
before update on public.email_logs
for each row
when (
    new.delivery_status in ('failed', 'unknown')
    and old.delivery_status is distinct from new.delivery_status
)
execute function private.stamp_given_up();

create function private.erase_facts()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    new.template_data := '{}';
    return new;
end;
$$;
comment on function private.erase_facts is
'The facts of an email about an account are its token, or a code.';

create trigger erase_facts
before update on public.email_logs
for each row
when (new.account_id is not null and new.delivery_status not in ('pending', 'sending'))
execute function private.erase_facts();

create table private.email_leases (
    token uuid primary key,
    email_ids uuid[] not null,
    expires_at timestamptz not null
);
comment on table private.email_leases is
'The emails that a worker has claimed and not yet put into a send group. A claim writes this one row
and leaves the emails alone, so a user who cancels one does not wait for the worker.';

alter table private.email_leases enable row level security;

grant select, insert, update, delete on private.email_leases to service_role;

-- A restored database does not know what was sent since: docs/decisions/050-restoring.md.

create table private.held_notifications (
    dedupe_key text primary key,
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    held_at timestamptz not null default now()
);
comment on table private.held_notifications is
'Notifications that a schedule may have recorded and sent before a restore. They are listed, and
neither emailed nor pushed again. Kept for 30 days.';

create index held_notifications_of_user on private.held_notifications (user_id);
create index held_notifications_held_at on private.held_notifications (held_at);

alter table private.held_notifications enable row level security;

create function private.is_held(p_dedupe_key text)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return exists (
        select from private.held_notifications as held where held.dedupe_key = p_dedupe_key
    );
end;
$$;

create function private.notify(
    p_user_id uuid,
    p_kind text,
    p_facts jsonb,
    p_occasion text,
    p_match_id uuid default null,
    p_subject_id uuid default null,
    p_subject_revision integer default null,
    p_due_at timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_dedupe_key constant text := concat_ws(':', p_kind, p_user_id, p_occasion);
    v_kind private.notification_kinds;
    v_address text;
    v_due jsonb;
begin
    select known.* into strict v_kind
    from private.notification_kinds as known
    where known.kind = p_kind;
    select profile.email into v_address
    from public.user_profiles as profile
    where profile.id = p_user_id;
    if not found then
        return '[]'::jsonb;
    end if;
    if p_due_at <= now() then
        perform private.count_email((select auth.uid()), p_user_id);
    end if;

    with recorded as (
        insert into public.email_logs as email (
            user_id, match_id, subject_id, subject_revision, email_template, recipient_email,
            template_data, dedupe_key, priority, due_at
        )
        select
            p_user_id,
            p_match_id,
            p_subject_id,
            p_subject_revision,
            p_kind,
            v_address,
            jsonb_strip_nulls(p_facts),
            v_dedupe_key,
            v_kind.lane,
            p_due_at
        where v_kind.by_email and v_address is not null and not private.is_held(v_dedupe_key)
        on conflict (dedupe_key) do nothing
        returning email.id, email.priority, email.due_at
    )

    select
        coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'channel', 'email', 'id', recorded.id, 'priority', recorded.priority
                )
            ) filter (where recorded.due_at <= now()),
            '[]'::jsonb
        ) into v_due
    from recorded;
    if v_kind.in_feed then
        v_due := v_due || private.list_notification(
            v_kind, p_user_id, p_facts, v_dedupe_key, p_match_id, p_subject_id, p_subject_revision,
            p_due_at
        );
    end if;
    return v_due;
end;
$$;
comment on function private.notify is
'Notifies a user in the transaction of the step that is the reason, once for each kind and occasion:
by email if the user has an address, in the list, and by push, as the kind says. Returns what is due
now, to be handed to the queues.';

create table public.challenges (
    id uuid primary key default gen_random_uuid(),
    difficulty text not null,
    title text not null,
    description text not null,
    points integer not null,
    active boolean not null default true,
    created_at timestamptz not null default now(),
    constraint challenges_difficulty_known
    check (difficulty in ('beginner', 'intermediate', 'advanced')),
    constraint challenges_title_length check (char_length(title) between 1 and 100),
    constraint challenges_description_length check (char_length(description) between 1 and 500),
    constraint challenges_points_range check (points between 10 and 100)
);
comment on table public.challenges is
'Small dares that everyone can read. A challenge that is no longer offered becomes inactive and
stays, because sessions refer to it.';

-- No policy and no grant: list_challenges alone says which are on offer.
alter table public.challenges enable row level security;

create function public.list_challenges(p_difficulty text default null)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    perform private.check_length(char_length(p_difficulty), 20);
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'id', offered.id,
                    'difficulty', offered.difficulty,
                    'title', offered.title,
                    'description', offered.description,
                    'points', offered.points
                )
                order by offered.points, offered.title, offered.id
            ),
            '[]'::jsonb
        )
        from public.challenges as offered
        where offered.active and (p_difficulty is null or offered.difficulty = p_difficulty)
    );
end;
$$;
comment on function public.list_challenges is
'The challenges on offer, easiest first: all of them, or those of one difficulty.
Security definer because visitors have no grant on challenges.';
grant execute on function public.list_challenges to anon, authenticated;

-- The ids are fixed, because clients and samples refer to them.
insert into public.challenges (id, difficulty, title, description, points)
values
(
    '16bc367e-3be9-5f1d-97f4-8027d197f576',
    'beginner',
    'Learn a name and use it',
    'Ask someone who serves you today for their name, and say goodbye with it.',
    10
),
(
    '429238e4-cace-509c-b342-7d3355458d5d',
    'beginner',
    'One honest compliment',
    'Tell a stranger what you like about their jacket, book or bicycle. Then move on.',
    15
),
(
    '16a0ac99-639b-5a41-922d-89e58415f38f',
    'beginner',
    'Ask for a tip',
    'Ask someone at the next table what they would order here, and why.',
    20
),
(
    '235485da-e849-5466-9af7-39d89c3e2f4e',
    'beginner',
    'Two minutes with a dog',
    'Greet the owner of a dog, ask what it is called, and find out one thing it is good at.',
    25
),
(
    '53d43742-1775-5eda-8076-ec86e5035e36',
    'intermediate',
    'Keep it going',
    'Start a conversation in a queue. Keep it alive with three questions that build on answers.',
    35
),
(
    '19b6b99a-8534-51c6-b3b8-cde5c9af0f6d',
    'intermediate',
    'Join a table',
    'Ask people you do not know whether you two may sit with them, and stay for ten minutes.',
    40
),
(
    '6877cc49-f636-5ba6-91a9-9de864f2c99b',
    'intermediate',
    'Tell a story',
    'Tell someone new a story that ends badly for you, and make them smile.',
    50
),
(
    '5675b010-719e-57c5-b8a5-87143f34ddbb',
    'intermediate',
    'Introduce two strangers',
    'Get to know two people separately, then introduce them with one good thing about each.',
    60
),
(
    'edc48c8c-9df1-57bb-8cdc-18b3f84f2ec8',
    'advanced',
    'A toast to nobody you know',
    'Raise a glass, win the attention of a table, and say three kind sentences about tonight.',
    70
),
(
    'c3ffe34b-520f-50b4-a465-d0cb034c52c9',
    'advanced',
    'Collect five noes',
    'Ask for small things that people may refuse, until five have said no. Thank each of them.',
    80
),
(
    'ec5f5027-dc92-5c7e-8e46-3654addc94e1',
    'advanced',
    'Disagree well',
    'Find someone who thinks otherwise, and listen until they say that you have understood.',
    90
),
(
    'a957e500-3bdb-512a-a7a4-b01633369a0e',
    'advanced',
    'Host the evening',
    'Get three strangers to play, sing or guess something together for a quarter of an hour.',
    100
);

create table public.wingman_matches (
    id uuid primary key default gen_random_uuid(),
    user1_id uuid not null references public.user_profiles (id) on delete cascade,
    user2_id uuid not null references public.user_profiles (id) on delete cascade,
    initiator_id uuid not null,
    origin text not null default 'invitation',
    status text not null default 'pending',
    venue_suggestion text,
    note text,
    created_at timestamptz not null default now(),
    responded_at timestamptz,
    expires_at timestamptz default now() + interval '48 hours',
    ended_at timestamptz,
    constraint wingman_matches_two_people check (user1_id <> user2_id),
    constraint wingman_matches_initiator_is_user1 check (initiator_id = user1_id),
    constraint wingman_matches_status_known
    check (status in ('pending', 'accepted', 'declined', 'expired', 'withdrawn', 'ended')),
    constraint wingman_matches_origin_known check (origin in ('invitation', 'mutual_like')),
    constraint wingman_matches_only_invitations_expire
    check ((origin = 'invitation') = (expires_at is not null)),
    constraint wingman_matches_only_invitations_wait
    check (origin = 'invitation' or status in ('accepted', 'ended')),
    constraint wingman_matches_ended_has_a_time check ((status = 'ended') = (ended_at is not null)),
    constraint wingman_matches_venue_suggestion_length
    check (char_length(venue_suggestion) <= 200),
    constraint wingman_matches_note_length check (char_length(note) <= 500)
);
comment on table public.wingman_matches is
'Invitations and their outcome, and mutual likes; user1 invited user2, or liked first. A match that
ended keeps the pair apart. Deleting an account deletes its matches.';

create unique index wingman_matches_one_open_per_pair
on public.wingman_matches (least(user1_id, user2_id), greatest(user1_id, user2_id))
where status in ('pending', 'accepted');
create index wingman_matches_declined_of_pair
on public.wingman_matches (
    least(user1_id, user2_id), greatest(user1_id, user2_id), responded_at
)
where status = 'declined';
create index wingman_matches_ended_of_pair
on public.wingman_matches (least(user1_id, user2_id), greatest(user1_id, user2_id))
where status = 'ended';
create index wingman_matches_of_user1
on public.wingman_matches (user1_id, created_at desc, id desc);
create index wingman_matches_of_user2
on public.wingman_matches (user2_id, created_at desc, id desc);
create index wingman_matches_pending_by_end
on public.wingman_matches (expires_at)
where status = 'pending';

-- No policy and no grant: a stored 'pending' may have expired, which only the functions show.
alter table public.wingman_matches enable row level security;

alter table public.email_logs
add constraint email_logs_match_id_fkey
foreign key (match_id) references public.wingman_matches (id) on delete set null;

create function private.lock_pair(p_user_id uuid, p_other_id uuid)
returns void
language sql
set search_path = ''
as $$
    select pg_advisory_xact_lock(hashtextextended(
        least(p_user_id, p_other_id)::text || greatest(p_user_id, p_other_id)::text, 0
    ));
$$;
comment on function private.lock_pair is
'Lets the likes, passes and blocks of a pair, and the end of its match, take turns. Each of these
steps takes this lock before any row of the pair, and checks after it what it depends on.';

create function private.ended_with(p_user_id uuid, p_other_ids uuid[])
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
begin
    return array(
        select asked.user_id
        from unnest(p_other_ids) as asked (user_id)
        where exists (
            select
            from public.wingman_matches as pair
            where least(pair.user1_id, pair.user2_id) = least(p_user_id, asked.user_id)
                and greatest(pair.user1_id, pair.user2_id) = greatest(p_user_id, asked.user_id)
                and pair.status = 'ended'
            -- A look-up for each, and not all matches that have ended.
            offset 0
        )
    );
end;
$$;
comment on function private.ended_with is
'Those with whom a match of the user has ended. No invitation and no like makes another one.';

create function private.has_ended(p_user_id uuid, p_other_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return p_other_id = any(private.ended_with(p_user_id, array[p_other_id]));
end;
$$;

create function private.match_status(p_match public.wingman_matches)
returns text
language sql
stable
set search_path = ''
as $$
    select case
        when p_match.status = 'pending' and p_match.expires_at <= now() then 'expired'
        else p_match.status
    end;
$$;
comment on function private.match_status is
'The status to show. A pending invitation past its time has expired, even if no job has marked it.';

create function private.match_json(
    p_match public.wingman_matches, p_reader uuid default auth.uid()
)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', p_match.id,
        'user1_id', p_match.user1_id,
        'user2_id', p_match.user2_id,
        'initiator_id', p_match.initiator_id,
        'origin', p_match.origin,
        'status', private.match_status(p_match),
        'venue_suggestion', p_match.venue_suggestion,
        'note', p_match.note,
        'created_at', private.iso_utc(p_match.created_at),
        'responded_at', private.iso_utc(p_match.responded_at),
        'expires_at', private.iso_utc(p_match.expires_at),
        'ended_at', private.iso_utc(p_match.ended_at),
        'partner', private.partner_json(p_reader, case p_reader
            when p_match.user1_id then p_match.user2_id
            when p_match.user2_id then p_match.user1_id
        end)
    );
$$;

create function private.partner_exists(p_match public.wingman_matches, p_user_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return private.exists_for(p_user_id, case p_user_id
        when p_match.user1_id then p_match.user2_id
        else p_match.user1_id
    end);
end;
$$;
comment on function private.partner_exists is
'Whether the other user of a match exists for this one; else neither does the match.';

create function public.get_match(p_match_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_match public.wingman_matches;
begin
    select found_match.* into v_match
    from public.wingman_matches as found_match
    where found_match.id = p_match_id
        and v_caller in (found_match.user1_id, found_match.user2_id);
    if v_match.id is null or not private.partner_exists(v_match, v_caller) then
        raise exception 'not_found' using errcode = 'WM002';
    end if;
    return private.match_json(v_match);
end;
$$;
comment on function public.get_match is
'A match of the caller.
Security definer because users have no grant on matches: a stored status may be out of date.';
grant execute on function public.get_match to authenticated;

create function private.matches_before(
    p_user_id uuid, p_status text, p_limit integer, p_created_at timestamptz, p_id uuid
)
returns setof public.wingman_matches
language sql
stable
set search_path = ''
as $$
    -- One ordered index scan per side. An `or` over both would read every match of the user.
    (
        select sent.*
        from public.wingman_matches as sent
        where sent.user1_id = p_user_id
            and (sent.created_at, sent.id) < (p_created_at, p_id)
            and case
                when p_status is null then sent.status <> 'ended'
                else private.match_status(sent) = p_status
            end
            and private.exists_for(p_user_id, sent.user2_id)
        order by sent.created_at desc, sent.id desc
        limit p_limit
    )
    union all
    (
        select received.*
        from public.wingman_matches as received
        where received.user2_id = p_user_id
            and (received.created_at, received.id) < (p_created_at, p_id)
            and case
                when p_status is null then received.status <> 'ended'
                else private.match_status(received) = p_status
            end
            and private.exists_for(p_user_id, received.user1_id)
        order by received.created_at desc, received.id desc
        limit p_limit
    )
    order by created_at desc, id desc
    limit p_limit;
$$;

create function public.list_matches(
    p_status text default null,
    p_limit integer default 20,
    p_before_created_at timestamptz default null,
    p_before_id uuid default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(char_length(p_status), 20);
    return (
        select coalesce(
            jsonb_agg(
                private.match_json(listed.*::public.wingman_matches)
                order by listed.created_at desc, listed.id desc
            ),
            '[]'::jsonb
        )
        from private.matches_before(
            v_caller,
            p_status,
            least(greatest(p_limit, 1), 101),
            coalesce(p_before_created_at, 'infinity'),
            coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        ) as listed
    );
end;
$$;
comment on function public.list_matches is
'The caller''s matches before the given one, newest first. Without a status, all but those that have
ended. At most 101: a page of 100, and one more that shows whether another page follows.
Security definer because users have no grant on matches: a stored status may be out of date.';
grant execute on function public.list_matches to authenticated;

create function private.lock_match(p_match_id uuid, p_party uuid)
returns public.wingman_matches
language plpgsql
set search_path = ''
as $$
declare
    v_match public.wingman_matches;
begin
    select locked.* into v_match
    from public.wingman_matches as locked
    where locked.id = p_match_id and p_party in (locked.user1_id, locked.user2_id)
    for update;
    -- After the lock, for which a block may have let this wait.
    if v_match.id is null or not private.partner_exists(v_match, p_party) then
        raise exception 'not_found' using errcode = 'WM002';
    end if;
    return v_match;
end;
$$;

create function private.match_views(p_match public.wingman_matches)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        p_match.user1_id, private.match_json(p_match, p_match.user1_id),
        p_match.user2_id, private.match_json(p_match, p_match.user2_id)
    );
$$;
comment on function private.match_views is
'A match as each of its users sees it, for those who are connected.';

create function private.ended_json(p_match public.wingman_matches)
returns jsonb
language sql
immutable
set search_path = ''
as $$
    select jsonb_build_object(
        'match_id', p_match.id, 'user_ids', array[p_match.user1_id, p_match.user2_id]
    )
    where p_match.status = 'accepted';
$$;
comment on function private.ended_json is
'For those who are connected: an accepted match that a step ends; null for an open invitation.';

insert into private.notification_kinds (
    kind, category, lane, can_wait, void_in, in_feed, push_category, by_email
)
values
-- From a stranger, so it keeps to the reader's quiet hours and daily cap.
(
    'match_invitation', 'match_notifications', 'bulk', true,
    '{accepted, declined, expired, withdrawn, ended}', true, 'matches', true
),
('match_accepted', 'match_notifications', 'urgent', false, '{ended}', true, 'matches', true),
('match_declined', 'match_notifications', 'urgent', false, '{}', true, null, true),
('new_match', 'match_notifications', 'urgent', false, '{ended}', true, 'matches', true),
('match_ended', 'match_notifications', 'urgent', false, '{}', true, 'match_ended', false);

create function private.notify_of_match(
    p_user_id uuid, p_kind text, p_match_id uuid, p_facts jsonb
)
returns jsonb
language sql
set search_path = ''
as $$
    select private.notify(
        p_user_id,
        p_kind,
        p_facts || jsonb_build_object('match_id', p_match_id),
        p_match_id::text,
        p_match_id => p_match_id
    );
$$;

create function private.cancel_invitation_email(p_match_id uuid)
returns void
language sql
set search_path = ''
as $$
    -- An email with a send group may be at the provider already, so it cannot be cancelled.
    update public.email_logs
    set delivery_status = 'cancelled'
    where match_id = p_match_id
        and email_template = 'match_invitation'
        and delivery_status = 'pending'
        and send_group is null;
$$;

create function private.notify_of_answer(p_match public.wingman_matches, p_reason text)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_inviter constant text := private.display_name(p_match.user2_id, p_match.user1_id);
    v_invitee constant text := private.display_name(p_match.user1_id, p_match.user2_id);
begin
    if p_match.status = 'declined' then
        return private.notify_of_match(
            p_match.user1_id, 'match_declined', p_match.id,
            jsonb_build_object('partner_name', v_invitee, 'reason', p_reason)
        );
    end if;
    return private.notify_of_match(
        p_match.user1_id, 'match_accepted', p_match.id,
        jsonb_build_object(
            'partner_name', v_invitee,
            'venue_suggestion', p_match.venue_suggestion,
            'role', 'inviter'
        )
    ) || private.notify_of_match(
        p_match.user2_id, 'match_accepted', p_match.id,
        jsonb_build_object(
            'partner_name', v_inviter,
            'venue_suggestion', p_match.venue_suggestion,
            'role', 'invitee'
        )
    );
end;
$$;

create function private.notify_of_new_match(p_match public.wingman_matches)
returns jsonb
language sql
set search_path = ''
as $$
    select
        private.notify_of_match(
            p_match.user1_id, 'new_match', p_match.id,
            jsonb_build_object(
                'partner_name', private.display_name(p_match.user1_id, p_match.user2_id)
            )
        ) || private.notify_of_match(
            p_match.user2_id, 'new_match', p_match.id,
            jsonb_build_object(
                'partner_name', private.display_name(p_match.user2_id, p_match.user1_id)
            )
        );
$$;
comment on function private.notify_of_new_match is
'Notifies both users that they like each other, once for each match.';

create function private.cancel_match_emails(p_match_id uuid)
returns void
language sql
set search_path = ''
as $$
    -- Locks in the order of complete_emails, so that the two cannot deadlock.
    with stale as materialized (
        select email.id
        from public.email_logs as email
        where email.match_id = p_match_id
            and email.claimable_at is not null
            and email.send_group is null
        order by email.id
        for update
    )

    update public.email_logs as email
    set
        delivery_status = 'cancelled',
        lease_token = null,
        lease_expires_at = null
    from stale
    where email.id = stale.id;
$$;
comment on function private.cancel_match_emails is
'Cancels the emails about a match and its sessions that were not sent, even those that a worker has
leased. One with a send group may be at the provider already, so it cannot be cancelled.';

create function private.forget_match_emails()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    update public.email_logs as email
    set
        subject_id = null,
        subject_revision = null,
        template_data = '{}',
        subject = null,
        -- It names the match or the session; nothing of them comes again.
        dedupe_key = email.id::text,
        delivery_status = case
            when email.claimable_at is null then email.delivery_status
            when email.send_group is null then 'cancelled'
            else 'unknown'
        end,
        lease_token = null,
        lease_expires_at = null
    where email.match_id = old.id;
    return old;
end;
$$;
comment on function private.forget_match_emails is
'Deleting an account deletes its matches. The other user keeps the delivery log of their own emails
without the names and words in them, and emails that were not sent are cancelled.';

create trigger forget_match_emails
before delete on public.wingman_matches
for each row execute function private.forget_match_emails();

create function private.open_match(
    p_inviter_id uuid, p_invitee_id uuid, p_venue_suggestion text, p_note text
)
returns public.wingman_matches
language plpgsql
set search_path = ''
as $$
declare
    v_match public.wingman_matches;
begin
    -- A like, a block or the end of a match may be in progress.
    perform private.lock_pair(p_inviter_id, p_invitee_id);
    if not private.exists_for(p_inviter_id, p_invitee_id)
        or not private.exists_for(p_invitee_id, p_inviter_id) then
        raise exception 'not_found' using errcode = 'WM001';
    end if;
    if private.has_ended(p_inviter_id, p_invitee_id) then
        raise exception 'match_ended' using errcode = 'WM013';
    end if;
    perform private.expire_match_of(p_inviter_id, p_invitee_id);

    insert into public.wingman_matches as opened (
        user1_id, user2_id, initiator_id, venue_suggestion, note
    )
    values (p_inviter_id, p_invitee_id, p_inviter_id, p_venue_suggestion, p_note)
    on conflict do nothing
    returning opened.* into v_match;
    if v_match.id is null then
        raise exception 'match_already_open' using errcode = 'WM003';
    end if;

    -- After the insert, which waits for an answer in progress: if that is a decline, it shows here.
    perform from public.wingman_matches as declined
    where least(declined.user1_id, declined.user2_id) = least(p_inviter_id, p_invitee_id)
        and greatest(declined.user1_id, declined.user2_id) = greatest(p_inviter_id, p_invitee_id)
        and declined.status = 'declined'
        and declined.responded_at > now() - interval '7 days';
    if found then
        raise exception 'recently_declined' using errcode = 'WM004';
    end if;

    -- Each invitation is an email, so withdrawing one must not make room for the next at once.
    perform from public.wingman_matches as withdrawn
    where withdrawn.user1_id = p_inviter_id
        and withdrawn.user2_id = p_invitee_id
        and withdrawn.status = 'withdrawn'
        and withdrawn.created_at > now() - interval '24 hours';
    if found then
        raise exception 'recently_withdrawn' using errcode = 'WM012';
    end if;
    return v_match;
end;
$$;

create function private.check_daily_limit(p_inviter_id uuid, p_max_daily integer)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_limit integer;
    v_blocking timestamptz;
begin
    select greatest(least(p_max_daily, settings.max_daily_matches), 0) into v_limit
    from private.app_settings as settings;
    -- Newest first, the new one included. The first one beyond the limit must age out.
    select sent.created_at into v_blocking
    from public.wingman_matches as sent
    where sent.user1_id = p_inviter_id
        and sent.origin = 'invitation'
        and sent.created_at > now() - interval '24 hours'
    order by sent.created_at desc, sent.id desc
    offset v_limit
    limit 1;
    if found then
        raise exception 'daily_match_limit' using
            errcode = 'WM006',
            detail = ceil(extract(epoch from v_blocking + interval '24 hours' - now()));
    end if;
end;
$$;

create function public.request_match(
    p_invitee_id uuid,
    p_venue_suggestion text,
    p_note text,
    p_max_daily integer,
    p_idempotency_key text default null,
    p_request_hash text default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_replay jsonb;
    v_match public.wingman_matches;
    v_response jsonb;
begin
    perform private.check_length(char_length(p_venue_suggestion), 200);
    perform private.check_length(char_length(p_note), 500);
    perform private.check_idempotency_key(p_idempotency_key, p_request_hash);
    if p_invitee_id = v_caller then
        raise exception 'cannot_invite_yourself' using errcode = 'WM005';
    end if;
    perform private.refuse_flaw(
        'venue_suggestion', private.flaw_of_words(nullif(btrim(p_venue_suggestion), ''))
    );
    -- The inviter's requests take turns, which makes limit and idempotency key free of races.
    perform private.take_turn_as(v_caller);
    v_replay := private.replayed_response(v_caller, p_idempotency_key, p_request_hash);
    if v_replay is not null then
        return v_replay || '{"replayed": true, "due": []}';
    end if;
    perform from public.user_profiles where id = p_invitee_id for key share;
    if not found then
        raise exception 'not_found' using errcode = 'WM001';
    end if;

    v_match := private.open_match(v_caller, p_invitee_id, p_venue_suggestion, p_note);
    perform private.check_daily_limit(v_caller, p_max_daily);
    v_response := jsonb_build_object('match', private.match_json(v_match));
    if p_idempotency_key is not null then
        insert into private.idempotency_keys (user_id, key, request_hash, response)
        values (v_caller, p_idempotency_key, coalesce(p_request_hash, ''), v_response);
    end if;
    return v_response || jsonb_build_object(
        'replayed', false,
        'due', private.notify_of_match(
            p_invitee_id,
            'match_invitation',
            v_match.id,
            jsonb_build_object(
                'inviter_name', private.display_name(p_invitee_id, v_caller),
                'venue_suggestion', v_match.venue_suggestion,
                'note', v_match.note,
                'expires_at', private.iso_utc(v_match.expires_at)
            )
        )
    );
end;
$$;
comment on function public.request_match is
'Opens a match and notifies the invitee. Security definer because users write no table.';
grant execute on function public.request_match to authenticated;

create function private.check_still_pending(p_match public.wingman_matches)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
    if private.match_status(p_match) = 'expired' then
        raise exception 'match_expired' using errcode = 'WM009';
    elsif p_match.status <> 'pending' then
        raise exception 'match_already_answered' using errcode = 'WM008';
    end if;
end;
$$;

create function public.respond_to_match(
    p_match_id uuid, p_action text, p_reason text default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_answer constant text := case p_action
        when 'accept' then 'accepted' when 'decline' then 'declined'
    end;
    v_match public.wingman_matches;
    v_due jsonb := '[]'::jsonb;
    v_views jsonb := '{}'::jsonb;
begin
    perform private.check_length(char_length(p_action), 20);
    perform private.check_length(char_length(p_reason), 500);
    if v_answer is null then
        raise exception 'invalid_action' using errcode = 'WM011';
    end if;
    perform private.refuse_flaw('reason', case
        when v_answer = 'accepted' and p_reason is not null then 'is for declining only'
    end);
    v_match := private.lock_match(p_match_id, v_caller);
    if v_match.initiator_id = v_caller then
        raise exception 'initiator_cannot_respond' using errcode = 'WM007';
    end if;
    if v_match.status <> v_answer then
        perform private.check_still_pending(v_match);
        update public.wingman_matches as answered
        set status = v_answer, responded_at = now()
        where answered.id = p_match_id
        returning answered.* into v_match;
        perform private.cancel_invitation_email(p_match_id);
        v_due := private.notify_of_answer(v_match, nullif(p_reason, ''));
        if v_answer = 'accepted' then
            v_views := private.match_views(v_match);
        end if;
    end if;
    return jsonb_build_object(
        'match', private.match_json(v_match), 'due', v_due, 'views', v_views
    );
end;
$$;
comment on function public.respond_to_match is
'Answers an invitation once and notifies whom it concerns. The inviter reads the reason to decline.
Security definer because users write no table.';
grant execute on function public.respond_to_match to authenticated;

create function public.withdraw_match(p_match_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_match public.wingman_matches := private.lock_match(p_match_id, v_caller);
begin
    if v_match.initiator_id <> v_caller then
        raise exception 'only_the_initiator_can_withdraw' using errcode = 'WM010';
    end if;
    if v_match.status <> 'withdrawn' then
        perform private.check_still_pending(v_match);
        update public.wingman_matches as withdrawn
        set status = 'withdrawn'
        where withdrawn.id = p_match_id
        returning withdrawn.* into v_match;
        perform private.cancel_invitation_email(p_match_id);
    end if;
    return jsonb_build_object('match', private.match_json(v_match), 'due', '[]'::jsonb);
end;
$$;
comment on function public.withdraw_match is
'Withdraws a pending invitation. Security definer because users write no table.';
grant execute on function public.withdraw_match to authenticated;

create function private.expire_match_of(p_user_id uuid, p_other_id uuid)
returns void
language sql
set search_path = ''
as $$
    update public.wingman_matches as stale
    set status = 'expired'
    where least(stale.user1_id, stale.user2_id) = least(p_user_id, p_other_id)
        and greatest(stale.user1_id, stale.user2_id) = greatest(p_user_id, p_other_id)
        and stale.status = 'pending'
        and stale.expires_at <= now();
$$;
comment on function private.expire_match_of is
'Makes room for a match of this pair, whose invitation may have expired without a mark.';

create function public.expire_matches(p_limit integer)
returns integer
language sql
security definer
set search_path = ''
as $$
    with
    stale as materialized (
        select pending.id
        from public.wingman_matches as pending
        where pending.status = 'pending' and pending.expires_at <= now()
        order by pending.expires_at
        limit p_limit
        for update skip locked
    ),

    expired as (
        update public.wingman_matches as pending
        set status = 'expired'
        from stale
        where pending.id = stale.id
        returning private.cancel_invitation_email(pending.id)
    )

    select count(*)::integer from expired;
$$;
comment on function public.expire_matches is
'Marks up to p_limit expired invitations, cancels their unsent emails, and returns their number.
Security definer because workers have no grant on matches.';
grant execute on function public.expire_matches to service_role;

create function private.export_matches(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'id', pair.id,
                'partner_id', case p_user_id
                    when pair.user1_id then pair.user2_id
                    else pair.user1_id
                end,
                'origin', pair.origin,
                'invited_by_me', pair.origin = 'invitation' and pair.initiator_id = p_user_id,
                'status', pair.status,
                'venue_suggestion', case
                    when pair.initiator_id = p_user_id then pair.venue_suggestion
                end,
                'note', case when pair.initiator_id = p_user_id then pair.note end,
                'created_at', private.iso_utc(pair.created_at),
                'responded_at', private.iso_utc(pair.responded_at),
                'ended_at', private.iso_utc(pair.ended_at)
            )
            order by pair.created_at
        ),
        '[]'::jsonb
    )
    from public.wingman_matches as pair
    where p_user_id in (pair.user1_id, pair.user2_id);
$$;
comment on function private.export_matches is
'The matches in the export of an account, with the words of the user and not those of the partner.';

create table public.wingman_sessions (
    id uuid primary key default gen_random_uuid(),
    match_id uuid not null references public.wingman_matches (id) on delete cascade,
    user1_id uuid not null,
    user2_id uuid not null,
    venue_name text not null,
    scheduled_time timestamptz not null,
    status text not null default 'scheduled',
    user1_challenge_id uuid references public.challenges (id),
    user2_challenge_id uuid references public.challenges (id),
    user1_completed_confirmed_by_user2 boolean not null default false,
    user2_completed_confirmed_by_user1 boolean not null default false,
    no_show_user_ids uuid[] not null default '{}',
    cancelled_by uuid,
    cancel_reason text,
    notes text,
    completed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- Named as in iCalendar (RFC 5545).
    sequence integer not null default 0, -- noqa: RF04
    -- How the session counts for a user. Reputation has no other definition.
    user1_counts_as text generated always as (
        case
            when user1_id = any(no_show_user_ids)
                then case
                    when
                        status = 'cancelled'
                        or (status = 'no_show' and user1_id is distinct from short_notice_for)
                        then 'no_show'
                end
            when
                status = 'completed'
                and (user1_completed_confirmed_by_user2 or user2_completed_confirmed_by_user1)
                then 'completed'
        end
    ) stored,
    user2_counts_as text generated always as (
        case
            when user2_id = any(no_show_user_ids)
                then case
                    when
                        status = 'cancelled'
                        or (status = 'no_show' and user2_id is distinct from short_notice_for)
                        then 'no_show'
                end
            when
                status = 'completed'
                and (user1_completed_confirmed_by_user2 or user2_completed_confirmed_by_user1)
                then 'completed'
        end
    ) stored,
    planned_by uuid,
    moved_at timestamptz,
    short_notice_for uuid,
    constraint wingman_sessions_status_known
    check (status in ('scheduled', 'completed', 'cancelled', 'no_show', 'expired')),
    constraint wingman_sessions_venue_name_length check (char_length(venue_name) between 1 and 200),
    constraint wingman_sessions_notes_length check (char_length(notes) <= 2000),
    constraint wingman_sessions_cancel_reason_length check (char_length(cancel_reason) <= 500)
);
comment on table public.wingman_sessions is
'Meetings of a match and their outcome: docs/decisions/007-session-states.md.';
comment on column public.wingman_sessions.user1_id is
'Copied from the match by a trigger, so that reading the sessions of a user needs no join.';
comment on column public.wingman_sessions.user1_completed_confirmed_by_user2 is
'user2 says that user1 took part; user2_completed_confirmed_by_user1 is the reverse.';
comment on column public.wingman_sessions.no_show_user_ids is
'The users who were reported missing or cancelled late.';
comment on column public.wingman_sessions.planned_by is
'The user who made the present plan: who created the session or moved it last.';
comment on column public.wingman_sessions.moved_at is
'When the present plan was made, if it is not the first one.';
comment on column public.wingman_sessions.short_notice_for is
'The user who learned of the present plan less than 2 hours before its start. A report that this
user did not come does not count.';

create unique index wingman_sessions_one_open_per_match
on public.wingman_sessions (match_id)
where status = 'scheduled';
create index wingman_sessions_of_match
on public.wingman_sessions (match_id);
create index wingman_sessions_of_user1
on public.wingman_sessions (user1_id, created_at desc, id desc);
create index wingman_sessions_of_user2
on public.wingman_sessions (user2_id, created_at desc, id desc);
create index wingman_sessions_counted_for_user1
on public.wingman_sessions (user1_id, user1_counts_as, user2_id, scheduled_time)
where user1_counts_as is not null;
create index wingman_sessions_counted_for_user2
on public.wingman_sessions (user2_id, user2_counts_as, user1_id, scheduled_time)
where user2_counts_as is not null;
create index wingman_sessions_open_by_time
on public.wingman_sessions (scheduled_time)
where status = 'scheduled';
-- A claim looks up the session of each email: one page above the row, as for user_profiles.
create index wingman_sessions_id_hash
on public.wingman_sessions using hash (id);

-- No policy and no grant: a stored 'scheduled' may have begun, which only the functions show.
alter table public.wingman_sessions enable row level security;

create function private.copy_session_people()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    select pair.user1_id, pair.user2_id into new.user1_id, new.user2_id
    from public.wingman_matches as pair
    where pair.id = new.match_id;
    return new;
end;
$$;

create trigger copy_session_people
before insert or update of match_id, user1_id, user2_id on public.wingman_sessions
for each row execute function private.copy_session_people();

create trigger stamp_update
before update on public.wingman_sessions
for each row execute function private.stamp_update();

create view private.notification_subjects as
select
    meeting.id,
    meeting.status,
    meeting.sequence as revision
from public.wingman_sessions as meeting;
comment on view private.notification_subjects is
'The present state of the subjects of notifications, with which a claim compares what an email says.
A domain whose notifications can become void adds its rows here.';
grant select on private.notification_subjects to service_role;

create function private.session_status(p_session public.wingman_sessions)
returns text
language sql
stable
set search_path = ''
as $$
    select case
        when p_session.status = 'scheduled' and p_session.scheduled_time <= now()
            then 'in_progress'
        else p_session.status
    end;
$$;
comment on function private.session_status is
'The status to show. An open session is in progress from its start until it is closed.';

create function private.partner_of(p_session public.wingman_sessions, p_user_id uuid)
returns uuid
language sql
immutable
set search_path = ''
as $$
    select case p_user_id
        when p_session.user1_id then p_session.user2_id
        when p_session.user2_id then p_session.user1_id
    end;
$$;

create function private.session_json(
    p_session public.wingman_sessions, p_reader uuid default auth.uid()
)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', p_session.id,
        'match_id', p_session.match_id,
        'venue_name', p_session.venue_name,
        'scheduled_time', private.iso_utc(p_session.scheduled_time),
        'status', private.session_status(p_session),
        'user1_challenge_id', p_session.user1_challenge_id,
        'user2_challenge_id', p_session.user2_challenge_id,
        'user1_completed_confirmed_by_user2', p_session.user1_completed_confirmed_by_user2,
        'user2_completed_confirmed_by_user1', p_session.user2_completed_confirmed_by_user1,
        'no_show_user_ids', p_session.no_show_user_ids,
        'cancelled_by', p_session.cancelled_by,
        'cancel_reason', p_session.cancel_reason,
        'notes', p_session.notes,
        'completed_at', private.iso_utc(p_session.completed_at),
        'created_at', private.iso_utc(p_session.created_at),
        'updated_at', private.iso_utc(p_session.updated_at),
        'partner', private.partner_json(p_reader, private.partner_of(p_session, p_reader))
    );
$$;

create function private.find_session(p_session_id uuid, p_party uuid)
returns public.wingman_sessions
language plpgsql
stable
set search_path = ''
as $$
declare
    v_session public.wingman_sessions;
begin
    select found_session.* into v_session
    from public.wingman_sessions as found_session
    where found_session.id = p_session_id
        and p_party in (found_session.user1_id, found_session.user2_id);
    if v_session.id is null
        or not private.exists_for(p_party, private.partner_of(v_session, p_party)) then
        raise exception 'not_found' using errcode = 'WS001';
    end if;
    return v_session;
end;
$$;

create function public.get_session(p_session_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select private.session_json(private.find_session(p_session_id, private.caller_id()));
$$;
comment on function public.get_session is
'A session of the caller.
Security definer because users have no grant on sessions: a stored status may be out of date.';
grant execute on function public.get_session to authenticated;

create function public.get_session_event(p_session_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_session constant public.wingman_sessions := private.find_session(p_session_id, v_caller);
begin
    return jsonb_build_object(
        'session', private.session_json(v_session),
        'sequence', v_session.sequence,
        'partner_name', private.display_name(v_caller, private.partner_of(v_session, v_caller))
    );
end;
$$;
comment on function public.get_session_event is
'The facts of a calendar file: the session, its revision and the partner''s name.
Security definer because users have no grant on sessions and on other users'' profiles.';
grant execute on function public.get_session_event to authenticated;

create function public.get_session_event_of(p_session_id uuid, p_user_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_session public.wingman_sessions := private.find_session(p_session_id, p_user_id);
begin
    if v_session.scheduled_time < now() - interval '1 day' then
        raise exception 'not_found' using errcode = 'WS001';
    end if;
    v_session.notes := null;
    v_session.cancel_reason := null;
    return jsonb_build_object(
        'session', private.session_json(v_session, p_user_id),
        'sequence', v_session.sequence,
        'partner_name', private.display_name(p_user_id, private.partner_of(v_session, p_user_id))
    );
end;
$$;
comment on function public.get_session_event_of is
'The facts of a calendar file for the user named by a signed link, until a day after the start. It
leaves out the notes, because an email may be forwarded.
Security definer because service_role has no grant on sessions.';
grant execute on function public.get_session_event_of to service_role;

create function private.sessions_before(
    p_user_id uuid,
    p_status text,
    p_stored_status text,
    p_limit integer,
    p_created_at timestamptz,
    p_id uuid
)
returns setof public.wingman_sessions
language sql
stable
set search_path = ''
as $$
    -- Comparing the stored status first is cheap and leaves few rows for the function.
    -- One ordered index scan per side. An `or` over both would read every session of the user.
    (
        select as_user1.*
        from public.wingman_sessions as as_user1
        where as_user1.user1_id = p_user_id
            and (as_user1.created_at, as_user1.id) < (p_created_at, p_id)
            and private.exists_for(p_user_id, as_user1.user2_id)
            and (p_status is null or as_user1.status = p_stored_status)
            and (p_status is null or private.session_status(as_user1) = p_status)
        order by as_user1.created_at desc, as_user1.id desc
        limit p_limit
    )
    union all
    (
        select as_user2.*
        from public.wingman_sessions as as_user2
        where as_user2.user2_id = p_user_id
            and (as_user2.created_at, as_user2.id) < (p_created_at, p_id)
            and private.exists_for(p_user_id, as_user2.user1_id)
            and (p_status is null or as_user2.status = p_stored_status)
            and (p_status is null or private.session_status(as_user2) = p_status)
        order by as_user2.created_at desc, as_user2.id desc
        limit p_limit
    )
    order by created_at desc, id desc
    limit p_limit;
$$;

create function public.list_sessions(
    p_status text default null,
    p_limit integer default 20,
    p_before_created_at timestamptz default null,
    p_before_id uuid default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(char_length(p_status), 20);
    return (
        select coalesce(
            jsonb_agg(
                private.session_json(listed.*::public.wingman_sessions)
                order by listed.created_at desc, listed.id desc
            ),
            '[]'::jsonb
        )
        from private.sessions_before(
            v_caller,
            p_status,
            case p_status when 'in_progress' then 'scheduled' else p_status end,
            least(greatest(p_limit, 1), 101),
            coalesce(p_before_created_at, 'infinity'),
            coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        ) as listed
    );
end;
$$;
comment on function public.list_sessions is
'The caller''s sessions before the given one, newest first. At most 101: a page of 100, and one more
that shows whether another page follows.
Security definer because users have no grant on sessions: a stored status may be out of date.';
grant execute on function public.list_sessions to authenticated;

insert into private.notification_kinds (
    kind, category, lane, can_wait, void_in, tied_to_revision, in_feed, push_category
)
values
(
    'session_scheduled', 'match_notifications', 'urgent', false,
    '{cancelled}', true, true, 'sessions'
),
(
    'session_rescheduled', 'match_notifications', 'urgent', false,
    '{cancelled}', true, true, 'sessions'
),
(
    'session_cancelled', 'match_notifications', 'urgent', false,
    '{}', false, true, 'sessions'
),
(
    'session_called_off', 'match_notifications', 'urgent', false,
    '{}', false, true, 'sessions'
),
(
    'session_reminder_24h', 'session_reminders', 'urgent', false,
    '{cancelled}', true, true, 'sessions'
),
(
    'session_reminder_2h', 'session_reminders', 'urgent', false,
    '{cancelled}', true, true, 'sessions'
),
-- Recorded as the meeting was completed, so only a later report makes it void.
(
    'session_feedback', 'feedback_requests', 'bulk', true,
    '{cancelled, no_show, expired}', false, true, 'sessions'
);

create function private.notify_of_session(
    p_user_id uuid,
    p_kind text,
    p_session public.wingman_sessions,
    p_more jsonb default '{}',
    p_due_at timestamptz default now()
)
returns jsonb
language sql
set search_path = ''
as $$
    select private.notify(
        p_user_id,
        p_kind,
        p_more || jsonb_build_object(
            'session_id', p_session.id,
            'partner_name',
            private.display_name(p_user_id, private.partner_of(p_session, p_user_id)),
            'venue_name', p_session.venue_name,
            'scheduled_time', private.iso_utc(p_session.scheduled_time)
        ),
        concat_ws(':', p_session.id, p_session.sequence),
        p_match_id => p_session.match_id,
        p_subject_id => p_session.id,
        p_subject_revision => p_session.sequence,
        p_due_at => p_due_at
    );
$$;
comment on function private.notify_of_session is
'Notifies one user of a session, once for each kind and revision of the plan.';

create function private.challenge_words(p_challenge_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        (
            select
                jsonb_build_object(
                    'challenge_title', chosen.title,
                    'challenge_description', chosen.description
                )
            from public.challenges as chosen
            where chosen.id = p_challenge_id
        ),
        '{}'::jsonb
    );
$$;

create function private.announce_session(
    p_kind text, p_session public.wingman_sessions, p_more jsonb
)
returns jsonb
language sql
set search_path = ''
as $$
    select
        private.notify_of_session(
            p_session.user1_id, p_kind, p_session,
            p_more || private.challenge_words(p_session.user1_challenge_id)
        ) || private.notify_of_session(
            p_session.user2_id, p_kind, p_session,
            p_more || private.challenge_words(p_session.user2_challenge_id)
        );
$$;
comment on function private.announce_session is
'Notifies both users of the plan, each with their own challenge.';

create function private.plan_reminders(p_session public.wingman_sessions)
returns void
language sql
set search_path = ''
as $$
    select
        private.notify_of_session(
            person.user_id,
            reminder.kind,
            p_session,
            private.challenge_words(person.challenge_id) - 'challenge_description',
            p_session.scheduled_time - reminder.before
        )
    from (
        values
        ('session_reminder_24h', interval '24 hours'),
        ('session_reminder_2h', interval '2 hours')
    ) as reminder (kind, before)
    cross join (
        values
        (p_session.user1_id, p_session.user1_challenge_id),
        (p_session.user2_id, p_session.user2_challenge_id)
    ) as person (user_id, challenge_id)
    where p_session.scheduled_time - reminder.before > now();
$$;
comment on function private.plan_reminders is
'Records the reminders of both users that are still ahead. They are due hours before the start, not
days, because a day on which clocks change has 23 or 25 hours.';

create function private.drop_reminders(p_session_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
    -- Locks in the order of complete_emails, so that the two cannot deadlock.
    with stale as materialized (
        select email.id
        from public.email_logs as email
        where email.subject_id = p_session_id
            and email.email_template in ('session_reminder_24h', 'session_reminder_2h')
            and email.claimable_at is not null
            and email.send_group is null
        order by email.id
        for update
    )

    update public.email_logs as email
    set
        delivery_status = 'cancelled',
        lease_token = null,
        lease_expires_at = null
    from stale
    where email.id = stale.id;
    delete from public.notifications as planned
    where coalesce(planned.subject_id, planned.match_id) = p_session_id
        and planned.kind in ('session_reminder_24h', 'session_reminder_2h')
        and planned.seq is null;
end;
$$;
comment on function private.drop_reminders is
'Cancels the reminders of a plan that no longer holds, even those that a worker has leased. A
reminder with a send group may be at the provider already, so it cannot be cancelled.';

create function private.ask_for_feedback(p_session public.wingman_sessions)
returns jsonb
language sql
set search_path = ''
as $$
    select
        private.notify_of_session(p_session.user1_id, 'session_feedback', p_session)
        || private.notify_of_session(p_session.user2_id, 'session_feedback', p_session);
$$;

create function private.lock_session(p_session_id uuid, p_party uuid)
returns public.wingman_sessions
language plpgsql
set search_path = ''
as $$
declare
    v_session public.wingman_sessions;
begin
    select locked.* into v_session
    from public.wingman_sessions as locked
    where locked.id = p_session_id and p_party in (locked.user1_id, locked.user2_id)
    for update;
    if v_session.id is null
        or not private.exists_for(p_party, private.partner_of(v_session, p_party)) then
        raise exception 'not_found' using errcode = 'WS001';
    end if;
    return v_session;
end;
$$;

create function private.check_session_open(p_session public.wingman_sessions)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
    if p_session.status <> 'scheduled' then
        raise exception 'session_not_open' using errcode = 'WS004';
    end if;
end;
$$;

create function private.has_confirmed(
    p_session public.wingman_sessions, p_user_id uuid
)
returns boolean
language sql
immutable
set search_path = ''
as $$
    select case p_user_id
        when p_session.user1_id then p_session.user2_completed_confirmed_by_user1
        when p_session.user2_id then p_session.user1_completed_confirmed_by_user2
    end;
$$;
comment on function private.has_confirmed is
'Whether this user said that the other one took part.';

create function private.session_outcome(p_session public.wingman_sessions)
returns text
language sql
immutable
set search_path = ''
as $$
    select case
        -- Two reports contradict each other, so neither counts.
        when cardinality(p_session.no_show_user_ids) > 1 then 'expired'
        when cardinality(p_session.no_show_user_ids) = 1 then 'no_show'
        when
            p_session.user1_completed_confirmed_by_user2
            or p_session.user2_completed_confirmed_by_user1
            then 'completed'
        else 'expired'
    end;
$$;
comment on function private.session_outcome is
'The outcome of a session that is over, by what both users said.';

create function private.settle_session(
    p_session public.wingman_sessions, p_outcome text
)
returns public.wingman_sessions
language plpgsql
set search_path = ''
as $$
declare
    v_session public.wingman_sessions;
begin
    update public.wingman_sessions as settled
    set
        status = p_outcome,
        completed_at = case p_outcome when 'completed' then now() end
    where settled.id = p_session.id
    returning settled.* into v_session;
    return v_session;
end;
$$;

create function private.counted_users(p_session public.wingman_sessions)
returns uuid[]
language sql
immutable
set search_path = ''
as $$
    select case
        when p_session.status in ('scheduled', 'expired') then '{}'::uuid[]
        when p_session.status = 'cancelled' then p_session.no_show_user_ids
        else array[p_session.user1_id, p_session.user2_id]
    end;
$$;
comment on function private.counted_users is
'The users whose reputation a session in this status affects.';

create function private.session_answer(
    p_session public.wingman_sessions, p_changed_users uuid[], p_due jsonb
)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'session', private.session_json(p_session),
        'changed_users', p_changed_users,
        'due', p_due
    );
$$;
comment on function private.session_answer is
'The answer of every step: the session, the users whose reputation may have changed, and the
notifications that are due now.';

create function private.close_session(p_session public.wingman_sessions)
returns public.wingman_sessions
language plpgsql
set search_path = ''
as $$
declare
    v_session constant public.wingman_sessions := private.settle_session(
        p_session, private.session_outcome(p_session)
    );
begin
    if v_session.status = 'completed' then
        perform private.ask_for_feedback(v_session);
    end if;
    return v_session;
end;
$$;
comment on function private.close_session is
'Closes a session, which the calling function has locked, by what both users have said about it.';

create function public.close_overdue_sessions(p_limit integer)
returns table (session_id uuid, users uuid[])
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_session public.wingman_sessions;
begin
    for v_session in
        select overdue.*
        from public.wingman_sessions as overdue
        where overdue.status = 'scheduled'
            and overdue.scheduled_time <= now() - interval '24 hours'
        order by overdue.scheduled_time
        limit p_limit
        for update skip locked
    loop
        v_session := private.close_session(v_session);
        session_id := v_session.id;
        users := private.counted_users(v_session);
        return next;
    end loop;
end;
$$;
comment on function public.close_overdue_sessions is
'Closes up to p_limit sessions that are open 24 hours after their start, and returns them with the
users whose reputation may have changed.
Security definer because workers have no grant on sessions.';
grant execute on function public.close_overdue_sessions to service_role;

create function private.check_scheduled_time(p_scheduled_time timestamptz)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
    v_lead integer;
begin
    select settings.session_lead_minutes into v_lead from private.app_settings as settings;
    if (
        p_scheduled_time > now()
        and p_scheduled_time >= now() + make_interval(mins => v_lead)
        and p_scheduled_time <= now() + interval '1 year'
    ) is not true then
        raise exception 'invalid_scheduled_time' using errcode = 'WS010', detail = v_lead;
    end if;
end;
$$;

create function private.is_short_notice(p_scheduled_time timestamptz)
returns boolean
language sql
stable
set search_path = ''
as $$
    select p_scheduled_time < now() + interval '2 hours';
$$;

create function private.check_challenge(p_challenge_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
    perform from public.challenges as offered
    where offered.id = p_challenge_id and offered.active;
    if p_challenge_id is not null and not found then
        raise exception 'not_found' using errcode = 'WC001';
    end if;
end;
$$;

create function private.check_match_accepted(p_match_id uuid, p_party uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_match public.wingman_matches;
begin
    -- The match does not end before the session is stored, and its end then cancels the session.
    select pair.* into v_match
    from public.wingman_matches as pair
    where pair.id = p_match_id and p_party in (pair.user1_id, pair.user2_id)
    for share;
    if v_match.id is null or not private.partner_exists(v_match, p_party) then
        raise exception 'not_found' using errcode = 'WM002';
    elsif v_match.status <> 'accepted' then
        raise exception 'match_not_accepted' using errcode = 'WS002';
    end if;
end;
$$;

create function private.close_previous_session(p_match_id uuid)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
    v_session public.wingman_sessions;
begin
    select previous.* into v_session
    from public.wingman_sessions as previous
    where previous.match_id = p_match_id
        and previous.status = 'scheduled'
        and previous.scheduled_time <= now() - interval '24 hours'
    for update;
    if v_session.id is null then
        return '{}'::uuid[];
    end if;
    return private.counted_users(private.close_session(v_session));
end;
$$;
comment on function private.close_previous_session is
'Closes an open session of the match that is over, so that the next one need not wait for the job.';

create function private.open_session(
    p_planner_id uuid,
    p_match_id uuid,
    p_venue_name text,
    p_scheduled_time timestamptz,
    p_user1_challenge_id uuid,
    p_user2_challenge_id uuid,
    p_notes text
)
returns public.wingman_sessions
language plpgsql
set search_path = ''
as $$
declare
    v_session public.wingman_sessions;
begin
    insert into public.wingman_sessions as opened (
        match_id, venue_name, scheduled_time, user1_challenge_id, user2_challenge_id, notes,
        planned_by, short_notice_for
    )
    select
        pair.id,
        p_venue_name,
        p_scheduled_time,
        p_user1_challenge_id,
        p_user2_challenge_id,
        p_notes,
        p_planner_id,
        case
            when private.is_short_notice(p_scheduled_time)
                then case p_planner_id when pair.user1_id then pair.user2_id else pair.user1_id end
        end
    from public.wingman_matches as pair
    where pair.id = p_match_id
    on conflict (match_id) where status = 'scheduled' do nothing
    returning opened.* into v_session;
    if v_session.id is null then
        raise exception 'session_already_open' using errcode = 'WS003';
    end if;
    return v_session;
end;
$$;

create function public.create_session(
    p_match_id uuid,
    p_venue_name text,
    p_scheduled_time timestamptz,
    p_user1_challenge_id uuid default null,
    p_user2_challenge_id uuid default null,
    p_notes text default null,
    p_idempotency_key text default null,
    p_request_hash text default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_changed uuid[];
    v_session public.wingman_sessions;
    v_answer jsonb;
begin
    perform private.check_length(char_length(p_venue_name), 200);
    perform private.check_length(char_length(p_notes), 2000);
    perform private.check_idempotency_key(p_idempotency_key, p_request_hash);
    -- Uses of an idempotency key take turns.
    perform private.take_turn_as(v_caller);
    v_answer := private.replayed_response(v_caller, p_idempotency_key, p_request_hash);
    if v_answer is not null then
        return v_answer || '{"replayed": true, "due": []}';
    end if;
    perform private.refuse_flaw('venue_name', private.flaw_of_words(p_venue_name));
    perform private.check_match_accepted(p_match_id, v_caller);
    perform private.check_scheduled_time(p_scheduled_time);
    perform private.check_challenge(p_user1_challenge_id);
    perform private.check_challenge(p_user2_challenge_id);

    v_changed := private.close_previous_session(p_match_id);
    v_session := private.open_session(
        v_caller, p_match_id, p_venue_name, p_scheduled_time, p_user1_challenge_id,
        p_user2_challenge_id, p_notes
    );
    perform private.count_plan(v_caller, private.partner_of(v_session, v_caller));
    perform private.plan_reminders(v_session);
    v_answer := private.session_answer(
        v_session, v_changed, private.announce_session('session_scheduled', v_session, '{}')
    );
    perform private.remember_response(v_caller, p_idempotency_key, p_request_hash, v_answer);
    return v_answer || '{"replayed": false}';
end;
$$;
comment on function public.create_session is
'Plans a meeting of an accepted match, and notifies and will remind both users.
Security definer because users write no table.';
grant execute on function public.create_session to authenticated;

create function private.move_session(
    p_session_id uuid, p_before timestamptz, p_planner_id uuid
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_session public.wingman_sessions;
begin
    update public.wingman_sessions as moved
    set
        sequence = moved.sequence + 1,
        moved_at = now(),
        planned_by = p_planner_id,
        short_notice_for = case
            when private.is_short_notice(moved.scheduled_time)
                then private.partner_of(moved, p_planner_id)
        end
    where moved.id = p_session_id
    returning moved.* into v_session;
    perform private.count_plan(p_planner_id, private.partner_of(v_session, p_planner_id));
    perform private.drop_reminders(p_session_id);
    perform private.plan_reminders(v_session);
    return private.announce_session(
        'session_rescheduled',
        v_session,
        jsonb_build_object(
            'previous_time',
            case when v_session.scheduled_time <> p_before then private.iso_utc(p_before) end
        )
    );
end;
$$;
comment on function private.move_session is
'Makes another time or place the next revision of the plan, with new notifications and reminders.';

create function public.update_session(
    p_session_id uuid,
    p_venue_name text,
    p_scheduled_time timestamptz,
    p_notes text,
    p_changes text[]
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_old public.wingman_sessions;
    v_new public.wingman_sessions;
    v_due jsonb := '[]'::jsonb;
begin
    perform private.check_length(char_length(p_venue_name), 200);
    perform private.check_length(char_length(p_notes), 2000);
    perform private.check_length(pg_column_size(p_changes), 200);
    v_old := private.lock_session(p_session_id, v_caller);
    perform private.check_session_open(v_old);
    perform private.refuse_flaw('venue_name', private.flaw_of_words(p_venue_name));
    update public.wingman_sessions as changed
    set
        venue_name = case
            when 'venue_name' = any(p_changes) then p_venue_name else changed.venue_name
        end,
        scheduled_time = case
            when 'scheduled_time' = any(p_changes) then p_scheduled_time
            else changed.scheduled_time
        end,
        notes = case when 'notes' = any(p_changes) then p_notes else changed.notes end
    where changed.id = p_session_id
    returning changed.* into v_new;

    if (v_new.venue_name, v_new.scheduled_time) <> (v_old.venue_name, v_old.scheduled_time) then
        if v_old.scheduled_time <= now() then
            raise exception 'session_already_started' using errcode = 'WS006';
        end if;
        if v_new.scheduled_time <> v_old.scheduled_time then
            perform private.check_scheduled_time(v_new.scheduled_time);
        end if;
        v_due := private.move_session(p_session_id, v_old.scheduled_time, v_caller);
    end if;
    return private.session_answer(v_new, '{}', v_due);
end;
$$;
comment on function public.update_session is
'Changes the fields of an open session that p_changes names; time and place only before its start.
Security definer because users write no table.';
grant execute on function public.update_session to authenticated;

create function private.cancellation_counts(
    p_session public.wingman_sessions, p_user_id uuid
)
returns boolean
language sql
stable
set search_path = ''
as $$
    select p_session.scheduled_time < now() + interval '2 hours'
        and (
            coalesce(p_session.moved_at, p_session.created_at) <= now() - interval '2 hours'
            -- A user who moved the plan, or planned it and let it begin, is not excused.
            or (
                p_session.planned_by is not distinct from p_user_id
                and (p_session.moved_at is not null or p_session.scheduled_time <= now())
            )
        );
$$;
comment on function private.cancellation_counts is
'Whether a cancellation by this user counts as a no-show: late, and of a plan that the user has had
for 2 hours or has made.';

create function public.cancel_session(p_session_id uuid, p_reason text default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_session public.wingman_sessions;
begin
    perform private.check_length(char_length(p_reason), 500);
    v_session := private.lock_session(p_session_id, v_caller);
    perform private.check_session_open(v_session);
    -- A user must not erase by cancelling what either of the two has said about the meeting.
    if v_session.user1_completed_confirmed_by_user2
        or v_session.user2_completed_confirmed_by_user1
        or cardinality(v_session.no_show_user_ids) > 0
    then
        raise exception 'session_already_answered' using errcode = 'WS007';
    end if;
    update public.wingman_sessions as cancelled
    set
        status = 'cancelled',
        cancelled_by = v_caller,
        cancel_reason = p_reason,
        sequence = cancelled.sequence + 1,
        no_show_user_ids = case
            when private.cancellation_counts(cancelled, v_caller) then array[v_caller] else '{}'
        end
    where cancelled.id = p_session_id
    returning cancelled.* into v_session;
    perform private.drop_reminders(p_session_id);
    return private.session_answer(
        v_session,
        private.counted_users(v_session),
        private.notify_of_session(
            private.partner_of(v_session, v_caller),
            'session_cancelled',
            v_session,
            jsonb_build_object('reason', p_reason)
        )
    );
end;
$$;
comment on function public.cancel_session is
'Cancels an open session and notifies the other user. Late, it counts as a no-show of the user who
cancels, unless that user has had the plan for less than 2 hours.
Security definer because users write no table.';
grant execute on function public.cancel_session to authenticated;

create function public.confirm_session(p_session_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_session public.wingman_sessions := private.lock_session(p_session_id, v_caller);
begin
    perform private.check_session_open(v_session);
    if v_session.scheduled_time > now() then
        raise exception 'session_not_started' using errcode = 'WS005';
    end if;
    if private.has_confirmed(v_session, v_caller) then
        return private.session_answer(v_session, '{}', '[]');
    end if;
    update public.wingman_sessions as confirmed
    set
        user1_completed_confirmed_by_user2 = confirmed.user1_completed_confirmed_by_user2
        or v_caller = confirmed.user2_id,
        user2_completed_confirmed_by_user1 = confirmed.user2_completed_confirmed_by_user1
        or v_caller = confirmed.user1_id,
        -- A partner who came late did come.
        no_show_user_ids = array_remove(
            confirmed.no_show_user_ids, private.partner_of(v_session, v_caller)
        )
    where confirmed.id = p_session_id
    returning confirmed.* into v_session;
    if not (
        v_session.user1_completed_confirmed_by_user2
        and v_session.user2_completed_confirmed_by_user1
    ) then
        return private.session_answer(v_session, '{}', '[]');
    end if;
    v_session := private.settle_session(v_session, 'completed');
    return private.session_answer(
        v_session,
        private.counted_users(v_session),
        private.ask_for_feedback(v_session)
    );
end;
$$;
comment on function public.confirm_session is
'Records that the other user took part, and withdraws an earlier report. The second confirmation
completes the session. Security definer because users write no table.';
grant execute on function public.confirm_session to authenticated;

create function private.check_no_show_report(
    p_session public.wingman_sessions, p_reporter uuid
)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
    if p_session.status = 'cancelled'
        or (p_session.status = 'completed' and private.has_confirmed(p_session, p_reporter))
    then
        raise exception 'session_not_open' using errcode = 'WS004';
    elsif now() < p_session.scheduled_time + interval '15 minutes' then
        raise exception 'no_show_too_early' using errcode = 'WS008';
    elsif now() > p_session.scheduled_time + interval '168 hours' then
        raise exception 'no_show_too_late' using errcode = 'WS009';
    elsif private.has_confirmed(p_session, p_reporter) then
        raise exception 'session_already_answered' using errcode = 'WS007';
    end if;
end;
$$;

create function public.report_no_show(p_session_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_session public.wingman_sessions := private.lock_session(p_session_id, v_caller);
    v_missing constant uuid := private.partner_of(v_session, v_caller);
begin
    perform private.check_no_show_report(v_session, v_caller);
    if v_missing = any(v_session.no_show_user_ids) then
        return private.session_answer(v_session, '{}', '[]');
    end if;
    update public.wingman_sessions as reported
    set no_show_user_ids = reported.no_show_user_ids || v_missing
    where reported.id = p_session_id
    returning reported.* into v_session;
    -- A completed session stays completed, for the reporter alone. The others get a new outcome.
    if v_session.status in ('expired', 'no_show') then
        v_session := private.settle_session(v_session, private.session_outcome(v_session));
    end if;
    return private.session_answer(
        v_session,
        case
            when v_session.status = 'scheduled' then '{}'
            else array[v_session.user1_id, v_session.user2_id]
        end,
        '[]'
    );
end;
$$;
comment on function public.report_no_show is
'Records that the other user did not come. While the session is open, the outcome waits for its end.
Security definer because users write no table.';
grant execute on function public.report_no_show to authenticated;

create function private.export_sessions(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'id', meeting.id,
                'match_id', meeting.match_id,
                'venue_name', meeting.venue_name,
                'scheduled_time', private.iso_utc(meeting.scheduled_time),
                'status', meeting.status,
                'notes', meeting.notes,
                'challenge_id', case p_user_id
                    when meeting.user1_id then meeting.user1_challenge_id
                    else meeting.user2_challenge_id
                end,
                'confirmed_by_me', case p_user_id
                    when meeting.user1_id then meeting.user2_completed_confirmed_by_user1
                    else meeting.user1_completed_confirmed_by_user2
                end,
                'counts_for_me', case p_user_id
                    when meeting.user1_id then meeting.user1_counts_as
                    else meeting.user2_counts_as
                end,
                'cancelled_by_me', coalesce(meeting.cancelled_by = p_user_id, false),
                'cancel_reason', case
                    when meeting.cancelled_by = p_user_id then meeting.cancel_reason
                end,
                'created_at', private.iso_utc(meeting.created_at)
            )
            order by meeting.created_at
        ),
        '[]'::jsonb
    )
    from public.wingman_sessions as meeting
    where p_user_id in (meeting.user1_id, meeting.user2_id);
$$;
comment on function private.export_sessions is
'The sessions in the export of an account, without what the partner confirmed or reported.';

create table public.meeting_feedback (
    session_id uuid not null references public.wingman_sessions (id) on delete cascade,
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    rating smallint,
    -- `text` names a type.
    body text,
    created_at timestamptz not null default now(),
    primary key (session_id, user_id),
    constraint meeting_feedback_rating_range check (rating between 1 and 5),
    constraint meeting_feedback_body_length check (char_length(body) between 1 and 2000),
    constraint meeting_feedback_says_something check (num_nonnulls(rating, body) > 0)
);
comment on table public.meeting_feedback is
'How a meeting was, in the words of one of the two. The other user never reads it.';

create index meeting_feedback_of_user
on public.meeting_feedback (user_id, created_at desc);

-- No policy and no grant: users read and give feedback through functions.
alter table public.meeting_feedback enable row level security;

create function private.feedback_json(p_feedback public.meeting_feedback)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'session_id', p_feedback.session_id,
        'rating', p_feedback.rating,
        'text', p_feedback.body,
        'created_at', private.iso_utc(p_feedback.created_at)
    );
$$;

create function private.record_feedback(
    p_session public.wingman_sessions, p_user_id uuid, p_rating integer, p_text text
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_feedback public.meeting_feedback;
begin
    if p_session.status not in ('completed', 'no_show', 'expired') then
        raise exception 'session_not_over' using errcode = 'WS012';
    end if;
    insert into public.meeting_feedback as given (session_id, user_id, rating, body)
    values (p_session.id, p_user_id, p_rating, nullif(p_text, ''))
    on conflict do nothing
    returning given.* into v_feedback;
    if v_feedback.session_id is not null then
        return jsonb_build_object(
            'feedback', private.feedback_json(v_feedback), 'replayed', false
        );
    end if;

    select given.* into v_feedback
    from public.meeting_feedback as given
    where given.session_id = p_session.id and given.user_id = p_user_id;
    if (v_feedback.rating, v_feedback.body) is distinct from (p_rating, nullif(p_text, '')) then
        raise exception 'feedback_already_given' using errcode = 'WS013';
    end if;
    return jsonb_build_object('feedback', private.feedback_json(v_feedback), 'replayed', true);
end;
$$;
comment on function private.record_feedback is
'Records what one user says about a meeting that is over. The same again changes nothing, anything
else is refused.';

create function public.give_feedback(p_session_id uuid, p_rating integer, p_text text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(char_length(p_text), 2000);
    return private.record_feedback(
        private.find_session(p_session_id, v_caller), v_caller, p_rating, p_text
    );
end;
$$;
comment on function public.give_feedback is
'Records the caller''s feedback on a session. Security definer because users write no table.';
grant execute on function public.give_feedback to authenticated;

create function public.get_feedback(p_session_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_session constant public.wingman_sessions := private.find_session(p_session_id, v_caller);
begin
    return (
        select private.feedback_json(given)
        from public.meeting_feedback as given
        where given.session_id = v_session.id and given.user_id = v_caller
    );
end;
$$;
comment on function public.get_feedback is
'The caller''s own feedback on a session, null if there is none.
Security definer because users have no grant on feedback.';
grant execute on function public.get_feedback to authenticated;

create function private.find_session_of_link(p_session_id uuid, p_user_id uuid)
returns public.wingman_sessions
language plpgsql
stable
set search_path = ''
as $$
declare
    v_session constant public.wingman_sessions := private.find_session(p_session_id, p_user_id);
begin
    if v_session.scheduled_time < now() - interval '30 days' then
        raise exception 'not_found' using errcode = 'WS001';
    end if;
    return v_session;
end;
$$;

create function public.give_feedback_of(
    p_session_id uuid, p_user_id uuid, p_rating integer, p_text text
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
    return private.record_feedback(
        private.find_session_of_link(p_session_id, p_user_id), p_user_id, p_rating, p_text
    );
end;
$$;
comment on function public.give_feedback_of is
'Records the feedback of the user named by a signed link, until 30 days after the start.
Security definer because service_role has no grant on sessions and feedback.';
grant execute on function public.give_feedback_of to service_role;

create function public.get_feedback_question_of(p_session_id uuid, p_user_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_session constant public.wingman_sessions := private.find_session_of_link(
        p_session_id, p_user_id
    );
begin
    return jsonb_build_object(
        'partner_name',
        private.display_name(p_user_id, private.partner_of(v_session, p_user_id)),
        'answered', exists (
            select 1
            from public.meeting_feedback as given
            where given.session_id = v_session.id and given.user_id = p_user_id
        )
    );
end;
$$;
comment on function public.get_feedback_question_of is
'The facts of the page that asks for feedback, for the user named by a signed link, until 30 days
after the start. It leaves out an answer, because an email may be forwarded.
Security definer because service_role has no grant on sessions and feedback.';
grant execute on function public.get_feedback_question_of to service_role;

create function private.feedback_of(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(private.feedback_json(given) order by given.created_at desc), '[]'::jsonb
    )
    from public.meeting_feedback as given
    where given.user_id = p_user_id;
$$;

create function private.export_feedback(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select private.feedback_of(p_user_id);
$$;

create table public.challenge_submissions (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    challenge_id uuid not null references public.challenges (id),
    session_id uuid references public.wingman_sessions (id) on delete set null,
    outcome text not null,
    reflection text,
    created_at timestamptz not null default now(),
    constraint challenge_submissions_outcome_known
    check (outcome in ('done', 'partly', 'not_done')),
    constraint challenge_submissions_reflection_length check (char_length(reflection) <= 2000)
);
comment on table public.challenge_submissions is
'Attempts at challenges. Only their user reads them.';

create index challenge_submissions_of_user
on public.challenge_submissions (user_id, created_at desc, id desc);
create index challenge_submissions_of_session
on public.challenge_submissions (session_id)
where session_id is not null;

-- No policy and no grant: the functions check the window and the caller's account.
alter table public.challenge_submissions enable row level security;

create function private.submission_json(p_submission public.challenge_submissions)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', p_submission.id,
        'challenge_id', p_submission.challenge_id,
        'session_id', p_submission.session_id,
        'outcome', p_submission.outcome,
        'reflection', p_submission.reflection,
        'created_at', private.iso_utc(p_submission.created_at)
    );
$$;

create function private.check_submission_window(
    p_session public.wingman_sessions, p_challenge_id uuid, p_window_days integer
)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
    v_days integer;
begin
    if (
        p_challenge_id in (p_session.user1_challenge_id, p_session.user2_challenge_id)
    ) is not true then
        raise exception 'not_found' using errcode = 'WC001';
    end if;
    select least(p_window_days, settings.challenge_duration_days) into v_days
    from private.app_settings as settings;
    if now() > p_session.scheduled_time + make_interval(hours => 24 * v_days) then
        raise exception 'submission_window_closed' using errcode = 'WC002';
    end if;
end;
$$;

create function private.check_daily_submissions(p_user_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
    v_limit integer;
    v_blocking timestamptz;
begin
    select settings.max_daily_submissions into v_limit from private.app_settings as settings;
    -- Newest first, the new one included. The first one beyond the limit must age out.
    select mine.created_at into v_blocking
    from public.challenge_submissions as mine
    where mine.user_id = p_user_id and mine.created_at > now() - interval '24 hours'
    order by mine.created_at desc, mine.id desc
    offset v_limit
    limit 1;
    if found then
        raise exception 'daily_submission_limit' using
            errcode = 'WC004',
            detail = ceil(extract(epoch from v_blocking + interval '24 hours' - now()));
    end if;
end;
$$;

create function public.submit_challenge(
    p_challenge_id uuid,
    p_session_id uuid,
    p_outcome text,
    p_reflection text,
    p_window_days integer,
    p_idempotency_key text default null,
    p_request_hash text default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_submission public.challenge_submissions;
    v_answer jsonb;
begin
    perform private.check_length(char_length(p_outcome), 20);
    perform private.check_length(char_length(p_reflection), 2000);
    perform private.check_idempotency_key(p_idempotency_key, p_request_hash);
    -- Uses of an idempotency key take turns.
    perform private.take_turn_as(v_caller);
    v_answer := private.replayed_response(v_caller, p_idempotency_key, p_request_hash);
    if v_answer is not null then
        return v_answer || '{"replayed": true}';
    end if;
    if p_session_id is null then
        perform private.check_challenge(p_challenge_id);
    else
        perform private.check_submission_window(
            private.find_session(p_session_id, v_caller), p_challenge_id, p_window_days
        );
    end if;
    insert into public.challenge_submissions as submitted (
        user_id, challenge_id, session_id, outcome, reflection
    )
    values (v_caller, p_challenge_id, p_session_id, p_outcome, p_reflection)
    returning submitted.* into v_submission;
    perform private.check_daily_submissions(v_caller);
    v_answer := jsonb_build_object('submission', private.submission_json(v_submission));
    perform private.remember_response(v_caller, p_idempotency_key, p_request_hash, v_answer);
    return v_answer || '{"replayed": false}';
end;
$$;
comment on function public.submit_challenge is
'Records an attempt at a challenge that is offered, or at one of a session of the caller until its
window ends. Security definer because users write no table.';
grant execute on function public.submit_challenge to authenticated;

create function public.get_submission(p_submission_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_submission public.challenge_submissions;
begin
    select mine.* into v_submission
    from public.challenge_submissions as mine
    where mine.id = p_submission_id and mine.user_id = v_caller;
    if not found then
        raise exception 'not_found' using errcode = 'WC003';
    end if;
    return private.submission_json(v_submission);
end;
$$;
comment on function public.get_submission is
'One attempt of the caller. Security definer because users have no grant on submissions.';
grant execute on function public.get_submission to authenticated;

create function public.list_submissions(
    p_limit integer default 20,
    p_before_created_at timestamptz default null,
    p_before_id uuid default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    return (
        select coalesce(
            jsonb_agg(
                private.submission_json(page.*::public.challenge_submissions)
                order by page.created_at desc, page.id desc
            ),
            '[]'::jsonb
        )
        from (
            select mine.*
            from public.challenge_submissions as mine
            where mine.user_id = v_caller
                and (mine.created_at, mine.id) < (
                    coalesce(p_before_created_at, 'infinity'),
                    coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                )
            order by mine.created_at desc, mine.id desc
            limit least(greatest(p_limit, 1), 101)
        ) as page
    );
end;
$$;
comment on function public.list_submissions is
'The caller''s attempts before the given one, newest first, at most 101.
Security definer because users have no grant on submissions.';
grant execute on function public.list_submissions to authenticated;

create function private.export_submissions(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(private.submission_json(attempt) order by attempt.created_at), '[]'::jsonb
    )
    from public.challenge_submissions as attempt
    where attempt.user_id = p_user_id;
$$;

create table private.past_outcomes (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    counts_as text not null,
    counted_at timestamptz not null,
    constraint past_outcomes_known check (counts_as in ('completed', 'no_show'))
);
comment on table private.past_outcomes is
'What sessions with users who deleted their accounts count for the others.';

create index past_outcomes_of_user
on private.past_outcomes (user_id, counts_as);

alter table private.past_outcomes enable row level security;

-- Without a search_path, so that PostgreSQL inlines it.
create function private.utc_day(p_time timestamptz)
returns date
language sql
immutable
as $$
    select (p_time at time zone 'UTC')::date;
$$;
comment on function private.utc_day is
'The day of a meeting. Of the completed meetings of a pair, one counts for each day.';

-- In PL/pgSQL, which keeps its plan: in SQL, it is planned again for each list and page.
create function private.reputations_of(p_user_ids uuid[])
returns table (user_id uuid, completed_sessions bigint, no_shows bigint)
language plpgsql
stable
set search_path = ''
as $$
begin
    return query
    select
        counted.user_id,
        -- Of meetings with deleted accounts, each counts.
        count(*) filter (where counted.counts_as = 'completed' and counted.partner_id is not null)
        + coalesce(
            sum(counted.meetings) filter (
                where counted.counts_as = 'completed' and counted.partner_id is null
            ),
            0
        )::bigint,
        coalesce(
            sum(counted.meetings) filter (where counted.counts_as = 'no_show'), 0
        )::bigint
    from (
        -- One for each partner and day. Grouped, because count(distinct …) sorts for each user.
        select
            met.user_id,
            met.counts_as,
            met.partner_id,
            count(*) as meetings
        from (
            select
                as_user1.user1_id as user_id,
                as_user1.user1_counts_as as counts_as,
                as_user1.user2_id as partner_id,
                as_user1.scheduled_time
            from public.wingman_sessions as as_user1
            where as_user1.user1_id = any(p_user_ids) and as_user1.user1_counts_as is not null
            union all
            select
                as_user2.user2_id as user_id,
                as_user2.user2_counts_as as counts_as,
                as_user2.user1_id as partner_id,
                as_user2.scheduled_time
            from public.wingman_sessions as as_user2
            where as_user2.user2_id = any(p_user_ids) and as_user2.user2_counts_as is not null
            union all
            select
                past.user_id,
                past.counts_as,
                null as partner_id,
                null as scheduled_time
            from private.past_outcomes as past
            where past.user_id = any(p_user_ids)
        ) as met
        group by met.user_id, met.counts_as, met.partner_id, private.utc_day(met.scheduled_time)
    ) as counted
    group by counted.user_id;
end;
$$;
comment on function private.reputations_of is
'Completed meetings and no-shows of those who have any.';

create function private.reputation_totals_of(p_user_ids uuid[])
returns table (user_id uuid, totals jsonb)
language plpgsql
stable
set search_path = ''
as $$
begin
    return query
    select
        asked.user_id,
        jsonb_build_object(
            'completed_sessions', coalesce(counted.completed_sessions, 0),
            'no_shows', coalesce(counted.no_shows, 0)
        )
    from unnest(p_user_ids) as asked (user_id)
    left join private.reputations_of(p_user_ids) as counted on asked.user_id = counted.user_id;
end;
$$;
comment on function private.reputation_totals_of is
'Completed meetings and no-shows; wingman/reputation/rules.py makes the score of them.';

create function private.reputation_totals(p_user_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return (
        select found.totals from private.reputation_totals_of(array[p_user_id]) as found
    );
end;
$$;

create function private.kept_from(p_user_id uuid)
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
declare
    v_user_ids uuid[];
begin
    if private.is_hidden(p_user_id) or private.is_banned(p_user_id) then
        return null;
    end if;
    v_user_ids := array(
        select mine.blocked_id from private.blocks as mine where mine.user_id = p_user_id
        union
        select theirs.user_id from private.blocks as theirs where theirs.blocked_id = p_user_id
        limit 101
    );
    return case when cardinality(v_user_ids) <= 100 then v_user_ids end;
end;
$$;
comment on function private.kept_from is
'The users for whom a user does not exist because of a block, for a cache that all users share. Null
if that is no short list: then each one is to ask.';

create function public.get_reputation(p_user_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if not private.exists_for(private.caller_id(), p_user_id) then
        raise exception 'not_found' using errcode = 'WR001';
    end if;
    return private.reputation_totals(p_user_id)
        || jsonb_build_object('kept_from', private.kept_from(p_user_id));
end;
$$;
comment on function public.get_reputation is
'Totals of any user, for everyone who is signed in.
Security definer because users have no grant on sessions. Only the totals leave.';
grant execute on function public.get_reputation to authenticated;

create function private.export_reputation(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select private.reputation_totals(p_user_id) || jsonb_build_object(
        'with_deleted_accounts', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'counts_as', past.counts_as,
                        'counted_at', private.iso_utc(past.counted_at)
                    )
                    order by past.counted_at
                ),
                '[]'::jsonb
            )
            from private.past_outcomes as past
            where past.user_id = p_user_id
        )
    );
$$;

create function private.coach_challenge(p_challenge_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'difficulty', challenge.difficulty,
        'title', challenge.title,
        'description', challenge.description
    )
    from public.challenges as challenge
    where challenge.id = p_challenge_id;
$$;

create function private.names_known_to(p_user_id uuid, p_partner_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return (
        with asked as (
            select match.user2_id as person_id
            from public.wingman_matches as match
            where match.user1_id = p_user_id and match.status in ('accepted', 'declined', 'ended')
            order by match.created_at desc, match.id desc
            limit 100
        ),

        asked_by as (
            select match.user1_id as person_id
            from public.wingman_matches as match
            where match.user2_id = p_user_id
            order by match.created_at desc, match.id desc
            limit 100
        ),

        names as (
            select unnest(array[other.first_name, shown.display_name]) as name
            from (
                select person_id from asked
                union
                select person_id from asked_by
                union
                select p_partner_id
            ) as person
            inner join public.user_profiles as other on other.id = person.person_id
            left join public.dog_profiles as shown on shown.user_id = other.id
            union
            select unnest(array[own.first_name, own.last_name, shown.display_name])
            from public.user_profiles as own
            left join public.dog_profiles as shown on shown.user_id = own.id
            where own.id = p_user_id
        )

        select coalesce(jsonb_agg(names.name), '[]'::jsonb)
        from names
        where names.name is not null
    );
end;
$$;
comment on function private.names_known_to is
'The user''s own names, and the names that emails have shown them: of the partner, of users who
invited them and of users who answered, the newest hundred of each. The last names of others appear
in no email, so they are not read here.';

create function public.get_coach_context(p_challenge_id uuid, p_session_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_session public.wingman_sessions;
    v_challenge_id uuid := p_challenge_id;
begin
    if p_session_id is not null then
        v_session := private.find_session(p_session_id, v_caller);
        v_challenge_id := coalesce(p_challenge_id, case v_caller
            when v_session.user1_id then v_session.user1_challenge_id
            else v_session.user2_challenge_id
        end);
    end if;
    -- A session keeps its challenge when that is no longer offered.
    if p_challenge_id is not null
        and (
            p_challenge_id in (v_session.user1_challenge_id, v_session.user2_challenge_id)
        ) is not true
        and not exists (
            select from public.challenges as offered
            where offered.id = p_challenge_id and offered.active
        ) then
        raise exception 'not_found' using errcode = 'WC001';
    end if;
    return jsonb_build_object(
        'challenge', private.coach_challenge(v_challenge_id),
        'session', case when v_session.id is not null then jsonb_build_object(
            'scheduled_time', private.iso_utc(v_session.scheduled_time),
            'status', private.session_status(v_session)
        ) end,
        'names', private.names_known_to(v_caller, private.partner_of(v_session, v_caller))
    );
end;
$$;
comment on function public.get_coach_context is
'The subject of advice: a challenge on offer or of a session (by default the caller''s own), and
when that session is. It has no place, note or id, because it leaves the system. The names do not
leave it: they are removed from the question.
Security definer because users have no grant on sessions.';
grant execute on function public.get_coach_context to authenticated;

create function private.lease_send_groups(
    p_groups uuid[], p_token uuid, p_expires_at timestamptz
)
returns setof public.email_logs
language sql
rows 100
set search_path = ''
as $$
    with
    -- The provider forgets idempotency keys after 24 h, so a group is not repeated after 20 h.
    locked as materialized (
        select
            email.id,
            email.send_group
        from public.email_logs as email
        where email.send_group = any(p_groups)
            and email.claimable_at <= now()
            and email.group_started_at + interval '20 hours' > now()
            and email.priority in (
                select lane.priority
                from private.email_lanes as lane
                where coalesce(lane.paused_until <= now(), true)
            )
        for update of email skip locked
    ),

    -- Groups of which every open email was locked.
    whole as (
        select locked.send_group
        from locked
        group by locked.send_group
        having count(*) = (
            select count(*)
            from public.email_logs as member
            where member.send_group = locked.send_group and member.claimable_at is not null
        )
    )

    update public.email_logs as claimed
    set
        delivery_status = 'sending',
        lease_token = p_token,
        lease_expires_at = p_expires_at,
        enqueued_at = null
    from locked
    where claimed.id = locked.id
        and locked.send_group in (select whole.send_group from whole)
    returning claimed.*;
$$;
comment on function private.lease_send_groups is
'Leases send groups with an open outcome to one worker, each of them whole or not at all.';
grant execute on function private.lease_send_groups to service_role;

create function private.lease_named_emails(
    p_ids uuid[], p_token uuid, p_expires_at timestamptz
)
returns setof public.email_logs
language sql
rows 100
set search_path = ''
as $$
    with
    due as materialized (
        select email.*
        from public.email_logs as email
        inner join private.email_lanes as lane on email.priority = lane.priority
        where email.id = any(p_ids)
            and email.send_group is null
            and email.claimable_at <= now()
            and coalesce(lane.paused_until <= now(), true)
            and email.id not in (
                select unnest(lease.email_ids) from private.email_leases as lease
            )
    ),

    lease as (
        insert into private.email_leases (token, email_ids, expires_at)
        select
            p_token,
            array_agg(due.id),
            p_expires_at
        from due
        having count(*) > 0
    )

    select * from due;
$$;
grant execute on function private.lease_named_emails to service_role;

create function private.lease_longest_due_emails(
    p_priority text, p_limit integer, p_token uuid, p_expires_at timestamptz
)
returns setof public.email_logs
language sql
rows 100
set search_path = ''
as $$
    with
    due as materialized (
        select email.*
        from public.email_logs as email
        where email.priority = p_priority
            and email.send_group is null
            and email.claimable_at <= now()
            and email.id not in (
                select unnest(lease.email_ids) from private.email_leases as lease
            )
        order by email.claimable_at, email.id
        limit p_limit
    ),

    lease as (
        insert into private.email_leases (token, email_ids, expires_at)
        select
            p_token,
            array_agg(due.id),
            p_expires_at
        from due
        having count(*) > 0
    )

    select * from due;
$$;
comment on function private.lease_longest_due_emails is
'Leases the longest due new emails of a lane. It reads each once and writes one row.';
grant execute on function private.lease_longest_due_emails to service_role;

create function private.longest_due_group(p_priority text, p_before timestamptz)
returns uuid
language sql
stable
set search_path = ''
as $$
    select email.send_group
    from public.email_logs as email
    where email.priority = p_priority
        and email.send_group is not null
        and email.claimable_at <= p_before
        -- Written with the column in an expression, so that the planner cannot choose
        -- email_logs_open_groups, which keeps entries of settled groups until the next vacuum.
        and email.group_started_at + interval '20 hours' > now()
    order by email.claimable_at
    limit 1;
$$;
grant execute on function private.longest_due_group to service_role;

create function private.lease_from_lane(
    p_priority text, p_limit integer, p_token uuid, p_expires_at timestamptz
)
returns setof public.email_logs
language plpgsql
rows 100
set search_path = ''
as $$
declare
    v_new_since timestamptz;
begin
    select email.claimable_at into v_new_since
    from public.email_logs as email
    where email.priority = p_priority and email.send_group is null and email.claimable_at <= now()
    order by email.claimable_at
    limit 1;

    for v_turn in 1..2 loop
        return query select * from private.lease_send_groups(
            array[private.longest_due_group(p_priority, coalesce(v_new_since, now()))],
            p_token, p_expires_at
        );
        exit when found;
        return query select * from private.lease_longest_due_emails(
            p_priority, p_limit, p_token, p_expires_at
        );
        exit when found;
        v_new_since := now();
    end loop;
end;
$$;
comment on function private.lease_from_lane is
'Leases what has been due longest in a lane: one send group to repeat, or new emails.';
grant execute on function private.lease_from_lane to service_role;

create function private.take_turn(p_ids uuid[], p_limit integer)
returns void
language plpgsql
set search_path = ''
as $$
begin
    perform 1
    from private.email_lanes as lane
    where p_limit is null or lane.priority = (
        select named.priority
        from public.email_logs as named
        where named.id = any(p_ids)
        limit 1
    )
    order by lane.priority
    for update;
end;
$$;
comment on function private.take_turn is
'Makes claims of a lane take turns, so that each sees what the one before it leased. Without a limit
the ids may be of any lane, so the claim waits for all of them.';
grant execute on function private.take_turn to service_role;

create function private.lease_emails(
    p_ids uuid[], p_lease_seconds integer, p_limit integer
)
returns table (lease_token uuid, email public.email_logs)
language plpgsql
rows 100
set search_path = ''
as $$
declare
    v_token constant uuid := gen_random_uuid();
    v_expires_at constant timestamptz := now() + make_interval(secs => p_lease_seconds);
    v_lane text;
begin
    select named.priority into v_lane
    from public.email_logs as named
    where named.id = any(p_ids)
    limit 1;
    delete from private.email_leases as lease where lease.expires_at <= now();

    if p_limit is not null then
        return query
        select
            v_token,
            leased
        from private.email_lanes as lane
        cross join private.lease_from_lane(v_lane, p_limit, v_token, v_expires_at) as leased
        where lane.priority = v_lane and coalesce(lane.paused_until <= now(), true);
        return;
    end if;

    return query
    select
        v_token,
        leased
    from private.lease_send_groups(
        array(select named.send_group from public.email_logs as named where named.id = any(p_ids)),
        v_token,
        v_expires_at
    ) as leased;
    return query
    select
        v_token,
        leased
    from private.lease_named_emails(p_ids, v_token, v_expires_at) as leased;
end;
$$;
comment on function private.lease_emails is
'Leases due emails to one worker under one token: exactly the named ones or, with a limit, those of
their lane that have been due longest.';
grant execute on function private.lease_emails to service_role;

create function private.handed_over(
    p_user_ids uuid[], p_since timestamptz, p_own_lease uuid
)
returns table (user_id uuid, given_at timestamptz[])
language sql
rows 100
set search_path = ''
as $$
    select
        given.user_id,
        array_agg(given.at)
    from (
        select
            email.user_id,
            email.group_started_at as at
        from unnest(p_user_ids) as reader (id)
        inner join public.email_logs as email on reader.id = email.user_id
        where email.group_started_at > p_since
            and email.delivery_status not in ('failed', 'cancelled')
        union all
        -- Another worker is about to send these. The claim has removed expired leases.
        select
            email.user_id,
            now() as at
        from private.email_leases as lease
        cross join lateral unnest(lease.email_ids) as held (id)
        inner join public.email_logs as email on held.id = email.id
        where cardinality(p_user_ids) > 0
            and lease.token <> p_own_lease
            and email.user_id = any(p_user_ids)
    ) as given
    group by given.user_id;
$$;
comment on function private.handed_over is
'When emails of some users last went to the provider, for the daily cap. Volatile on purpose: it
must see what was leased while the calling claim waited for its turn.';
grant execute on function private.handed_over to service_role;

create function private.is_unread(p_user_id uuid, p_match_id uuid, p_seq integer)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return private.shows_conversation(p_user_id, p_match_id)
        and not private.has_seen(p_user_id, p_match_id, p_seq);
end;
$$;
comment on function private.is_unread is
'Whether a user sees a message, and has not read it yet.
Security definer because workers have no grant on conversations.';
grant execute on function private.is_unread to service_role;

create function public.claim_emails(
    p_ids uuid[],
    p_lease_seconds integer,
    p_look_back interval default '2 days',
    p_limit integer default null
)
returns table (
    id uuid,
    lease_token uuid,
    send_group uuid,
    group_position integer,
    group_started_at timestamptz,
    user_id uuid,
    email_template text,
    recipient_email text,
    priority text,
    template_data jsonb,
    retry_count integer,
    due_at timestamptz,
    recipient_first_name text,
    timezone text,
    category text,
    wanted boolean,
    can_wait boolean,
    quiet_hours_start time,
    quiet_hours_end time,
    suppressed boolean,
    last_error text,
    handed_over timestamptz[],
    created_at timestamptz,
    holds boolean,
    email_frequency text,
    request_id text
)
language sql
set search_path = ''
as $$
    -- A statement sees what was committed when it began, so waiting is a statement of its own. Then
    -- the next one reads the newest address, preferences and subject.
    select private.take_turn(p_ids, p_limit);

    with
    leased as materialized (
        select
            (found.email).*,
            found.lease_token as token
        from private.lease_emails(p_ids, p_lease_seconds, p_limit) as found
    ),

    -- New emails that can wait. The sender decides when they leave.
    waiting as (
        select
            array_agg(distinct leased.user_id) as readers,
            min(leased.token::text)::uuid as lease_token
        from leased
        where leased.priority = 'bulk' and leased.send_group is null
    ),

    -- Few rows, read once.
    kinds as materialized (
        select
            known.kind,
            known.can_wait,
            known.void_in,
            known.tied_to_revision,
            topic
        from private.notification_kinds as known
        left join private.email_categories as topic on known.category = topic.category
    ),

    given as materialized (
        select handed.*
        from waiting
        cross join private.handed_over(
            coalesce(waiting.readers, '{}'), now() - p_look_back, waiting.lease_token
        ) as handed
    )

    select
        email.id,
        email.token,
        email.send_group,
        email.group_position,
        email.group_started_at,
        coalesce(email.user_id, email.account_id),
        email.email_template,
        goes.address,
        email.priority,
        email.template_data,
        email.retry_count,
        coalesce(email.first_due_at, email.due_at),
        reader.first_name,
        reader.timezone,
        (known.topic).category,
        coalesce(private.is_wanted(reader.choices, known.topic), true),
        known.can_wait,
        reader.quiet_hours_start,
        reader.quiet_hours_end,
        -- A complaint stops what the reader can do without, but no password reset.
        suppression.address_hash is not null
        and (email.account_id is null or suppression.reason <> 'complained'),
        email.error_message,
        case
            when email.priority = 'bulk' and email.send_group is null
                then coalesce(given.given_at, '{}')
            else '{}'
        end,
        email.created_at,
        case
            when email.email_template = 'unread_messages'
                then private.is_unread(email.user_id, email.match_id, email.subject_revision)
            else subject.id is null or (
                subject.status <> all(known.void_in)
                and (
                    not known.tied_to_revision
                    or coalesce(email.subject_revision, subject.revision) >= subject.revision
                )
            )
        end,
        coalesce(reader.email_frequency, 'immediate'),
        email.request_id
    from leased as email
    left join private.email_recipients as reader on email.user_id = reader.user_id
    -- Left, although each email has its kind: an inner join is estimated at a tenth of the rows.
    left join kinds as known on email.email_template = known.kind
    -- A repeated request must equal the first, so it goes to the same address, as long as its user
    -- has an address at all. Supabase Auth names the address of an account.
    cross join lateral (
        select
            case
                when email.account_id is not null then email.recipient_email
                when email.send_group is null or reader.email = '' then reader.email
                else email.recipient_email
            end as address
    ) as goes
    left join private.notification_subjects as subject on email.subject_id = subject.id
    left join given on email.user_id = given.user_id
    left join public.email_suppressions as suppression
        on suppression.address_hash = private.address_hash(goes.address)
    order by 3 asc nulls last, 4 asc, 12 asc, 1 asc;
$$;
comment on function public.claim_emails is
'Leases due emails to the calling worker, with everything that it needs to decide and render. With a
limit, the ids only name the lane, because a queue message is a hint that something is due there. An
email that can wait (bulk) comes with the times of what its user was sent during p_look_back.
`wanted`: the user wants its category. `holds`: what it says is still so. `due_at` is when it became
due, before any retry.';
grant execute on function public.claim_emails to service_role;

create function public.form_send_group(
    p_lease_token uuid, p_ids uuid[], p_addresses text[] default null
)
returns table (id uuid, send_group uuid)
language plpgsql
rows 100
set search_path = ''
as $$
declare
    v_group constant uuid := gen_random_uuid();
    v_lease private.email_leases;
begin
    select lease.* into v_lease
    from private.email_leases as lease
    where lease.token = p_lease_token and lease.expires_at > clock_timestamp()
    for update;
    if not found then
        return;
    end if;

    update private.email_leases as lease
    set email_ids = array(
        select held.id from unnest(v_lease.email_ids) as held (id) where held.id <> all(p_ids)
    )
    where lease.token = p_lease_token;

    return query
    with
    held as materialized (
        select email.id
        from public.email_logs as email
        where email.id = any(p_ids)
            and email.id = any(v_lease.email_ids)
            and email.delivery_status = 'pending'
            and email.send_group is null
        -- A locked email is being cancelled or settled.
        for update skip locked
    ),

    places as (
        select
            held.id,
            row_number() over (order by array_position(p_ids, held.id)) - 1 as place
        from held
    ),

    grouped as (
        update public.email_logs as email
        set
            delivery_status = 'sending',
            lease_token = p_lease_token,
            lease_expires_at = v_lease.expires_at,
            enqueued_at = null,
            recipient_email = coalesce(
                p_addresses[array_position(p_ids, email.id)], email.recipient_email
            ),
            send_group = v_group,
            group_position = places.place,
            group_started_at = now()
        from places
        where email.id = places.id
        returning email.id, email.group_position
    )

    select
        grouped.id,
        v_group
    from grouped
    order by grouped.group_position;
end;
$$;
comment on function public.form_send_group is
'Fixes one provider request: its emails, their order and their addresses (p_addresses, one for each
of p_ids). It takes the emails that the worker still leases and that were not cancelled, and none
once the lease is lost.';
grant execute on function public.form_send_group to service_role;

create function public.collect_emails(
    p_lease_token uuid, p_into uuid, p_ids uuid[], p_also jsonb
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    v_lease private.email_leases;
begin
    select lease.* into v_lease
    from private.email_leases as lease
    where lease.token = p_lease_token and lease.expires_at > clock_timestamp()
    for update;
    if not found or not v_lease.email_ids @> (p_ids || p_into) then
        return false;
    end if;

    perform
    from public.email_logs as email
    where email.id = any(p_ids || p_into)
        and email.delivery_status = 'pending'
        and email.send_group is null
    order by email.id
    for update;
    if (
        select count(*)
        from public.email_logs as email
        where email.id = any(p_ids || p_into) and email.delivery_status = 'pending'
    ) <> cardinality(p_ids) + 1 then
        return false;
    end if;

    update public.email_logs as email
    set template_data = email.template_data || jsonb_build_object('also', p_also)
    where email.id = p_into;
    update public.email_logs as email
    set
        delivery_status = 'skipped',
        error_message = 'collected',
        enqueued_at = null
    where email.id = any(p_ids);
    update private.email_leases as lease
    set email_ids = array(
        select held.id from unnest(v_lease.email_ids) as held (id) where held.id <> all(p_ids)
    )
    where lease.token = p_lease_token;
    return true;
end;
$$;
comment on function public.collect_emails is
'Puts what leased emails say into another one of the lease (p_also), and settles them. False, with
nothing changed, once the lease is lost or one of them was settled.';
grant execute on function public.collect_emails to service_role;

create function private.status_after(
    p_email public.email_logs,
    p_outcome text,
    p_retry_at timestamptz,
    p_keep boolean,
    p_counts boolean
)
returns text
language sql
stable
set search_path = ''
as $$
    select case
        -- A webhook or a cancellation has settled it, and knows more.
        when p_email.claimable_at is null then p_email.delivery_status
        when p_outcome in ('sent', 'failed', 'unknown', 'skipped', 'suppressed') then p_outcome
        when p_outcome <> 'retry' then null
        when p_keep and p_retry_at > p_email.group_started_at + interval '20 hours' then 'unknown'
        when p_counts and not p_keep
            and p_retry_at > coalesce(p_email.first_failed_at, now()) + interval '20 hours'
            then 'failed'
        else 'pending'
    end;
$$;
comment on function private.status_after is
'The status after an outcome. Retries end after 20 h: in failed, a dead letter, or in unknown if the
provider may have accepted the email. Null for an unknown outcome, which the column refuses.';
grant execute on function private.status_after to service_role;

create function public.complete_emails(p_lease_token uuid, p_results jsonb)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_held uuid[];
    v_reported uuid[];
begin
    select lease.email_ids into v_held
    from private.email_leases as lease
    where lease.token = p_lease_token
    for update;

    with
    results as materialized (
        select
            result.*,
            coalesce(result.keep_group, false) as keeps,
            -- The emails of one request are repeated together, so all wait for the last one.
            case
                when result.keep_group
                    then max(result.retry_at) over (partition by result.keep_group)
                else result.retry_at
            end as next_at
        from jsonb_to_recordset(p_results) as result (
            id uuid,
            outcome text,
            resend_message_id text,
            subject text,
            error text,
            retry_at timestamptz,
            keep_group boolean,
            counts boolean,
            postponed boolean
        )
    ),

    -- Locks in one order, so that two reports of the same emails cannot deadlock.
    held as materialized (
        select
            email.id,
            result.outcome,
            result.resend_message_id,
            result.subject,
            result.error,
            result.next_at,
            coalesce(result.postponed, false) as postponed,
            private.status_after(
                email.*, result.outcome, result.next_at, result.keeps, coalesce(result.counts, true)
            ) as next_status,
            email.claimable_at is not null as is_open,
            email.claimable_at is not null
            and result.outcome = 'retry'
            and coalesce(result.counts, true) as counts,
            email.claimable_at is not null
            and result.outcome = 'retry'
            and not result.keeps as leaves_group
        from public.email_logs as email
        inner join results as result on email.id = result.id
        where email.lease_token = p_lease_token
            or (
                email.id = any(v_held)
                and email.delivery_status = 'pending'
                and email.send_group is null
            )
        order by email.id
        for update of email
    ),

    reported as (
        update public.email_logs as email
        set
            delivery_status = held.next_status,
            lease_token = null,
            lease_expires_at = null,
            enqueued_at = null,
            subject = coalesce(held.subject, email.subject),
            error_message = case when held.is_open then held.error else email.error_message end,
            resend_message_id = coalesce(held.resend_message_id, email.resend_message_id),
            sent_at = case when held.outcome = 'sent' then now() else email.sent_at end,
            due_at = case when held.next_status = 'pending' then held.next_at else email.due_at end,
            first_due_at = case
                when held.next_status <> 'pending' then email.first_due_at
                when not held.postponed then coalesce(email.first_due_at, email.due_at)
            end,
            retry_count = email.retry_count + held.counts::integer,
            first_failed_at = case
                when held.counts then coalesce(email.first_failed_at, now())
                else email.first_failed_at
            end,
            send_group = case when not held.leaves_group then email.send_group end,
            group_position = case when not held.leaves_group then email.group_position end,
            group_started_at = case when not held.leaves_group then email.group_started_at end
        from held
        where email.id = held.id
        returning email.id
    )

    select coalesce(array_agg(reported.id), '{}') into v_reported from reported;

    update private.email_leases as lease
    set email_ids = array(
        select held.id from unnest(lease.email_ids) as held (id) where held.id <> all(v_reported)
    )
    where lease.token = p_lease_token;
    delete from private.email_leases as lease
    where lease.token = p_lease_token and lease.email_ids = '{}';
    return cardinality(v_reported);
end;
$$;
comment on function public.complete_emails is
'Settles leased emails or puts them back. A worker that has lost its lease changes nothing.';
grant execute on function public.complete_emails to service_role;

create function private.give_up_old_groups(p_limit integer)
returns void
language sql
set search_path = ''
as $$
    update public.email_logs as email
    set
        delivery_status = 'unknown',
        lease_token = null,
        lease_expires_at = null,
        error_message = 'no answer from the provider within 20 hours'
    where email.id in (
        select old.id
        from public.email_logs as old
        where old.send_group is not null
            and old.group_started_at <= now() - interval '20 hours'
            and old.claimable_at is not null
            -- A worker that still holds the lease will report the outcome.
            and (old.delivery_status = 'pending' or old.lease_expires_at <= now())
        order by old.group_started_at
        limit p_limit
        for update skip locked
    );
$$;
comment on function private.give_up_old_groups is
'Settles groups as unknown that got no answer from the provider within 20 h. The provider forgets
idempotency keys after 24 h, so sending again could deliver a second copy.';
grant execute on function private.give_up_old_groups to service_role;

create function private.settle_expired_account_emails(p_limit integer)
returns void
language sql
set search_path = ''
as $$
    update public.email_logs as email
    set
        delivery_status = 'skipped',
        lease_token = null,
        lease_expires_at = null,
        error_message = 'no_longer_useful'
    where email.id in (
        select expired.id
        from public.email_logs as expired
        where expired.account_id is not null
            and expired.claimable_at <= now()
            and (expired.template_data ->> 'expires_at')::timestamptz <= now()
        limit p_limit
        for update skip locked
    );
$$;
comment on function private.settle_expired_account_emails is
'Settles emails whose token has expired, also in a paused lane: that erases the token.';
grant execute on function private.settle_expired_account_emails to service_role;

create function private.hand_out_send_groups(p_priority text, p_limit integer)
returns setof uuid
language sql
rows 1000
set search_path = ''
as $$
    with
    due as materialized (
        select email.id
        from public.email_logs as email
        where email.priority = p_priority
            and email.send_group is not null
            and email.claimable_at <= now()
            and (email.enqueued_at is null or email.enqueued_at <= now() - interval '2 minutes')
        order by email.claimable_at
        limit p_limit
        for update skip locked
    ),

    handed_out as (
        update public.email_logs as email
        set enqueued_at = now()
        from due
        where email.id = due.id
        returning email.id, email.claimable_at
    )

    select handed_out.id from handed_out order by handed_out.claimable_at, handed_out.id;
$$;
grant execute on function private.hand_out_send_groups to service_role;

create function private.hand_out_new_emails(p_priority text, p_limit integer)
returns setof uuid
language sql
rows 1000
set search_path = ''
as $$
    with
    due as materialized (
        select email.id
        from public.email_logs as email
        where email.priority = p_priority
            and email.send_group is null
            and email.claimable_at <= now()
            and (email.enqueued_at is null or email.enqueued_at <= now() - interval '2 minutes')
            and email.id not in (
                select unnest(lease.email_ids)
                from private.email_leases as lease
                where lease.expires_at > now()
            )
        order by email.claimable_at, email.id
        limit p_limit
        for update skip locked
    ),

    handed_out as (
        update public.email_logs as email
        set enqueued_at = now()
        from due
        where email.id = due.id
        returning email.id, email.claimable_at
    )

    select handed_out.id from handed_out order by handed_out.claimable_at, handed_out.id;
$$;
grant execute on function private.hand_out_new_emails to service_role;

create function public.sweep_emails(p_limit integer)
returns table (id uuid, priority text)
language plpgsql
set search_path = ''
as $$
declare
    v_lane text;
    v_left integer := p_limit;
    v_found integer;
begin
    perform private.give_up_old_groups(p_limit);
    perform private.settle_expired_account_emails(p_limit);
    for v_lane in
        select lane.priority
        from private.email_lanes as lane
        where coalesce(lane.paused_until <= now(), true)
        order by lane.priority desc
    loop
        return query
        select
            found_group,
            v_lane
        from private.hand_out_send_groups(v_lane, v_left) as found_group;
        get diagnostics v_found = row_count;
        v_left := v_left - v_found;

        return query
        select
            found_email,
            v_lane
        from private.hand_out_new_emails(v_lane, v_left) as found_email;
        get diagnostics v_found = row_count;
        v_left := v_left - v_found;
    end loop;
end;
$$;
comment on function public.sweep_emails is
'Due emails without a queue message (after a lost enqueue, a retry or an expired lease), urgent ones
first, and none of a paused lane.';
grant execute on function public.sweep_emails to service_role;

create function public.prune_email_logs(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_oldest timestamptz;
    v_pruned integer;
begin
    select now() - make_interval(days => settings.email_log_days) into v_oldest
    from private.app_settings as settings;
    delete from public.email_logs as email
    where email.id in (
        select old.id
        from public.email_logs as old
        where old.created_at < v_oldest and old.claimable_at is null
        limit p_limit
        for update skip locked
    );
    get diagnostics v_pruned = row_count;
    -- Supabase Auth may have undone the sign-up that it asked an email for.
    delete from public.email_logs as email
    where email.account_id is not null
        and email.created_at < now() - interval '1 day'
        and email.claimable_at is null
        and not exists (select 1 from auth.users as account where account.id = email.account_id);
    -- The provider repeats an event for a few days at most.
    delete from private.email_events as event
    where event.id in (
        select old.id
        from private.email_events as old
        where old.received_at < now() - interval '30 days'
        order by old.received_at
        limit p_limit
        for update skip locked
    );
    delete from private.lifted_suppressions as lifted
    where lifted.lifted_at < now() - interval '30 days';
    return v_pruned;
end;
$$;
comment on function public.prune_email_logs is
'Deletes up to p_limit settled emails older than app_settings.email_log_days, and as many old event
ids. Security definer because service_role has no grant to delete them.';
grant execute on function public.prune_email_logs to service_role;

create function public.pause_emails(
    p_priorities text[], p_until timestamptz, p_reason text
)
returns integer
language sql
set search_path = ''
as $$
    with paused as (
        update private.email_lanes as lane
        set
            paused_until = p_until,
            paused_reason = p_reason
        where lane.priority = any(p_priorities)
            and coalesce(lane.paused_until < p_until, true)
        returning lane.priority
    )

    select count(*)::integer from paused;
$$;
comment on function public.pause_emails is
'Pauses lanes until p_until and returns how many. A pause that ends later stays as it is.';
grant execute on function public.pause_emails to service_role;

create function public.resume_emails(p_priorities text[])
returns integer
language sql
set search_path = ''
as $$
    with resumed as (
        update private.email_lanes as lane
        set
            paused_until = null,
            paused_reason = null
        where lane.priority = any(p_priorities) and lane.paused_until is not null
        returning lane.priority
    )

    select count(*)::integer from resumed;
$$;
comment on function public.resume_emails is
'Ends the pause of lanes, for an operator who has fixed its cause.';
grant execute on function public.resume_emails to service_role;

create function private.waiting_since(p_priority text, p_limit integer)
returns setof timestamptz
language sql
stable
rows 1000
set search_path = ''
as $$
    (
        select email.claimable_at
        from public.email_logs as email
        where email.priority = p_priority
            and email.send_group is null
            and email.claimable_at <= now()
        order by email.claimable_at
        limit p_limit
    )
    union all
    (
        select email.claimable_at
        from public.email_logs as email
        where email.priority = p_priority
            and email.send_group is not null
            and email.claimable_at <= now()
        order by email.claimable_at
        limit p_limit
    );
$$;
comment on function private.waiting_since is
'Since when the due emails of a lane have waited: up to p_limit new ones and as many that are to be
repeated, longest first.';
grant execute on function private.waiting_since to service_role;

create function public.show_lanes()
returns table (
    priority text,
    depth integer,
    oldest_seconds double precision,
    sending integer,
    paused_until timestamptz,
    paused_reason text
)
language sql
stable
set search_path = ''
as $$
    select
        lane.priority,
        waiting.depth,
        coalesce(extract(epoch from now() - least(waiting.since, retried.since, sent.since)), 0),
        (
            select count(*)::integer
            from public.email_logs as email
            where email.priority = lane.priority
                and email.send_group is not null
                and email.claimable_at > now()
                and email.delivery_status = 'sending'
        ),
        pause.until,
        case when pause.until is not null then lane.paused_reason end
    from private.email_lanes as lane
    cross join lateral (
        select
            count(*)::integer as depth,
            min(due.since) as since
        from private.waiting_since(lane.priority, 100000) as due (since)
    ) as waiting
    cross join lateral (
        select min(email.first_due_at) as since
        from public.email_logs as email
        where email.priority = lane.priority
            and email.first_due_at is not null
            and email.claimable_at is not null
    ) as retried
    -- Their worker may have crashed, and a renewed lease says nothing about their age.
    cross join lateral (
        select min(email.due_at) as since
        from public.email_logs as email
        where email.priority = lane.priority
            and email.send_group is not null
            and email.claimable_at is not null
            and email.delivery_status = 'sending'
    ) as sent
    cross join lateral (
        select case when lane.paused_until > now() then lane.paused_until end as until
    ) as pause
    order by lane.priority desc;
$$;
comment on function public.show_lanes is
'The state of each lane, urgent first: how many emails are due (it counts up to 100 000 new ones and
as many repeated ones), how long the oldest that is due or being retried has waited, how many are
at the provider, and whether the lane is paused.';
grant execute on function public.show_lanes to service_role;

create function public.count_deliveries(p_hours integer)
returns table (delivery_status text, emails bigint)
language sql
stable
set search_path = ''
as $$
    select
        email.delivery_status,
        count(*)
    from public.email_logs as email
    where email.sent_at > now() - make_interval(hours => p_hours)
    group by email.delivery_status;
$$;
comment on function public.count_deliveries is
'The emails that the provider accepted in the last hours, by status.';
grant execute on function public.count_deliveries to service_role;

create function private.may_be_replayed(p_email public.email_logs)
returns boolean
language sql
stable
set search_path = ''
as $$
    -- False if the provider may have accepted it, if it has no address, or if its token was erased,
    -- as in emails about accounts.
    select p_email.delivery_status = 'failed'
        and p_email.sent_at is null
        and p_email.resend_message_id is null
        and p_email.recipient_email <> ''
        and p_email.account_id is null
        and not exists (
            select 1
            from public.email_logs as member
            where member.send_group = p_email.send_group and member.claimable_at is not null
        );
$$;
grant execute on function private.may_be_replayed to service_role;

create function public.count_dead_letters()
returns table (delivery_status text, emails bigint, within_an_hour bigint)
language sql
stable
set search_path = ''
as $$
    select
        email.delivery_status,
        count(*),
        count(*) filter (where email.given_up_at > now() - interval '1 hour')
    from public.email_logs as email
    where email.delivery_status in ('failed', 'unknown')
    group by email.delivery_status;
$$;
comment on function public.count_dead_letters is
'How many emails were given up (failed) or may have arrived (unknown), and how many of them within
the last hour.';
grant execute on function public.count_dead_letters to service_role;

create function public.list_dead_letters(
    p_limit integer, p_template text default null
)
returns table (
    id uuid,
    email_template text,
    priority text,
    delivery_status text,
    error_message text,
    created_at timestamptz,
    due_at timestamptz,
    first_failed_at timestamptz,
    given_up_at timestamptz,
    retry_count integer,
    replay_count integer,
    replayable boolean
)
language sql
stable
set search_path = ''
as $$
    select
        email.id,
        email.email_template,
        email.priority,
        email.delivery_status,
        email.error_message,
        email.created_at,
        email.due_at,
        email.first_failed_at,
        email.given_up_at,
        email.retry_count,
        email.replay_count,
        private.may_be_replayed(email)
    from public.email_logs as email
    where email.delivery_status in ('failed', 'unknown')
        and (p_template is null or email.email_template = p_template)
    order by email.created_at desc, email.id desc
    limit p_limit;
$$;
comment on function public.list_dead_letters is
'Emails that were given up, newest first. Unknown ones may have arrived.';
grant execute on function public.list_dead_letters to service_role;

create function public.show_dead_letter(p_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select (to_jsonb(email.*) - 'recipient_email' - 'claimable_at' - 'lease_token')
        || jsonb_build_object(
            'recipient', regexp_replace(email.recipient_email, '^(.).*@', '\1…@'),
            'replayable', private.may_be_replayed(email)
        )
    from public.email_logs as email
    where email.id = p_id and email.delivery_status in ('failed', 'unknown');
$$;
comment on function public.show_dead_letter is
'Everything about a dead letter. Of its address an operator sees the first letter and the host.';
grant execute on function public.show_dead_letter to service_role;

create function public.replay_dead_letters(
    p_ids uuid[], p_template text default null, p_limit integer default 1000
)
returns table (id uuid, priority text)
language sql
rows 100
set search_path = ''
as $$
    with
    -- A lock checks the conditions again, so two simultaneous replays are one.
    dead as materialized (
        select email.id
        from public.email_logs as email
        where email.delivery_status = 'failed'
            and (p_ids is null or email.id = any(p_ids))
            and (p_template is null or email.email_template = p_template)
            and private.may_be_replayed(email)
        order by email.created_at, email.id
        limit p_limit
        for update skip locked
    )

    update public.email_logs as email
    set
        delivery_status = 'pending',
        due_at = now(),
        first_due_at = null,
        enqueued_at = null,
        retry_count = 0,
        first_failed_at = null,
        given_up_at = null,
        replay_count = email.replay_count + 1,
        send_group = null,
        group_position = null,
        group_started_at = null
    from dead
    where email.id = dead.id
    returning email.id, email.priority;
$$;
comment on function public.replay_dead_letters is
'Sends given-up emails again that the provider never accepted, with another 20 hours and a new key.
The rules for sending apply, so an email that is no longer wanted or useful is skipped.';
grant execute on function public.replay_dead_letters to service_role;

create table private.email_events (
    id text primary key,
    received_at timestamptz not null default now(),
    constraint email_events_id_length check (char_length(id) between 1 and 255)
);
comment on table private.email_events is
'Ids of the provider''s events that were recorded. A repeated event changes nothing.';

create index email_events_received
on private.email_events (received_at);

alter table private.email_events enable row level security;

create function private.status_rank(p_status text)
returns integer
language sql
immutable
set search_path = ''
as $$
    select case p_status
        when 'sent' then 1
        when 'failed' then 2
        when 'suppressed' then 3
        when 'delivered' then 4
        when 'bounced' then 5
        when 'complained' then 6
        else 0
    end;
$$;
comment on function private.status_rank is
'The rank of a status. Events come in any order, and the status with the highest rank stays.';

create function private.suppress(
    p_addresses text[], p_reason text, p_happened_at timestamptz
)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
    insert into public.email_suppressions as known (address_hash, reason, created_at)
    select distinct
        private.address_hash(address),
        p_reason,
        least(p_happened_at, now())
    from unnest(p_addresses) as address
    where not exists (
        select 1
        from private.lifted_suppressions as lifted
        where lifted.address_hash = private.address_hash(address)
            and lifted.lifted_at >= p_happened_at
    )
    order by 1
    on conflict (address_hash) do update
        set
            reason = case
                when private.status_rank(known.reason) < private.status_rank(excluded.reason)
                    then excluded.reason
                else known.reason
            end,
            created_at = greatest(known.created_at, excluded.created_at);
    return found;
end;
$$;
comment on function private.suppress is
'Suppresses addresses, unless their suppression was lifted after the event.';

create function private.lift_suppression(p_address text, p_at timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
    insert into private.lifted_suppressions as lifted (address_hash, lifted_at)
    values (private.address_hash(p_address), least(p_at, now()))
    on conflict (address_hash) do update
        set lifted_at = greatest(lifted.lifted_at, excluded.lifted_at);
    delete from public.email_suppressions as known
    where known.address_hash = private.address_hash(p_address) and known.created_at <= p_at;
    return found;
end;
$$;
comment on function private.lift_suppression is
'Ends the suppression of an address, unless it is newer.';

create function public.record_email_event(
    p_event_id text,
    p_status text,
    p_email_id uuid default null,
    p_message_id text default null,
    p_accepted_at timestamptz default null,
    p_error text default null,
    p_suppressed_addresses text[] default '{}',
    p_suppress_recipient boolean default false,
    p_happened_at timestamptz default null
)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_email public.email_logs;
    v_addresses text[] := p_suppressed_addresses;
begin
    insert into private.email_events (id) values (p_event_id) on conflict (id) do nothing;
    if not found then
        return 'repeated';
    end if;

    select email.* into v_email from public.email_logs as email where email.id = p_email_id;
    if not found then
        select email.* into v_email
        from public.email_logs as email
        where email.resend_message_id = p_message_id;
    end if;
    if p_suppress_recipient and v_addresses = '{}' then
        -- An erased email has no address to suppress.
        v_addresses := array_remove(array[nullif(v_email.recipient_email, '')], null);
    end if;

    perform private.suppress(v_addresses, p_status, coalesce(p_happened_at, now()));
    update public.email_logs as email
    set
        delivery_status = p_status,
        error_message = p_error,
        resend_message_id = coalesce(email.resend_message_id, p_message_id),
        sent_at = coalesce(email.sent_at, p_accepted_at)
    where email.id = v_email.id
        and private.status_rank(email.delivery_status) < private.status_rank(p_status);
    return case
        when p_suppress_recipient and v_addresses = '{}' then 'without_address'
        when found then 'recorded'
        else 'nothing_new'
    end;
end;
$$;
comment on function public.record_email_event is
'Records an event of the provider once, in any order. With p_suppress_recipient it suppresses the
addresses of the event or, if it names none, the address that its email went to. The lease stays,
so a worker that holds the email can still report. Security definer because service_role has no
grant to write suppressions and event ids.';
grant execute on function public.record_email_event to service_role;

create function public.record_email_opened(
    p_event_id text,
    p_email_id uuid default null,
    p_message_id text default null,
    p_opened_at timestamptz default null
)
returns text
language plpgsql
security definer
set search_path = ''
as $$
begin
    insert into private.email_events (id) values (p_event_id) on conflict (id) do nothing;
    if not found then
        return 'repeated';
    end if;
    -- An erased email has no address, and keeps no trace of its reader.
    update public.email_logs as email
    set opened_at = coalesce(p_opened_at, now())
    where (email.id = p_email_id or email.resend_message_id = p_message_id)
        and email.recipient_email <> ''
        and (email.opened_at is null or email.opened_at > p_opened_at);
    return case when found then 'recorded' else 'nothing_new' end;
end;
$$;
comment on function public.record_email_opened is
'Records the first time at which an email was opened. Security definer because service_role has no
grant to write event ids.';
grant execute on function public.record_email_opened to service_role;

create function public.record_suppression_event(
    p_event_id text, p_addresses text[], p_reason text, p_happened_at timestamptz
)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_at constant timestamptz := coalesce(p_happened_at, now());
    v_address text;
    v_is_new boolean := false;
begin
    insert into private.email_events (id) values (p_event_id) on conflict (id) do nothing;
    if not found then
        return 'repeated';
    end if;
    if p_addresses = '{}' then
        return 'without_address';
    end if;
    if p_reason is not null then
        v_is_new := private.suppress(p_addresses, p_reason, v_at);
    else
        foreach v_address in array p_addresses loop
            v_is_new := private.lift_suppression(v_address, v_at) or v_is_new;
        end loop;
    end if;
    return case when v_is_new then 'recorded' else 'nothing_new' end;
end;
$$;
comment on function public.record_suppression_event is
'Records once that the provider put addresses on its list, for a reason, or took them off it (null).
Security definer because service_role has no grant to write suppressions and event ids.';
grant execute on function public.record_suppression_event to service_role;

create function public.lift_suppression(p_address text)
returns boolean
language sql
security definer
set search_path = ''
as $$
    select private.lift_suppression(p_address, now());
$$;
comment on function public.lift_suppression is
'Lets emails go to an address again, for an operator. False if it was not suppressed.
Security definer because service_role has no grant to write suppressions.';
grant execute on function public.lift_suppression to service_role;

create function public.show_suppression(p_address text)
returns table (reason text, created_at timestamptz)
language sql
stable
set search_path = ''
as $$
    select
        known.reason,
        known.created_at
    from public.email_suppressions as known
    where known.address_hash = private.address_hash(p_address);
$$;
comment on function public.show_suppression is
'Why and since when an address gets no email; no row if it does.';
grant execute on function public.show_suppression to service_role;

create function public.count_suppressions()
returns table (reason text, addresses bigint)
language sql
stable
set search_path = ''
as $$
    select
        known.reason,
        count(*)
    from public.email_suppressions as known
    group by known.reason
    order by known.reason;
$$;
comment on function public.count_suppressions is
'How many addresses are suppressed, by reason.';
grant execute on function public.count_suppressions to service_role;

create function private.shown_subject(p_email public.email_logs)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
    if p_email.match_id is null then
        return p_email.subject;
    end if;
    return (
        select p_email.subject
        from public.wingman_matches as pair
        where pair.id = p_email.match_id and private.partner_exists(pair, p_email.user_id)
    );
end;
$$;
comment on function private.shown_subject is
'The subject, unless it may name a user who no longer exists for the reader.';

create function private.email_json(p_email public.email_logs)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', p_email.id,
        'template', p_email.email_template,
        'subject', private.shown_subject(p_email),
        'status', p_email.delivery_status,
        'due_at', private.iso_utc(p_email.due_at),
        'sent_at', private.iso_utc(p_email.sent_at),
        'retry_count', p_email.retry_count,
        'error', p_email.error_message,
        'created_at', private.iso_utc(p_email.created_at)
    );
$$;
comment on function private.email_json is
'An email as its user sees it, without the address and the details of sending.';

create function private.emails_before(
    p_user_id uuid, p_status text, p_limit integer, p_created_at timestamptz, p_id uuid
)
returns setof public.email_logs
language sql
stable
set search_path = ''
as $$
    select email.*
    from public.email_logs as email
    where email.user_id = p_user_id
        and (email.created_at, email.id) < (
            coalesce(p_created_at, 'infinity'),
            coalesce(p_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        )
        and (p_status is null or email.delivery_status = p_status)
    order by email.created_at desc, email.id desc
    limit p_limit;
$$;

create function public.get_email_status(
    p_status text default null,
    p_limit integer default 20,
    p_before_created_at timestamptz default null,
    p_before_id uuid default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(char_length(p_status), 20);
    return jsonb_build_object(
        'emails', (
            select coalesce(
                jsonb_agg(
                    private.email_json(listed.*::public.email_logs)
                    order by listed.created_at desc, listed.id desc
                ),
                '[]'::jsonb
            )
            from private.emails_before(
                v_caller,
                p_status,
                least(greatest(p_limit, 1), 101),
                p_before_created_at,
                p_before_id
            ) as listed
        ),
        'totals', (
            select coalesce(jsonb_object_agg(counted.status, counted.emails), '{}'::jsonb)
            from (
                select
                    email.delivery_status as status,
                    count(*) as emails
                from public.email_logs as email
                where email.user_id = v_caller
                group by email.delivery_status
            ) as counted
        )
    );
end;
$$;
comment on function public.get_email_status is
'The caller''s emails, newest first, at most 101 (a page of 100, and one more that shows whether
another page follows), and how many there are in each status.
Security definer because users have no grant on the outbox.';
grant execute on function public.get_email_status to authenticated;

create function private.suppression_json(p_address text)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'reason', found.reason, 'created_at', private.iso_utc(found.created_at)
    )
    from public.email_suppressions as found
    where found.address_hash = private.address_hash(p_address);
$$;
comment on function private.suppression_json is
'Why and since when an address gets no email; null if it does.';

create function public.export_email_data(
    p_limit integer default 1000,
    p_before_created_at timestamptz default null,
    p_before_id uuid default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_address text;
begin
    select profile.email into v_address
    from public.user_profiles as profile
    where profile.id = v_caller;
    return jsonb_build_object(
        'user_id', v_caller,
        'address', v_address,
        'preferences', private.email_preferences_json(v_caller),
        'suppression', private.suppression_json(v_address),
        'feedback', private.feedback_of(v_caller),
        'emails', (
            select coalesce(
                jsonb_agg(
                    private.email_json(listed.*::public.email_logs) || jsonb_build_object(
                        'recipient', listed.recipient_email,
                        'opened_at', private.iso_utc(listed.opened_at),
                        'data', listed.template_data
                    )
                    order by listed.created_at desc, listed.id desc
                ),
                '[]'::jsonb
            )
            from private.emails_before(
                v_caller,
                null,
                least(greatest(p_limit, 1), 1001),
                p_before_created_at,
                p_before_id
            ) as listed
        )
    );
end;
$$;
comment on function public.export_email_data is
'All stored data about the caller''s emails, newest first, in parts of up to 1001 emails, and their
feedback.
Security definer because users have no grant on the outbox and on suppressions.';
grant execute on function public.export_email_data to authenticated;

create function public.erase_email_data()
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_erased integer;
begin
    -- An email that may be at the provider becomes unknown until the provider reports it.
    update public.email_logs as email
    set
        recipient_email = '',
        subject = null,
        template_data = '{}',
        error_message = null,
        opened_at = null,
        delivery_status = case
            when email.claimable_at is null then email.delivery_status
            when email.send_group is null then 'cancelled'
            else 'unknown'
        end,
        lease_token = null,
        lease_expires_at = null
    where email.user_id = v_caller and email.recipient_email <> '';
    get diagnostics v_erased = row_count;
    delete from public.email_logs as email
    where email.account_id = v_caller and email.claimable_at is null;
    delete from public.meeting_feedback as given
    where given.user_id = v_caller;
    return v_erased;
end;
$$;
comment on function public.erase_email_data is
'Erases the caller''s feedback, and addresses and contents of their emails, and cancels those that
were not sent.
Preferences stay, and so do suppressions, which are hashes: opting out outlives an erasure.
Security definer because users have no grant on the outbox.';
grant execute on function public.erase_email_data to authenticated;

create function private.export_email(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'preferences', private.email_preferences_json(p_user_id),
        'suppression', private.suppression_json(
            (select profile.email from public.user_profiles as profile where profile.id = p_user_id)
        ),
        'emails', (
            select coalesce(
                jsonb_agg(
                    private.email_json(email) || jsonb_build_object(
                        'recipient', email.recipient_email,
                        'opened_at', private.iso_utc(email.opened_at),
                        -- The facts of an email about the account are a token or a code.
                        'data', case when email.account_id is null then email.template_data end
                    )
                    order by email.created_at
                ),
                '[]'::jsonb
            )
            from public.email_logs as email
            where email.user_id = p_user_id or email.account_id = p_user_id
        )
    );
$$;
comment on function private.export_email is
'The emails in the export of an account, those about the account itself included.';

insert into private.notification_kinds (kind, category, lane, can_wait) values
('signup_confirmation', null, 'urgent', false),
('account_invitation', null, 'urgent', false),
('sign_in_link', null, 'urgent', false),
('password_reset', null, 'urgent', false),
('email_change', null, 'urgent', false),
('reauthentication', null, 'urgent', false);

create function public.record_account_emails(
    p_account_id uuid, p_emails jsonb, p_expires_at timestamptz
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_known bigint;
    v_due jsonb;
begin
    -- Requests for one account take turns, so that the count holds.
    perform pg_advisory_xact_lock(hashtextextended(p_account_id::text, 0));
    select count(*) into v_known
    from public.email_logs as email
    where email.account_id = p_account_id and email.created_at > now() - interval '1 hour';
    if v_known >= (select settings.max_hourly_account_emails from private.app_settings as settings) then
        return jsonb_build_object('outcome', 'limited', 'due', '[]'::jsonb);
    end if;

    with recorded as (
        insert into public.email_logs as email (
            account_id, email_template, recipient_email, template_data, dedupe_key, priority
        )
        select
            p_account_id,
            known.kind,
            wanted.address,
            wanted.facts || jsonb_build_object('expires_at', private.iso_utc(p_expires_at)),
            concat_ws(':', known.kind, p_account_id, wanted.occasion),
            known.lane
        from jsonb_to_recordset(p_emails) as wanted (
            kind text, address text, facts jsonb, occasion text
        )
        inner join private.notification_kinds as known on wanted.kind = known.kind
        on conflict (dedupe_key) do nothing
        returning email.id, email.priority
    )

    select
        jsonb_agg(
            jsonb_build_object(
                'channel', 'email', 'id', recorded.id, 'priority', recorded.priority
            )
        ) into v_due
    from recorded;
    return jsonb_build_object(
        'outcome', case when v_due is null then 'repeated' else 'recorded' end,
        'due', coalesce(v_due, '[]'::jsonb)
    );
end;
$$;
comment on function public.record_account_emails is
'Records emails that Supabase Auth asks for, to the addresses that it names; a repeat records
nothing. Beyond the limit of an hour nothing is recorded. Returns what is due now.
Security definer because service_role may not insert emails.';
grant execute on function public.record_account_emails to service_role;

create table private.departures (
    user_id uuid primary key,
    left_at timestamptz not null default now(),
    partner_ids uuid[] not null
);
comment on table private.departures is
'Deleted accounts whose keys in Redis are still to be deleted: for a minute or two.';

alter table private.departures enable row level security;

create function private.lasting_outcome(
    p_session public.wingman_sessions, p_user_id uuid
)
returns text
language sql
stable
set search_path = ''
as $$
    select case
        -- The user can no longer contradict the report.
        when p_session.status = 'no_show' and now() <= p_session.scheduled_time + interval '168 hours'
            and counted.counts_as = 'no_show'
            then null
        when p_session.status <> 'scheduled' then counted.counts_as
        when
            not p_user_id = any(p_session.no_show_user_ids)
            and (
                p_session.user1_completed_confirmed_by_user2
                or p_session.user2_completed_confirmed_by_user1
            )
            then 'completed'
    end
    from (
        select case p_user_id
            when p_session.user1_id then p_session.user1_counts_as
            else p_session.user2_counts_as
        end as counts_as
    ) as counted;
$$;
comment on function private.lasting_outcome is
'How a session counts for a user when the other one leaves. If it is open, what was said counts as
after its end, but a report that could still be contradicted does not.';

create function private.outlive_session()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
    v_survivor uuid;
    v_outcome text;
begin
    for v_survivor in
        select profile.id
        from public.user_profiles as profile
        where profile.id in (old.user1_id, old.user2_id)
    loop
        v_outcome := private.lasting_outcome(old, v_survivor);
        -- Of the completed sessions of a pair and day, the last to be deleted leaves its outcome.
        if v_outcome = 'no_show' or (
            v_outcome = 'completed'
            and not exists (
                select 1
                from public.wingman_sessions as other
                where other.id <> old.id
                    and (other.user1_id, other.user2_id) in (
                        (old.user1_id, old.user2_id), (old.user2_id, old.user1_id)
                    )
                    and private.utc_day(other.scheduled_time) = private.utc_day(old.scheduled_time)
                    and private.lasting_outcome(other, v_survivor) = 'completed'
            )
        ) then
            insert into private.past_outcomes (user_id, counts_as, counted_at)
            values (v_survivor, v_outcome, coalesce(old.completed_at, old.updated_at));
        end if;
        if old.status = 'scheduled' and old.scheduled_time > now() - interval '1 hour' then
            perform private.notify(
                v_survivor,
                'session_called_off',
                jsonb_build_object('scheduled_time', private.iso_utc(old.scheduled_time)),
                -- A session is deleted once, and its id would stay.
                gen_random_uuid()::text
            );
        end if;
    end loop;
    return old;
end;
$$;
comment on function private.outlive_session is
'Deleting an account deletes its sessions. The other user keeps what they count, and hears that a
meeting which is not over is off.';

create trigger outlive_session
before delete on public.wingman_sessions
for each row execute function private.outlive_session();

create function private.forget_digests(p_user_id uuid, p_partner_ids uuid[])
returns void
language plpgsql
set search_path = ''
as $$
begin
    -- The hourly job records the digest of the week again.
    delete from public.email_logs as email
    where email.user_id = any(p_partner_ids)
        and email.email_template = 'weekly_digest'
        and (
            email.template_data -> 'partner_ids' ? p_user_id::text
            or email.template_data -> 'inviter_ids' ? p_user_id::text
        )
        and email.claimable_at is not null
        and email.send_group is null;
    update public.email_logs as email
    set
        template_data = '{}',
        subject = null,
        delivery_status = case
            when email.claimable_at is null then email.delivery_status else 'unknown'
        end,
        lease_token = null,
        lease_expires_at = null
    where email.user_id = any(p_partner_ids)
        and email.email_template = 'weekly_digest'
        and (
            email.template_data -> 'partner_ids' ? p_user_id::text
            or email.template_data -> 'inviter_ids' ? p_user_id::text
        );
end;
$$;
comment on function private.forget_digests is
'Takes a user out of the digests of others: of those that were sent, and of those that were not.';

create function private.record_departure()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_match_ids uuid[];
    v_partner_ids uuid[];
begin
    -- Steps lock a match, then its session, and then they need the profiles of both. So does a
    -- deletion. A step that holds a session may still refer to its match, hence no key update.
    perform from public.wingman_matches as pair
    where old.id in (pair.user1_id, pair.user2_id)
    order by pair.id
    for no key update;
    perform from public.wingman_sessions as meeting
    where old.id in (meeting.user1_id, meeting.user2_id)
    order by meeting.id
    for update;

    select
        coalesce(array_agg(pair.id), '{}'),
        coalesce(
            array_agg(
                distinct case old.id when pair.user1_id then pair.user2_id else pair.user1_id end
            ),
            '{}'
        )
    into v_match_ids, v_partner_ids
    from public.wingman_matches as pair
    where old.id in (pair.user1_id, pair.user2_id);
    perform private.forget_digests(old.id, v_partner_ids);
    delete from private.idempotency_keys as stored
    where stored.user_id = any(v_partner_ids)
        and coalesce(
            stored.response #>> '{match,id}', stored.response #>> '{session,match_id}'
        ) = any(v_match_ids::text[]);
    delete from public.email_logs as email where email.account_id = old.id;
    insert into private.departures (user_id, partner_ids) values (old.id, v_partner_ids)
    on conflict (user_id) do nothing;
    return old;
end;
$$;
comment on function private.record_departure is
'Security definer because Supabase Auth deletes from auth.users and has no rights here.';

create trigger record_departure
before delete on auth.users
for each row execute function private.record_departure();

create function public.list_departures(p_limit integer)
returns table (user_id uuid, partner_ids uuid[])
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select
        departed.user_id,
        departed.partner_ids
    from private.departures as departed
    order by departed.left_at
    limit p_limit;
end;
$$;
comment on function public.list_departures is
'Deleted accounts whose keys in Redis are to be deleted, and the users who had matches with them.
Security definer because service_role has no grant on departures.';
grant execute on function public.list_departures to service_role;

create function public.finish_departures(p_user_ids uuid[])
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_finished integer;
begin
    -- A digest that was being recorded at the moment of the deletion may name the user.
    perform private.forget_digests(departed.user_id, departed.partner_ids)
    from private.departures as departed
    where departed.user_id = any(p_user_ids);
    delete from private.departures as departed where departed.user_id = any(p_user_ids);
    get diagnostics v_finished = row_count;
    return v_finished;
end;
$$;
comment on function public.finish_departures is
'Forgets deleted accounts whose keys in Redis are deleted.
Security definer because service_role has no grant on departures.';
grant execute on function public.finish_departures to service_role;

-- An access token outlives its session, because it is checked without a question to Supabase Auth.
-- The end of a session is recorded here, and a mark in Redis then refuses its tokens:
-- docs/decisions/030-own-account.md.

create table private.ended_sessions (
    session_id uuid primary key,
    user_id uuid not null references auth.users (id) on delete cascade,
    ended_at timestamptz not null default now()
);
comment on table private.ended_sessions is
'Ended sessions of Supabase Auth whose tokens Redis does not refuse yet: for a minute or two.';

create index ended_sessions_of_user on private.ended_sessions (user_id);
create index ended_sessions_ended_at on private.ended_sessions (ended_at);

alter table private.ended_sessions enable row level security;

create function private.record_ended_session()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    -- Sessions of a deleted account end with it (private.departures).
    insert into private.ended_sessions (session_id, user_id)
    select
        old.id,
        account.id
    from auth.users as account
    where account.id = old.user_id
    on conflict (session_id) do nothing;
    return null;
end;
$$;
comment on function private.record_ended_session is
'Security definer because Supabase Auth deletes sessions and has no rights here.';

create trigger record_ended_session
after delete on auth.sessions
for each row execute function private.record_ended_session();

create function private.record_revoked_session()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    insert into private.ended_sessions (session_id, user_id)
    select
        session.id,
        session.user_id
    from auth.sessions as session
    where session.id = new.session_id
        and not exists (
            select 1
            from auth.refresh_tokens as token
            where token.session_id = session.id and token.revoked is not true
        )
    on conflict (session_id) do nothing;
    return null;
end;
$$;
comment on function private.record_revoked_session is
'Supabase Auth answers the reuse of an old refresh token by revoking all of the session, and keeps
the session. Security definer because it has no rights here.';

-- Each refresh revokes a token and stores the next one, so only the end of the transaction shows.
create constraint trigger record_revoked_session
after update on auth.refresh_tokens
deferrable initially deferred
for each row
when (new.revoked and old.revoked is not true)
execute function private.record_revoked_session();

create function private.end_sessions_of_banned()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    delete from auth.sessions as session where session.user_id = new.id;
    return null;
end;
$$;
comment on function private.end_sessions_of_banned is
'Supabase Auth refuses to refresh the tokens of a banned user, and keeps the sessions.
Security definer because an operator may have no rights on them.';

create trigger end_sessions_of_banned
after update of banned_until on auth.users
for each row
when (new.banned_until > now() and new.banned_until is distinct from old.banned_until)
execute function private.end_sessions_of_banned();

create function public.list_own_ended_sessions()
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
    select ended.session_id
    from private.ended_sessions as ended
    where ended.user_id = private.caller_id()
    order by ended.ended_at
    limit 1000;
$$;
comment on function public.list_own_ended_sessions is
'The sessions of the caller that ended and whose tokens Redis may not refuse yet.
Security definer because users have no grant on ended_sessions.';
grant execute on function public.list_own_ended_sessions to authenticated;

create function public.list_ended_sessions(p_limit integer, p_user_id uuid default null)
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
    select ended.session_id
    from private.ended_sessions as ended
    where p_user_id is null or ended.user_id = p_user_id
    order by ended.ended_at
    limit p_limit;
$$;
comment on function public.list_ended_sessions is
'Sessions that ended, of one user or of all, whose tokens Redis may not refuse yet.
Security definer because service_role has no grant on ended_sessions.';
grant execute on function public.list_ended_sessions to service_role;

create function public.finish_ended_sessions(p_session_ids uuid[])
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_finished integer;
begin
    delete from private.ended_sessions as ended where ended.session_id = any(p_session_ids);
    get diagnostics v_finished = row_count;
    return v_finished;
end;
$$;
comment on function public.finish_ended_sessions is
'Forgets ended sessions whose tokens Redis refuses.
Security definer because service_role has no grant on ended_sessions.';
grant execute on function public.finish_ended_sessions to service_role;

-- Each attempt to get into an account (docs/decisions/029-accounts.md). A trigger records sessions,
-- whoever opened them; the functions record the rest.

create table private.hash_keys (
    only_row boolean primary key default true,
    hash_key bytea not null,
    constraint hash_keys_one_row check (only_row)
);
comment on table private.hash_keys is
'The key of private.keyed_hash. Without this row no hash can be traced to an address any more.';

alter table private.hash_keys enable row level security;

create function private.hash_key()
returns bytea
language plpgsql
set search_path = ''
as $$
declare
    v_key bytea := (select known.hash_key from private.hash_keys as known);
begin
    if v_key is null then
        -- 244 random bits.
        insert into private.hash_keys (hash_key)
        values (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
        on conflict (only_row) do nothing;
        v_key := (select known.hash_key from private.hash_keys as known);
    end if;
    return v_key;
end;
$$;

create function private.keyed_hash(p_text text)
returns text
language sql
set search_path = ''
as $$
    select encode(
        sha256(key.bytes || sha256(key.bytes || convert_to(lower(p_text), 'UTF8'))), 'hex'
    )
    from private.hash_key() as key (bytes);
$$;
comment on function private.keyed_hash is
'A hash of an email or IP address that says nothing without the key; null of null.';

create table private.sign_in_attempts (
    id uuid primary key default gen_random_uuid(),
    kind text not null,
    outcome text not null,
    user_id uuid,
    address_hash text,
    ip_hash text,
    user_agent text,
    -- A short name that other parts rely on. PostgreSQL does not reserve the word.
    at timestamptz not null default now(), -- noqa: RF04
    constraint sign_in_attempts_kind_length check (char_length(kind) <= 40),
    constraint sign_in_attempts_outcome_known check (outcome in ('success', 'failure', 'accepted')),
    constraint sign_in_attempts_user_agent_length check (char_length(user_agent) <= 255)
);
comment on table private.sign_in_attempts is
'Kept for app_settings.attempt_days. Of a deleted account only the hashes are left.';

create index sign_in_attempts_of_user on private.sign_in_attempts (user_id, at desc);
create index sign_in_attempts_at on private.sign_in_attempts (at);
create index sign_in_attempts_of_address on private.sign_in_attempts (address_hash, at);
create index sign_in_attempts_of_network on private.sign_in_attempts (ip_hash, at);

alter table private.sign_in_attempts enable row level security;

create function private.store_attempt(
    p_id uuid,
    p_kind text,
    p_outcome text,
    p_user_id uuid,
    p_address text,
    p_ip text,
    p_user_agent text
)
returns void
language sql
set search_path = ''
as $$
    insert into private.sign_in_attempts (
        id, kind, outcome, user_id, address_hash, ip_hash, user_agent
    )
    values (
        p_id,
        p_kind,
        p_outcome,
        p_user_id,
        private.keyed_hash(p_address),
        private.keyed_hash(p_ip),
        left(nullif(regexp_replace(p_user_agent, '[^ -~]', '', 'g'), ''), 255)
    )
    on conflict (id) do nothing;
$$;

create function private.record_session()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    perform private.store_attempt(
        gen_random_uuid(),
        'sign_in',
        'success',
        account.id,
        account.email,
        host(new.ip),
        left(new.user_agent, 1000)
    )
    from auth.users as account
    where account.id = new.user_id;
    return null;
end;
$$;
comment on function private.record_session is
'Security definer because Supabase Auth stores sessions and has no rights here.';

create trigger record_session
after insert on auth.sessions
for each row execute function private.record_session();

create function private.forget_attempts()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    update private.sign_in_attempts as known
    set user_id = null, user_agent = null
    where known.user_id = old.id;
    return null;
end;
$$;
comment on function private.forget_attempts is
'Security definer because Supabase Auth deletes from auth.users and has no rights here.';

create trigger forget_attempts
after delete on auth.users
for each row execute function private.forget_attempts();

create function public.record_attempt(
    p_id uuid,
    p_kind text,
    p_outcome text,
    p_address text,
    p_refresh_token text,
    p_ip text,
    p_user_agent text
)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_most constant integer := 1000;
    v_ip_hash text;
    v_user_id uuid;
begin
    perform private.check_length(char_length(p_address), 254);
    perform private.check_length(char_length(p_ip), 100);
    perform private.check_length(char_length(p_user_agent), 1000);
    if p_refresh_token is null then
        select account.id into v_user_id
        from auth.users as account
        where account.email = p_address and not account.is_sso_user
        -- A deletion at this moment waits, and then forgets this attempt as well.
        for key share;
    else
        select session.user_id into v_user_id
        from auth.refresh_tokens as token
        inner join auth.sessions as session on token.session_id = session.id
        where token.token = p_refresh_token;
    end if;
    v_ip_hash := private.keyed_hash(p_ip);
    -- One network fills no disk. Its attempts beyond these in a day are like those before.
    if v_most > (
        select count(*)
        from (
            select 1 as one
            from private.sign_in_attempts as known
            where known.ip_hash = v_ip_hash and known.at > now() - interval '1 day'
            limit v_most
        ) as counted
    ) then
        perform private.store_attempt(
            p_id, p_kind, p_outcome, v_user_id, p_address, p_ip, p_user_agent
        );
    end if;
    return v_user_id;
end;
$$;
comment on function public.record_attempt is
'Records an attempt once, and returns its user: that of the address, or of the refresh token.
Security definer because service_role has no grant on accounts and attempts.';
grant execute on function public.record_attempt to service_role;

create function public.prune_attempts(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_pruned integer;
begin
    delete from private.sign_in_attempts as known
    where known.id in (
        select stale.id
        from private.sign_in_attempts as stale
        where stale.at <= now() - make_interval(
            days => (select settings.attempt_days from private.app_settings as settings)
        )
        order by stale.at
        limit p_limit
        for update skip locked
    );
    get diagnostics v_pruned = row_count;
    return v_pruned;
end;
$$;
comment on function public.prune_attempts is
'Deletes up to p_limit attempts that are older than app_settings.attempt_days.
Security definer because service_role has no grant on them.';
grant execute on function public.prune_attempts to service_role;

create function private.sign_ins_json(p_user_id uuid, p_limit integer)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'at', private.iso_utc(newest.at),
                'outcome', newest.outcome,
                'user_agent', newest.user_agent
            )
            order by newest.at desc
        ),
        '[]'
    )
    from (
        select
            known.at,
            known.outcome,
            known.user_agent
        from private.sign_in_attempts as known
        where known.user_id = p_user_id and known.kind = 'sign_in'
        order by known.at desc
        limit p_limit
    ) as newest;
$$;
comment on function private.sign_ins_json is
'The newest sign-ins of a user, and the attempts that failed.';

create function private.export_sign_ins(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'at', private.iso_utc(known.at),
                'kind', known.kind,
                'outcome', known.outcome,
                'user_agent', known.user_agent
            )
            order by known.at
        ),
        '[]'
    )
    from private.sign_in_attempts as known
    where known.user_id = p_user_id;
$$;
comment on function private.export_sign_ins is
'All recorded attempts on the account of a user.';

create function public.begin_auth_request(
    p_id uuid, p_kind text, p_address text, p_ip text
)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_most_in_a_day constant integer := 10;
    v_address_hash constant text := private.keyed_hash(p_address);
    v_ip_hash constant text := private.keyed_hash(p_ip);
begin
    if exists (select 1 from private.sign_in_attempts as made where made.id = p_id) then
        return false;
    end if;
    -- Each sends an email to an address that the client may not own. The owner, in another
    -- network, still gets the emails that the owner asked for.
    if v_most_in_a_day <= (
        select count(*)
        from private.sign_in_attempts as made
        where made.address_hash = v_address_hash
            and made.ip_hash = v_ip_hash
            and made.kind = p_kind
            and made.outcome = 'accepted'
            and made.at > now() - interval '1 day'
    ) then
        return false;
    end if;
    if p_kind = 'register' then
        if private.is_banned_address(p_address) then
            return false;
        end if;
        delete from auth.users as unconfirmed
        where unconfirmed.email = p_address
            and unconfirmed.email_confirmed_at is null
            and unconfirmed.phone_confirmed_at is null
            and unconfirmed.invited_at is null
            and unconfirmed.last_sign_in_at is null
            and not unconfirmed.is_sso_user
            and not unconfirmed.is_anonymous;
    end if;
    return true;
end;
$$;
comment on function public.begin_auth_request is
'Whether a request to Supabase Auth is to be made: false if it has been made, or if its network has
asked 10 times in a day about the address, or if an account with it was banned. A registration first removes an unconfirmed one of its
address, with password and links: Supabase Auth would keep that password, and the owner of the address
would confirm the password of a stranger. Security definer because service_role has no grant on
accounts and attempts.';
grant execute on function public.begin_auth_request to service_role;

-- The caller's own account: docs/decisions/030-own-account.md.

create function private.is_password(p_user_id uuid, p_password text)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
declare
    v_hash text := (
        select account.encrypted_password::text
        from auth.users as account
        where account.id = p_user_id
    );
begin
    -- An account that only a provider such as Google opens has no hash, an imported one may have
    -- another kind. pgcrypto knows the three names of the same bcrypt by one of them.
    if coalesce(v_hash, '') !~ '^[$]2[aby][$]' then
        return false;
    end if;
    v_hash := '$2a$' || substr(v_hash, 5);
    return v_hash = extensions.crypt(p_password, v_hash);
end;
$$;

create function private.record_proof(
    p_user_id uuid, p_kind text, p_is_right boolean, p_ip text, p_user_agent text
)
returns void
language sql
set search_path = ''
as $$
    select private.store_attempt(
        gen_random_uuid(),
        p_kind,
        case when p_is_right then 'success' else 'failure' end,
        account.id,
        account.email,
        p_ip,
        p_user_agent
    )
    from auth.users as account
    where account.id = p_user_id;
$$;

create function private.check_proof(p_password text, p_ip text, p_user_agent text)
returns void
language sql
immutable
set search_path = ''
as $$
    select
        private.check_length(octet_length(p_password), 72),
        private.check_length(char_length(p_ip), 100),
        private.check_length(char_length(p_user_agent), 1000);
$$;

create function public.get_account()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    return private.export_account(v_caller)
        || jsonb_build_object('sign_ins', private.sign_ins_json(v_caller, 20));
end;
$$;
comment on function public.get_account is
'The caller''s account and their 20 newest sign-ins.
Security definer because users have no grant on accounts.';
grant execute on function public.get_account to authenticated;

create function public.prove_password(p_password text, p_ip text, p_user_agent text)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_is_right boolean;
begin
    perform private.check_proof(p_password, p_ip, p_user_agent);
    v_is_right := private.is_password(v_caller, p_password);
    perform private.record_proof(v_caller, 'password_change', v_is_right, p_ip, p_user_agent);
    return v_is_right;
end;
$$;
comment on function public.prove_password is
'Whether this is the caller''s password, for a change of it. The attempt is recorded, so a wrong
password is an answer and not an error, which would undo the record.
Security definer because users have no grant on accounts.';
grant execute on function public.prove_password to authenticated;

create function private.matches_by_partner(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(jsonb_object_agg(partner.id, partner.match_id), '{}'::jsonb)
    from (
        select
            pair.id as match_id,
            case p_user_id when pair.user1_id then pair.user2_id else pair.user1_id end as id
        from public.wingman_matches as pair
        where p_user_id in (pair.user1_id, pair.user2_id) and pair.status = 'accepted'
    ) as partner;
$$;
comment on function private.matches_by_partner is
'The accepted matches of a user, by the id of the partner.';

create function public.delete_account(p_password text, p_ip text, p_user_agent text)
returns jsonb
language plpgsql
security definer
set search_path = ''
-- PostgREST applies it to the transaction. The role's own limit would keep users with many matches.
set statement_timeout = '15s'
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_is_right boolean;
    v_ended jsonb;
begin
    perform private.check_proof(p_password, p_ip, p_user_agent);
    v_is_right := private.is_password(v_caller, p_password);
    perform private.record_proof(v_caller, 'deletion', v_is_right, p_ip, p_user_agent);
    if not v_is_right then
        return null;
    end if;
    v_ended := private.matches_by_partner(v_caller);
    delete from auth.users as account where account.id = v_caller;
    return jsonb_build_object('ended_matches', v_ended);
end;
$$;
comment on function public.delete_account is
'Deletes the caller''s account, if this is its password; triggers and foreign keys delete the rest.
Returns the matches that ended with it, or null for a wrong password.
Security definer because users have no grant on accounts.';
grant execute on function public.delete_account to authenticated;

create function private.export_account(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', account.id,
        'email', account.email,
        'created_at', private.iso_utc(account.created_at),
        'last_sign_in_at', private.iso_utc(account.last_sign_in_at)
    )
    from auth.users as account
    where account.id = p_user_id;
$$;

create function public.export_account()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_function name;
    v_part jsonb;
    v_parts jsonb := '{}'::jsonb;
begin
    for v_function in
        select part.proname
        from pg_catalog.pg_proc as part
        where part.pronamespace = 'private'::regnamespace
            and starts_with(part.proname::text, 'export_')
            and part.proargtypes = array['uuid'::regtype]::oidvector
            and part.prorettype = 'jsonb'::regtype
        order by part.proname
    loop
        execute format('select private.%I($1)', v_function) into v_part using v_caller;
        v_parts := v_parts
            || jsonb_build_object(substr(v_function, char_length('export_') + 1), v_part);
    end loop;
    return v_parts;
end;
$$;
comment on function public.export_account is
'All data of the caller: a part for each function private.export_<part>, which its domain defines.
Security definer because users have no grant on tables.';
grant execute on function public.export_account to authenticated;

insert into private.notification_kinds (kind, category, lane, can_wait) values
('weekly_digest', 'marketing_emails', 'bulk', true);

create function private.counted_sessions(p_user_id uuid)
returns table (
    counts_as text, counted_at timestamptz, partner_id uuid, venue_name text,
    scheduled_time timestamptz
)
language sql
stable
set search_path = ''
as $$
    with counted as (
        -- A completed session counts from its completion, a no-show from its last change.
        select
            as_user1.id,
            as_user1.user1_counts_as as counts_as,
            coalesce(as_user1.completed_at, as_user1.updated_at) as counted_at,
            as_user1.user2_id as partner_id,
            as_user1.venue_name,
            as_user1.scheduled_time
        from public.wingman_sessions as as_user1
        where as_user1.user1_id = p_user_id and as_user1.user1_counts_as is not null
        union all
        select
            as_user2.id,
            as_user2.user2_counts_as as counts_as,
            coalesce(as_user2.completed_at, as_user2.updated_at) as counted_at,
            as_user2.user1_id as partner_id,
            as_user2.venue_name,
            as_user2.scheduled_time
        from public.wingman_sessions as as_user2
        where as_user2.user2_id = p_user_id and as_user2.user2_counts_as is not null
    )

    -- The first completion of a pair and day, and every no-show.
    (
        select distinct on (
            one.partner_id,
            case one.counts_as when 'completed' then private.utc_day(one.scheduled_time)::text
                else one.id::text
            end
        )
            one.counts_as,
            one.counted_at,
            one.partner_id,
            one.venue_name,
            one.scheduled_time
        from counted as one
        order by
            one.partner_id,
            case one.counts_as when 'completed' then private.utc_day(one.scheduled_time)::text
                else one.id::text
            end,
            one.counted_at
    )
    union all
    select
        past.counts_as,
        past.counted_at,
        null::uuid,
        null::text,
        null::timestamptz
    from private.past_outcomes as past
    where past.user_id = p_user_id;
$$;

create function private.week_of_meetings(
    p_user_id uuid, p_starts_at timestamptz, p_ends_at timestamptz
)
returns jsonb
language sql
stable
set search_path = ''
as $$
    with
    counted as materialized (
        select
            one.*,
            case one.counts_as when 'completed' then 1 else -1 end as weight,
            one.counts_as = 'completed'
            and one.counted_at >= p_starts_at
            and one.partner_id is not null as is_new
        from private.counted_sessions(p_user_id) as one
        where one.counted_at < p_ends_at
    ),

    listed as (
        select
            one.scheduled_time,
            one.partner_id,
            jsonb_build_object(
                'partner_name', private.display_name(p_user_id, one.partner_id),
                'venue_name', one.venue_name,
                'scheduled_time', private.iso_utc(one.scheduled_time)
            ) as meeting
        from counted as one
        where one.is_new and private.exists_for(p_user_id, one.partner_id)
        order by one.scheduled_time desc
        limit 5
    )

    select jsonb_build_object(
        'met_count', count(*) filter (where one.is_new),
        'met',
        coalesce(
            (select jsonb_agg(listed.meeting order by listed.scheduled_time) from listed), '[]'
        ),
        'partner_ids',
        coalesce((select jsonb_agg(distinct listed.partner_id) from listed), '[]'),
        -- The same bounds as in wingman/reputation/rules.py.
        'score', greatest(-5, least(20, coalesce(sum(one.weight), 0))),
        'score_before',
        greatest(-5, least(20, coalesce(
            sum(one.weight) filter (where one.counted_at < p_starts_at), 0
        )))
    )
    from counted as one;
$$;
comment on function private.week_of_meetings is
'The meetings of one user in a week, and what they did to the user''s reputation.';

create function private.open_invitations(
    p_user_id uuid, p_before timestamptz, p_now timestamptz
)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'invitation_count', count(*),
        'invitations',
        coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'inviter_name', private.display_name(p_user_id, pending.user1_id),
                    'expires_at', private.iso_utc(pending.expires_at)
                )
                order by pending.expires_at
            ) filter (where pending.place <= 5),
            '[]'
        ),
        'inviter_ids',
        coalesce(
            jsonb_agg(pending.user1_id order by pending.expires_at)
            filter (where pending.place <= 5),
            '[]'
        )
    )
    from (
        select
            invited.user1_id,
            invited.expires_at,
            row_number() over (order by invited.expires_at) as place
        from public.wingman_matches as invited
        where invited.user2_id = p_user_id
            and invited.status = 'pending'
            and invited.created_at < p_before
            and invited.expires_at > p_now
            and private.exists_for(p_user_id, invited.user1_id)
    ) as pending;
$$;
comment on function private.open_invitations is
'The invitations that wait for an answer of one user since before a moment.';

create function private.weekly_digest(
    p_user_id uuid, p_week text, p_starts_at timestamptz, p_ends_at timestamptz, p_now timestamptz
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_facts jsonb;
begin
    -- The cheapest step first: most runs of a week end at the first condition, and most of Monday's
    -- at the second.
    if p_now >= p_ends_at + interval '48 hours'
        or exists (
            select 1
            from public.email_logs as email
            where email.dedupe_key = concat_ws(':', 'weekly_digest', p_user_id, p_week)
        ) then
        return null;
    end if;
    v_facts := private.week_of_meetings(p_user_id, p_starts_at, p_ends_at)
        || private.open_invitations(p_user_id, p_ends_at, p_now);
    if (v_facts ->> 'met_count')::integer = 0
        and (v_facts ->> 'invitation_count')::integer = 0
        and v_facts -> 'score' = v_facts -> 'score_before' then
        return null;
    end if;
    return v_facts || jsonb_build_object('week_ends_at', private.iso_utc(p_ends_at));
end;
$$;
comment on function private.weekly_digest is
'The digest of a week. Null if it was recorded before, if the week ended more than two days ago, or
if there is nothing to report.';

create function public.record_weekly_digests(
    p_after uuid, p_limit integer, p_weeks jsonb, p_now timestamptz
)
returns jsonb
language sql
security definer
set search_path = ''
as $$
    with
    last_week as materialized (
        select
            zone.timezone,
            week.name,
            week.first_day,
            week.starts_at,
            week.ends_at
        from jsonb_to_recordset(p_weeks) as week (
            name text, first_day date, starts_at timestamptz, ends_at timestamptz, timezones text[]
        )
        cross join lateral unnest(week.timezones) as zone (timezone)
    ),

    page as materialized (
        select wish.user_id
        from public.email_preferences as wish
        where wish.choices @> '{"marketing_emails": true}'
            and (p_after is null or wish.user_id > p_after)
        order by wish.user_id
        limit p_limit
    ),

    recorded as materialized (
        select
            private.notify(
                page.user_id,
                'weekly_digest',
                digest.facts || jsonb_build_object(
                    'first_day', week.first_day, 'last_day', week.first_day + 6
                ),
                week.name
            ) as due
        from page
        inner join private.email_recipients as reader on page.user_id = reader.user_id
        left join last_week as own on reader.timezone = own.timezone
        -- An unknown timezone reads as UTC, as in emails.
        inner join last_week as week on coalesce(own.timezone, 'UTC') = week.timezone
        cross join lateral private.weekly_digest(
            page.user_id, week.name, week.starts_at, week.ends_at, p_now
        ) as digest (facts)
        where digest.facts is not null
    )

    select jsonb_build_object(
        'recorded', (select count(*) from recorded where recorded.due <> '[]'),
        'last', (
            select
                case when count(*) = p_limit then (array_agg(user_id order by user_id desc))[1] end
            from page
        )
    );
$$;
comment on function public.record_weekly_digests is
'Records the digests of one page of the users who asked for them, once per user and ISO week. `last`
is where the next page begins, null after the last page. `p_weeks` says when the last week began and
ended in each timezone: PostgreSQL''s own table of timezones may be older than the one of emails.
Security definer because service_role has no grant to write emails.';
grant execute on function public.record_weekly_digests to service_role;

-- Exact coordinates are for their owner alone. All that another user can observe is computed from
-- `cell`: docs/decisions/031-places.md.

create function private.snapped(p_latitude double precision, p_longitude double precision)
returns extensions.geography
language sql
immutable
set search_path = ''
as $$
    select extensions.st_setsrid(
        extensions.st_makepoint(
            case
                -- Around a pole a cell has all longitudes.
                when abs(band.latitude) = 90 then 0
                -- The rest at the date line is one cell on both sides of it, never a sliver.
                when abs(round(band.longitude / band.step)) >= floor(180 / band.step) then 180
                else round(band.longitude / band.step) * band.step
            end,
            band.latitude
        ),
        4326
    )::extensions.geography
    from (
        select
            near.latitude,
            near.longitude,
            0.01 / nullif(cosd(near.latitude), 0) as step
        from (
            select
                round(p_latitude * 100) / 100 as latitude,
                -- To a tenth of a millimetre: dividing a tiny number underflows, which is an error.
                round(p_longitude * 1e9) / 1e9 as longitude
        ) as near
    ) as band;
$$;
comment on function private.snapped is
'The middle of a place''s cell, which is 0.01 degrees of latitude high and 0.01 degrees, divided by
the cosine of the latitude, wide: about 1.1 km each way everywhere on earth.';

create function private.are_prompts(p_prompts jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
    select jsonb_typeof(p_prompts) = 'array' and (
        select
            count(*) <= 10
            and coalesce(bool_and(
                jsonb_typeof(prompt.value -> 'question') = 'string'
                and jsonb_typeof(prompt.value -> 'answer') = 'string'
                and char_length(prompt.value ->> 'question') between 1 and 500
                and char_length(prompt.value ->> 'answer') between 1 and 1000
                and prompt.value - array['question', 'answer'] = '{}'
            ), true)
        from jsonb_array_elements(case jsonb_typeof(p_prompts) when 'array' then p_prompts end)
            as prompt
    );
$$;

create table public.dog_profiles (
    user_id uuid primary key references public.user_profiles (id) on delete cascade,
    display_name text,
    age smallint,
    bio text not null default '',
    activity_level text not null default 'medium',
    prompts jsonb not null default '[]',
    visible boolean not null default true,
    discoverable boolean not null default false,
    latitude double precision,
    longitude double precision,
    located_at timestamptz,
    created_at timestamptz,
    updated_at timestamptz not null default now(),
    place extensions.geography (point, 4326) generated always as (
        extensions.st_setsrid(extensions.st_makepoint(longitude, latitude), 4326)
        ::extensions.geography
    ) stored,
    cell extensions.geography (point, 4326) generated always as (
        private.snapped(latitude, longitude)
    ) stored,
    constraint dog_profiles_whole
    check (
        (display_name is null) = (created_at is null)
        and (age is null) = (created_at is null)
    ),
    constraint dog_profiles_display_name_length check (char_length(display_name) between 1 and 100),
    constraint dog_profiles_age_in_years check (age between 0 and 20),
    constraint dog_profiles_bio_length check (char_length(bio) <= 2000),
    constraint dog_profiles_activity_level_known
    check (activity_level in ('low', 'medium', 'high')),
    constraint dog_profiles_prompts_are_pairs check (private.are_prompts(prompts)),
    -- NaN is greater than every number, so these refuse it.
    constraint dog_profiles_latitude_in_range check (latitude between -90 and 90),
    constraint dog_profiles_longitude_in_range check (longitude between -180 and 180),
    constraint dog_profiles_location_whole
    check (
        (latitude is null) = (located_at is null)
        and (longitude is null) = (located_at is null)
    ),
    constraint dog_profiles_location_known check (latitude <> 0 or longitude <> 0)
);
comment on table public.dog_profiles is
'What a user shows of the dog, and where they are. The location may come first: the profile exists
once it has a name.';
comment on column public.dog_profiles.discoverable is
'Whether discovery may show the profile. Triggers keep it: 760_discoverable.sql.';
comment on column public.dog_profiles.place is 'Exact: for queries of the owner alone.';
comment on column public.dog_profiles.cell is
'The middle of the cell of about a kilometre: the only location that queries of others may use.';

-- No policy: users read and change profiles through functions.
alter table public.dog_profiles enable row level security;

create function private.is_visible(p_user_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select
        from public.dog_profiles as profile
        where profile.user_id = p_user_id and profile.visible and profile.created_at is not null
    );
$$;
comment on function private.is_visible is
'Whether the user has a profile and wants it to be seen. It may still miss something.';

-- Without a search_path, so that PostgreSQL inlines it.
create function private.metres_in(p_unit text)
returns numeric
language sql
immutable
as $$
    select case p_unit when 'miles' then 1609.344 when 'kilometers' then 1000 end;
$$;

create table public.profile_preferences (
    user_id uuid primary key references public.user_profiles (id) on delete cascade,
    min_age smallint not null,
    max_age smallint not null,
    -- Exact decimals, so that a distance survives any number of changes of its unit.
    max_metres numeric not null,
    distance_unit text not null,
    activity_level text,
    constraint profile_preferences_ages_in_order
    check (min_age between 0 and max_age and max_age <= 20),
    constraint profile_preferences_distance_in_range
    check (max_metres > 0 and max_metres <= 500000),
    constraint profile_preferences_unit_known check (distance_unit in ('miles', 'kilometers')),
    constraint profile_preferences_activity_level_known
    check (activity_level in ('low', 'medium', 'high'))
);
comment on table public.profile_preferences is
'The dogs that a user is looking for. Without a row the defaults hold.';

alter table public.profile_preferences enable row level security;

create function private.default_preferences(p_user_id uuid)
returns public.profile_preferences
language sql
immutable
set search_path = ''
as $$
    select row(p_user_id, 0, 20, 25 * private.metres_in('miles'), 'miles', null)
        ::public.profile_preferences;
$$;

create function private.preferences_of(p_user_id uuid)
returns public.profile_preferences
language plpgsql
stable
set search_path = ''
as $$
declare
    v_preferences public.profile_preferences;
begin
    select stored.* into v_preferences
    from public.profile_preferences as stored
    where stored.user_id = p_user_id;
    return case when found then v_preferences else private.default_preferences(p_user_id) end;
end;
$$;

create function private.preferences_json(p_preferences public.profile_preferences)
returns jsonb
language sql
immutable
set search_path = ''
as $$
    select jsonb_build_object(
        'min_age', p_preferences.min_age,
        'max_age', p_preferences.max_age,
        'max_distance', trim_scale(
            p_preferences.max_metres / private.metres_in(p_preferences.distance_unit)
        ),
        'distance_unit', p_preferences.distance_unit,
        'activity_level', p_preferences.activity_level
    );
$$;

create function public.get_profile_preferences()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select private.preferences_json(private.preferences_of(private.caller_id()));
$$;
comment on function public.get_profile_preferences is
'The dogs that the caller is looking for.
Security definer because users have no grant on preferences.';
grant execute on function public.get_profile_preferences to authenticated;

create function public.change_profile_preferences(p_changes jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_wish public.profile_preferences;
begin
    perform private.check_length(pg_column_size(p_changes), 1000);
    perform private.take_turn_as(v_caller);
    insert into public.profile_preferences
    select (private.default_preferences(v_caller)).*
    on conflict (user_id) do nothing;
    select stored.* into v_wish
    from public.profile_preferences as stored
    where stored.user_id = v_caller;

    v_wish := jsonb_populate_record(v_wish, p_changes);
    if p_changes ? 'max_distance' then
        v_wish.max_metres := (p_changes ->> 'max_distance')::numeric
            * private.metres_in(v_wish.distance_unit);
    end if;
    perform private.refuse_flaw('min_age', case
        when v_wish.min_age > v_wish.max_age then 'must not be above max_age'
    end);
    perform private.refuse_flaw('max_distance', case
        when v_wish.max_metres > 500000 then 'must be at most 500 kilometers, or 310.68 miles'
    end);
    update public.profile_preferences as stored
    set
        min_age = v_wish.min_age,
        max_age = v_wish.max_age,
        max_metres = v_wish.max_metres,
        distance_unit = v_wish.distance_unit,
        activity_level = v_wish.activity_level
    where stored.user_id = v_caller;
    return private.preferences_json(v_wish);
end;
$$;
comment on function public.change_profile_preferences is
'Changes the preferences that p_changes names. A new unit alone converts the distance.
Security definer because users write no table.';
grant execute on function public.change_profile_preferences to authenticated;

create function private.missing_of_profile(p_profile public.dog_profiles, p_ready_photos integer)
returns text[]
language plpgsql
immutable
set search_path = ''
as $$
begin
    return array_remove(
        array[
            case when p_profile.display_name is null then 'display_name' end,
            case when p_profile.age is null then 'age' end,
            case when p_ready_photos < 2 then 'photos' end,
            case when p_profile.located_at is null then 'location' end
        ],
        null
    );
end;
$$;

create function private.published_of(p_user_ids uuid[])
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
begin
    return array(
        select profile.user_id
        from public.dog_profiles as profile
        inner join private.ready_photos_of(p_user_ids) as photos
            on profile.user_id = photos.user_id
        where profile.user_id = any(p_user_ids)
            and profile.visible
            and private.missing_of_profile(profile, photos.ready) = '{}'
    );
end;
$$;

create function private.is_published(p_user_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return p_user_id = any(private.published_of(array[p_user_id]));
end;
$$;

create function private.matched_with(p_user_id uuid, p_other_ids uuid[])
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
begin
    return array(
        select asked.user_id
        from unnest(p_other_ids) as asked (user_id)
        where exists (
            select
            from public.wingman_matches as pair
            where least(pair.user1_id, pair.user2_id) = least(p_user_id, asked.user_id)
                and greatest(pair.user1_id, pair.user2_id) = greatest(p_user_id, asked.user_id)
                and pair.status = 'accepted'
            -- Look up each match; do not read all of them.
            offset 0
        )
    );
end;
$$;

create function private.are_matched(p_user_id uuid, p_other_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return p_other_id = any(private.matched_with(p_user_id, array[p_other_id]));
end;
$$;

create function private.visible_to(p_viewer_id uuid, p_user_ids uuid[])
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
declare
    -- The cheapest question first: lists of matches ask about each partner.
    v_ids uuid[] := array(
        select profile.user_id
        from public.dog_profiles as profile
        where profile.user_id = any(p_user_ids) and profile.created_at is not null
    );
    v_matched uuid[];
begin
    if v_ids = '{}' then
        return v_ids;
    end if;
    v_ids := private.existing_for(p_viewer_id, v_ids);
    v_matched := private.matched_with(p_viewer_id, v_ids);
    return array(
        select known.user_id
        from unnest(v_ids) as known (user_id)
        where known.user_id = p_viewer_id
            or known.user_id = any(v_matched)
            or known.user_id in (select unnest(private.published_of(v_ids)))
    );
end;
$$;
comment on function private.visible_to is
'Those of the users whose profiles exist for a viewer. One that is hidden or not published exists
only for its owner and the owner''s matches; one that is blocked or banned, only for its owner.';

create function private.may_see(p_viewer_id uuid, p_user_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return p_user_id = any(private.visible_to(p_viewer_id, array[p_user_id]));
end;
$$;

create function private.own_profile_json(p_user_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'user_id', own.user_id,
            'display_name', own.display_name,
            'age', own.age,
            'bio', own.bio,
            'activity_level', own.activity_level,
            'prompts', own.prompts,
            'photos', private.own_photos_json(p_user_id),
            'location', private.location_json(own),
            'visible', own.visible,
            'published', private.is_published(p_user_id),
            'missing', to_jsonb(
                private.missing_of_profile(own, private.ready_photos(p_user_id))
            ),
            'created_at', private.iso_utc(own.created_at),
            'updated_at', private.iso_utc(own.updated_at)
        )
        from public.dog_profiles as own
        where own.user_id = p_user_id and own.created_at is not null
    );
end;
$$;
comment on function private.own_profile_json is
'The whole profile, for its owner. Null before it has been created.';

create function private.location_json(p_profile public.dog_profiles)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select case when p_profile.located_at is not null then jsonb_build_object(
        'latitude', p_profile.latitude,
        'longitude', p_profile.longitude,
        'updated_at', private.iso_utc(p_profile.located_at)
    ) end;
$$;

create function public.get_profile()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_profile constant jsonb := private.own_profile_json(private.caller_id());
begin
    if v_profile is null then
        raise exception 'profile_not_found' using errcode = 'WP001';
    end if;
    return v_profile;
end;
$$;
comment on function public.get_profile is
'The caller''s own profile. Security definer because users have no grant on profiles.';
grant execute on function public.get_profile to authenticated;

create function private.export_profile(p_user_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return private.user_json(p_user_id) || jsonb_build_object(
        'profile', private.own_profile_json(p_user_id) - array['photos', 'location'],
        'location', (
            select private.location_json(own)
            from public.dog_profiles as own
            where own.user_id = p_user_id
        ),
        'preferences', private.preferences_json(private.preferences_of(p_user_id))
    );
end;
$$;
comment on function private.export_profile is
'Names, profile, location and preferences. Photos have a part of their own.';

create function private.distances_of(p_viewer_id uuid, p_user_ids uuid[])
returns table (user_id uuid, distance jsonb)
language plpgsql
stable
set search_path = ''
as $$
declare
    v_unit constant text := (private.preferences_of(p_viewer_id)).distance_unit;
    v_metres_in_unit constant numeric := private.metres_in(v_unit);
begin
    return query
    select
        other.user_id,
        jsonb_build_object(
            'value', greatest(ceil(way.metres / v_metres_in_unit), 1)::integer,
            'unit', v_unit
        )
    from public.dog_profiles as own
    inner join public.dog_profiles as other on other.user_id = any(p_user_ids)
    cross join lateral (
        select private.metres_between(own.cell, other.cell) as metres
        offset 0
    ) as way
    where own.user_id = p_viewer_id and other.user_id <> p_viewer_id and way.metres is not null;
end;
$$;
comment on function private.distances_of is
'How far away users are, in the viewer''s unit, rounded up to a whole one: measured between cells.
Omits the viewer, and any pair of which a cell is unknown.';

create function private.cards_of(p_viewer_id uuid, p_user_ids uuid[])
returns table (user_id uuid, card jsonb)
language plpgsql
stable
set search_path = ''
as $$
begin
    return query
    select
        shown.user_id,
        jsonb_build_object(
            'user_id', shown.user_id,
            'display_name', shown.display_name,
            'age', shown.age,
            'bio', shown.bio,
            'activity_level', shown.activity_level,
            'prompts', shown.prompts,
            'photos', album.photos,
            'distance', way.distance,
            'reputation', reputation.totals,
            'playgrounds', favourite.playgrounds
        )
    from public.dog_profiles as shown
    inner join private.photos_of(p_user_ids) as album on shown.user_id = album.user_id
    inner join private.reputation_totals_of(p_user_ids) as reputation
        on shown.user_id = reputation.user_id
    inner join private.newest_favourites_of(p_user_ids) as favourite
        on shown.user_id = favourite.user_id
    left join private.distances_of(p_viewer_id, p_user_ids) as way on shown.user_id = way.user_id
    where shown.user_id = any(p_user_ids) and shown.created_at is not null;
end;
$$;
comment on function private.cards_of is
'Profiles as another user sees them, in any order. The caller checks visible_to first, and
passes each user once.';

create function public.get_card(p_user_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    if not private.may_see(v_caller, p_user_id) then
        raise exception 'not_found' using errcode = 'WP002';
    end if;
    return (
        select shown.card from private.cards_of(v_caller, array[p_user_id]) as shown
    );
end;
$$;
comment on function public.get_card is
'The profile of a user as the caller sees it.
Security definer because users have no grant on profiles.';
grant execute on function public.get_card to authenticated;

create function private.change_profile(p_user_id uuid, p_changes jsonb)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    v_before public.dog_profiles;
    v_after public.dog_profiles;
begin
    select stored.* into v_before
    from public.dog_profiles as stored
    where stored.user_id = p_user_id;
    v_after := jsonb_populate_record(v_before, p_changes);
    perform private.refuse_flaw('display_name', private.flaw_of_name(v_after.display_name));
    perform private.refuse_flaw('bio', private.flaw_of_words(nullif(v_after.bio, ''), true));
    perform private.refuse_flaw('prompts', (
        select min(private.flaw_of_words(words.value, true))
        from jsonb_array_elements(v_after.prompts) as prompt
        cross join lateral jsonb_each_text(prompt.value) as words
    ));
    if v_after is distinct from v_before or v_before.created_at is null then
        update public.dog_profiles as stored
        set
            display_name = v_after.display_name,
            age = v_after.age,
            bio = v_after.bio,
            activity_level = v_after.activity_level,
            prompts = v_after.prompts,
            visible = v_after.visible,
            created_at = coalesce(stored.created_at, now()),
            updated_at = now()
        where stored.user_id = p_user_id;
    end if;
    return v_before.created_at is null;
end;
$$;
comment on function private.change_profile is
'Changes what p_changes names, and returns whether that has created the profile. The calling
function has taken the user''s turn.';

create function public.put_profile(p_profile jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_created boolean;
begin
    perform private.check_length(pg_column_size(p_profile), 80000);
    perform private.take_turn_as(v_caller);
    insert into public.dog_profiles (user_id) values (v_caller) on conflict (user_id) do nothing;
    v_created := private.change_profile(v_caller, p_profile);
    return jsonb_build_object(
        'profile', private.own_profile_json(v_caller), 'created', v_created
    );
end;
$$;
comment on function public.put_profile is
'Creates or replaces the caller''s profile. Security definer because users write no table.';
grant execute on function public.put_profile to authenticated;

create function public.change_profile(p_changes jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(pg_column_size(p_changes), 80000);
    perform private.take_turn_as(v_caller);
    perform from public.dog_profiles as own
    where own.user_id = v_caller and own.created_at is not null;
    if not found then
        raise exception 'profile_not_found' using errcode = 'WP001';
    end if;
    perform private.change_profile(v_caller, p_changes);
    return private.own_profile_json(v_caller);
end;
$$;
comment on function public.change_profile is
'Changes fields of the caller''s profile. Security definer because users write no table.';
grant execute on function public.change_profile to authenticated;

create function public.put_location(p_latitude double precision, p_longitude double precision)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_profile public.dog_profiles;
begin
    perform private.refuse_flaw('latitude', case
        when p_latitude = 0 and p_longitude = 0
            then 'must not be 0 together with longitude 0, which stands for an unknown location'
    end);
    perform private.take_turn_as(v_caller);
    insert into public.dog_profiles as stored (user_id, latitude, longitude, located_at)
    values (v_caller, p_latitude, p_longitude, now())
    on conflict (user_id) do update
        set
            latitude = excluded.latitude,
            longitude = excluded.longitude,
            located_at = excluded.located_at
    returning stored.* into v_profile;
    return private.location_json(v_profile);
end;
$$;
comment on function public.put_location is
'Stores where the caller is, for discovery. Security definer because users write no table.';
grant execute on function public.put_location to authenticated;

create function public.delete_location()
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    update public.dog_profiles as stored
    set latitude = null, longitude = null, located_at = null
    where stored.user_id = v_caller and stored.located_at is not null;
end;
$$;
comment on function public.delete_location is
'Forgets where the caller is. Security definer because users write no table.';
grant execute on function public.delete_location to authenticated;

-- A transaction cannot delete an object of the bucket. It records the object here, and the sweep
-- of the next minute deletes it (docs/decisions/032-photos.md).

create table private.doomed_objects (
    -- S3's word. PostgreSQL does not reserve it.
    key text primary key, -- noqa: RF04
    in_bucket boolean not null default true,
    in_cdn boolean not null,
    doomed_at timestamptz not null default clock_timestamp(),
    constraint doomed_objects_key_is_ours check (key ~ '^(incoming|public)/[0-9a-z./]{1,100}$'),
    constraint doomed_objects_somewhere check (in_bucket or in_cdn)
);
comment on table private.doomed_objects is
'Objects that are to be deleted: from the bucket, and then from the CDN.';

create index doomed_objects_by_age on private.doomed_objects (in_bucket, doomed_at);

alter table private.doomed_objects enable row level security;

create function private.doom(p_keys text[], p_in_cdn boolean)
returns void
language sql
set search_path = ''
as $$
    insert into private.doomed_objects as known (key, in_cdn)
    select
        each.key,
        p_in_cdn
    from unnest(p_keys) as each (key)
    order by each.key
    on conflict (key) do update
        set
            in_bucket = true,
            in_cdn = known.in_cdn or excluded.in_cdn,
            doomed_at = excluded.doomed_at;
$$;

create function private.photo_objects(p_path text)
returns text[]
language sql
immutable
set search_path = ''
as $$
    select array[p_path || '/1080.webp', p_path || '/320.webp'];
$$;

create function public.list_doomed_objects(p_in_bucket boolean, p_limit integer)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'listed_at', clock_timestamp(), 'keys', coalesce(jsonb_agg(oldest.key), '[]'::jsonb)
    )
    from (
        select doomed.key
        from private.doomed_objects as doomed
        where doomed.in_bucket = p_in_bucket
        order by doomed.doomed_at
        limit p_limit
    ) as oldest;
$$;
comment on function public.list_doomed_objects is
'The objects that have waited longest for their deletion: from the bucket, or (not p_in_bucket) from
the CDN. Security definer because service_role has no grant on them.';
grant execute on function public.list_doomed_objects to service_role;

create function public.forget_doomed_objects(
    p_in_bucket boolean, p_keys text[], p_listed_at timestamptz
)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_forgotten integer;
begin
    -- A key that was recorded again has a new object.
    delete from private.doomed_objects as doomed
    where doomed.key = any(p_keys)
        and doomed.doomed_at <= p_listed_at
        and doomed.in_bucket = p_in_bucket
        and not (p_in_bucket and doomed.in_cdn);
    get diagnostics v_forgotten = row_count;
    update private.doomed_objects as doomed
    set in_bucket = false
    where p_in_bucket
        and doomed.key = any(p_keys)
        and doomed.doomed_at <= p_listed_at
        and doomed.in_cdn;
    return v_forgotten;
end;
$$;
comment on function public.forget_doomed_objects is
'Takes note that objects are deleted from the bucket, or (not p_in_bucket) from the CDN, and forgets
those that are in neither. Security definer because service_role has no grant on them.';
grant execute on function public.forget_doomed_objects to service_role;

create function private.new_upload_key()
returns text
language sql
volatile
set search_path = ''
as $$
    select 'incoming/' || replace(gen_random_uuid()::text, '-', '');
$$;

create table public.photos (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    sort_order integer not null,
    content_type text not null,
    size_bytes integer not null,
    upload_key text not null default private.new_upload_key(),
    status text not null default 'pending',
    rejection text,
    object_path text,
    width integer,
    height integer,
    placeholder text,
    lease uuid,
    lease_expires_at timestamptz,
    settled_at timestamptz,
    created_at timestamptz not null default now(),
    constraint photos_sort_order unique (user_id, sort_order) deferrable,
    constraint photos_upload_key unique (upload_key),
    constraint photos_content_type_known
    check (content_type in ('image/jpeg', 'image/png', 'image/webp')),
    constraint photos_size check (size_bytes between 1 and 10485760),
    constraint photos_status_known check (status in ('pending', 'ready', 'rejected')),
    constraint photos_rejection_known check (
        rejection in (
            'unsupported_type',
            'too_large',
            'too_many_pixels',
            'bad_dimensions',
            'unreadable',
            'moderation',
            'processing_failed'
        )
    ),
    constraint photos_rejected_for_a_reason check ((status = 'rejected') = (rejection is not null)),
    constraint photos_object_path_form check (object_path ~ '^public/[0-9a-f]{32}$'),
    constraint photos_width_range check (width between 1 and 1080),
    constraint photos_height_range check (height between 1 and 1080),
    constraint photos_placeholder_length check (char_length(placeholder) <= 100),
    constraint photos_ready_is_complete check (
        (status = 'ready') = (num_nonnulls(object_path, width, height, placeholder) = 4)
        and (status = 'ready' or num_nonnulls(object_path, width, height, placeholder) = 0)
    ),
    constraint photos_lease_has_an_end check ((lease is null) = (lease_expires_at is null))
);
comment on table public.photos is
'Photos of users, from the reservation of their upload on. A rejected one stays for a day.';
comment on column public.photos.object_path is
'The folder of its objects in the bucket, public/ and 32 random hexadecimal digits.';

create index photos_to_settle on public.photos (created_at)
where status <> 'ready';
create index photos_object_path on public.photos (object_path);

-- No policy and no grant: users and workers reach photos through functions.
alter table public.photos enable row level security;

create function private.doom_photo_objects()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    if tg_op = 'DELETE' then
        perform private.doom(array[old.upload_key], false) where old.status = 'pending';
        perform private.doom(private.photo_objects(old.object_path), true)
        where old.object_path is not null;
    elsif old.status = 'pending' and new.status <> 'pending' then
        perform private.doom(array[old.upload_key], false);
    end if;
    return null;
end;
$$;
comment on function private.doom_photo_objects is
'No object outlives its purpose: not the upload of a photo that was settled, and nothing of a photo
that was deleted, with its account or alone. Security definer because Supabase Auth deletes accounts
and has no rights here.';

create trigger doom_photo_objects
after update or delete on public.photos
for each row execute function private.doom_photo_objects();

-- Without a search_path, so that PostgreSQL inlines it: lists ask it of each photo.
create function private.photo_failed(p_photo public.photos)
returns boolean
language sql
stable
as $$
    select p_photo.status = 'pending' and coalesce(p_photo.lease_expires_at <= now(), false);
$$;
comment on function private.photo_failed is
'Whether the worker has not finished in its time, so that the photo is rejected.';

create function private.photo_over(p_photo public.photos)
returns boolean
language sql
stable
set search_path = ''
as $$
    select case p_photo.status
        when 'pending' then
            coalesce(
                p_photo.lease_expires_at <= now() - interval '1 day',
                p_photo.created_at <= now() - interval '1 hour'
            )
        when 'rejected' then p_photo.settled_at <= now() - interval '1 day'
        else false
    end;
$$;
comment on function private.photo_over is
'Whether the photo is to be deleted: a reservation after an hour without an upload, a rejected one
after a day.';

-- Inlined, as photo_failed.
create function private.photo_json(p_photo public.photos, p_position bigint, p_photos_url text)
returns jsonb
language sql
stable
as $$
    select jsonb_build_object(
        'id', p_photo.id,
        'status', case when private.photo_failed(p_photo) then 'rejected' else p_photo.status end,
        'position', p_position,
        'url', p_photos_url || '/' || p_photo.object_path || '/1080.webp',
        'thumbnail_url', p_photos_url || '/' || p_photo.object_path || '/320.webp',
        'width', p_photo.width,
        'height', p_photo.height,
        'placeholder', p_photo.placeholder,
        'rejection', case
            when private.photo_failed(p_photo) then 'processing_failed' else p_photo.rejection
        end,
        'created_at', private.iso_utc(p_photo.created_at)
    );
$$;

create function private.photos_url()
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
    return (select settings.photos_url from private.app_settings as settings);
end;
$$;

create function private.photos_of(p_user_ids uuid[])
returns table (user_id uuid, photos jsonb)
language plpgsql
stable
set search_path = ''
as $$
declare
    v_url constant text := private.photos_url();
begin
    return query
    select
        asked.user_id,
        coalesce(
            (
                select jsonb_agg(
                    private.photo_json(shown.photo, shown.place - 1, v_url) order by shown.place
                )
                from (
                    select
                        photo,
                        row_number() over (order by photo.sort_order) as place
                    from public.photos as photo
                    where photo.user_id = asked.user_id and photo.status = 'ready'
                ) as shown
            ),
            '[]'::jsonb
        )
    from unnest(p_user_ids) as asked (user_id);
end;
$$;
comment on function private.photos_of is
'Users'' photos as others see them: those that are ready, in order.';

create function private.photos_json(p_user_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return (select found.photos from private.photos_of(array[p_user_id]) as found);
end;
$$;

create function private.own_photos_json(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            private.photo_json(shown.photo, shown.place - 1, private.photos_url())
            order by shown.place
        ),
        '[]'::jsonb
    )
    from (
        select
            photo,
            row_number() over (order by photo.sort_order) as place
        from public.photos as photo
        where photo.user_id = p_user_id and not private.photo_over(photo)
    ) as shown;
$$;
comment on function private.own_photos_json is
'A user''s photos as the user sees them, with those that are pending or rejected, in order.';

create function private.ready_photos_of(p_user_ids uuid[])
returns table (user_id uuid, ready integer)
language plpgsql
stable
set search_path = ''
as $$
begin
    return query
    select
        asked.user_id,
        (
            select count(*)::integer
            from public.photos as photo
            where photo.user_id = asked.user_id and photo.status = 'ready'
        )
    from unnest(p_user_ids) as asked (user_id);
end;
$$;

create function private.ready_photos(p_user_id uuid)
returns integer
language plpgsql
stable
set search_path = ''
as $$
begin
    return (select counted.ready from private.ready_photos_of(array[p_user_id]) as counted);
end;
$$;

create function private.export_photos(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            private.photo_json(mine.photo, mine.place - 1, private.photos_url())
            || jsonb_build_object(
                'content_type', (mine.photo).content_type, 'size_bytes', (mine.photo).size_bytes
            )
            order by mine.place
        ),
        '[]'::jsonb
    )
    from (
        select
            photo,
            row_number() over (order by photo.sort_order) as place
        from public.photos as photo
        where photo.user_id = p_user_id
    ) as mine;
$$;
comment on function private.export_photos is
'The photos in the export of an account.';

-- Steps of the worker. A photo is worked on once, under a lease; a worker that dies leaves a photo
-- that counts as failed when its lease ends (private.photo_failed).

create function public.claim_photo(p_key text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_photo public.photos;
begin
    update public.photos as claimed
    set
        lease = gen_random_uuid(),
        lease_expires_at = clock_timestamp() + make_interval(secs => settings.photo_seconds)
    from private.app_settings as settings
    where claimed.upload_key = p_key
        and claimed.status = 'pending'
        and claimed.lease is null
        and claimed.created_at > clock_timestamp() - interval '1 hour'
    returning claimed.* into v_photo;
    if found then
        return jsonb_build_object(
            'id', v_photo.id,
            'lease', v_photo.lease,
            'lease_expires_at', private.iso_utc(v_photo.lease_expires_at),
            'content_type', v_photo.content_type,
            'size_bytes', v_photo.size_bytes
        );
    end if;
    perform private.doom(array[p_key], false)
    where p_key ~ '^incoming/[0-9a-f]{32}$'
        and not exists (
            select from public.photos as busy
            where busy.upload_key = p_key
                and busy.status = 'pending'
                and busy.lease_expires_at > clock_timestamp()
        );
    return null;
end;
$$;
comment on function public.claim_photo is
'Leases the reservation of an upload key to a worker. Null if there is nothing to do: the key is
unknown, its photo is settled or deleted, or another worker has it. The sweep then deletes the object,
unless another worker is reading it; this one deletes nothing.
Security definer because service_role has no grant on photos.';
grant execute on function public.claim_photo to service_role;

create function public.finish_photo(
    p_id uuid,
    p_lease uuid,
    p_path text,
    p_width integer,
    p_height integer,
    p_placeholder text
)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
    -- The profile first, as the deletion of the account does: a ready photo may change it.
    perform
    from public.dog_profiles as profile
    where profile.user_id = (select photo.user_id from public.photos as photo where photo.id = p_id)
    for no key update;
    update public.photos as finished
    set
        status = 'ready',
        object_path = p_path,
        width = p_width,
        height = p_height,
        placeholder = p_placeholder,
        settled_at = clock_timestamp()
    where finished.id = p_id
        and finished.lease = p_lease
        and finished.status = 'pending'
        and finished.lease_expires_at > clock_timestamp();
    if found then
        return true;
    end if;
    -- A repeated call, of which the first answer was lost.
    perform from public.photos as finished
    where finished.id = p_id and finished.lease = p_lease and finished.object_path = p_path;
    if found then
        return true;
    end if;
    perform private.doom(private.photo_objects(p_path), false);
    return false;
end;
$$;
comment on function public.finish_photo is
'Publishes a photo whose objects are stored at p_path. False if it was deleted or its lease has
ended: then the objects are deleted by the sweep.
Security definer because service_role has no grant on photos.';
grant execute on function public.finish_photo to service_role;

create function public.reject_photo(p_id uuid, p_lease uuid, p_rejection text)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
    update public.photos as rejected
    set status = 'rejected', rejection = p_rejection, settled_at = clock_timestamp()
    where rejected.id = p_id
        and rejected.lease = p_lease
        and rejected.status = 'pending'
        and rejected.lease_expires_at > clock_timestamp();
    if found then
        return true;
    end if;
    perform from public.photos as rejected
    where rejected.id = p_id and rejected.lease = p_lease and rejected.rejection = p_rejection;
    return found;
end;
$$;
comment on function public.reject_photo is
'Rejects a photo for one of the reasons of photos_rejection_known. False if it was deleted or its
lease has ended. Security definer because service_role has no grant on photos.';
grant execute on function public.reject_photo to service_role;

create function private.count_photo(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_count constant integer := private.count_step(p_user_id, 'reserve_photo');
begin
    perform from private.app_settings as settings where v_count > settings.max_daily_photos;
    if found then
        raise exception 'daily_photo_limit' using
            errcode = 'WF005', detail = private.seconds_until_tomorrow();
    end if;
end;
$$;
comment on function private.count_photo is
'Each photo costs a form, a run of the worker and an invalidation of the CDN.';

create function public.reserve_photo(
    p_content_type text,
    p_size_bytes integer,
    p_idempotency_key text default null,
    p_request_hash text default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_photo public.photos;
    v_answer jsonb;
    v_present integer;
    v_last integer;
    v_shown integer;
begin
    perform private.check_length(char_length(p_content_type), 20);
    perform private.check_idempotency_key(p_idempotency_key, p_request_hash);
    -- Additions, deletions and new orders of one user take turns.
    perform private.take_turn_as(v_caller);
    v_answer := private.replayed_response(v_caller, p_idempotency_key, p_request_hash);
    if v_answer is not null then
        return v_answer || '{"replayed": true}';
    end if;
    perform private.settle_photos(v_caller);
    select
        count(*) filter (where mine.status <> 'rejected')::integer,
        coalesce(max(mine.sort_order), 0),
        count(*)::integer
    into v_present, v_last, v_shown
    from public.photos as mine
    where mine.user_id = v_caller;
    if v_present >= 6 then
        raise exception 'too_many_photos' using errcode = 'WF002';
    end if;
    perform private.count_photo(v_caller);
    insert into public.photos as reserved (user_id, sort_order, content_type, size_bytes)
    values (v_caller, v_last + 1, p_content_type, p_size_bytes)
    returning reserved.* into v_photo;
    v_answer := jsonb_build_object(
        'photo', private.photo_json(v_photo, v_shown, private.photos_url()),
        'upload_key', v_photo.upload_key
    );
    perform private.remember_response(v_caller, p_idempotency_key, p_request_hash, v_answer);
    return v_answer || '{"replayed": false}';
end;
$$;
comment on function public.reserve_photo is
'Reserves a photo and the key of its upload, which the API signs. Security definer because users
write no table.';
grant execute on function public.reserve_photo to authenticated;

create function public.list_photos()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select private.own_photos_json(private.caller_id());
$$;
comment on function public.list_photos is
'The caller''s photos in order. Security definer because users have no grant on photos.';
grant execute on function public.list_photos to authenticated;

create function public.get_photo(p_photo_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_photo jsonb;
begin
    select shown.photo into v_photo
    from jsonb_array_elements(private.own_photos_json(v_caller)) as shown (photo)
    where (shown.photo ->> 'id')::uuid = p_photo_id;
    if not found then
        raise exception 'not_found' using errcode = 'WF001';
    end if;
    return v_photo;
end;
$$;
comment on function public.get_photo is
'One photo of the caller. Security definer because users have no grant on photos.';
grant execute on function public.get_photo to authenticated;

create function public.order_photos(p_photo_ids uuid[])
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_present uuid[];
begin
    perform private.check_length(cardinality(p_photo_ids), 200);
    perform private.take_turn_as(v_caller);
    perform private.settle_photos(v_caller);
    select coalesce(array_agg(mine.id order by mine.id), '{}') into v_present
    from public.photos as mine
    where mine.user_id = v_caller;
    if v_present is distinct from (
        select coalesce(array_agg(given.id order by given.id), '{}')
        from unnest(p_photo_ids) as given (id)
    ) then
        raise exception 'photos_changed' using errcode = 'WF003';
    end if;
    update public.photos as moved
    set sort_order = given.place
    from unnest(p_photo_ids) with ordinality as given (id, place)
    where moved.id = given.id and moved.user_id = v_caller;
    return private.own_photos_json(v_caller);
end;
$$;
comment on function public.order_photos is
'Puts the caller''s photos into this order; the ids must be exactly those that there are.
Security definer because users write no table.';
grant execute on function public.order_photos to authenticated;

create function public.delete_photo(p_photo_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_photo public.photos;
begin
    perform private.take_turn_as(v_caller);
    perform private.settle_photos(v_caller);
    select mine.* into v_photo
    from public.photos as mine
    where mine.id = p_photo_id and mine.user_id = v_caller
    for update;
    if not found then
        raise exception 'not_found' using errcode = 'WF001';
    end if;
    if v_photo.status = 'ready'
        and private.ready_photos(v_caller) <= 2
        and private.is_visible(v_caller) then
        raise exception 'too_few_photos' using errcode = 'WF004';
    end if;
    delete from public.photos as mine where mine.id = p_photo_id;
end;
$$;
comment on function public.delete_photo is
'Deletes a photo of the caller; a visible profile keeps two that are ready.
Security definer because users write no table.';
grant execute on function public.delete_photo to authenticated;

create function private.settle_photos(p_user_id uuid)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_failed integer;
    v_deleted integer;
begin
    -- Each waits for a worker that is finishing, and then sees what it has done.
    update public.photos as photo
    set status = 'rejected', rejection = 'processing_failed', settled_at = photo.lease_expires_at
    where photo.user_id = p_user_id and private.photo_failed(photo);
    get diagnostics v_failed = row_count;
    delete from public.photos as photo
    where photo.user_id = p_user_id and private.photo_over(photo);
    get diagnostics v_deleted = row_count;
    return v_failed + v_deleted;
end;
$$;
comment on function private.settle_photos is
'Writes down what time has decided about a user''s photos, so that statuses can be counted.';

create function public.settle_photos(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_user_id uuid;
    v_settled integer := 0;
begin
    for v_user_id in
        select distinct late.user_id
        from (
            select photo.user_id
            from public.photos as photo
            where photo.status <> 'ready'
                and (private.photo_failed(photo) or private.photo_over(photo))
            order by photo.created_at
            limit p_limit
        ) as late
        order by late.user_id
    loop
        v_settled := v_settled + private.settle_photos(v_user_id);
    end loop;
    return v_settled;
end;
$$;
comment on function public.settle_photos is
'Settles photos whose users have not asked since: up to p_limit of them, and the others of their
users. Security definer because service_role has no grant on photos.';
grant execute on function public.settle_photos to service_role;

create table private.photo_walk (
    only_row boolean primary key default true,
    after_key text not null default '',
    constraint photo_walk_one_row check (only_row)
);
comment on table private.photo_walk is
'How far the hourly walk through the bucket has come.';

alter table private.photo_walk enable row level security;

insert into private.photo_walk (only_row) values (true);

create function public.get_photo_walk()
returns text
language sql
stable
security definer
set search_path = ''
as $$
    select walk.after_key from private.photo_walk as walk;
$$;
comment on function public.get_photo_walk is
'The key after which the walk goes on.
Security definer because service_role has no grant on it.';
grant execute on function public.get_photo_walk to service_role;

create function public.unknown_photo_objects(p_keys text[])
returns text[]
language sql
stable
security definer
set search_path = ''
as $$
    select coalesce(array_agg(each.key), '{}')
    from unnest(p_keys) as each (key)
    where not exists (
        select from public.photos as photo
        where photo.upload_key = each.key and photo.status = 'pending'
    )
    and not exists (
        select from public.photos as photo
        where photo.object_path
            = substring(each.key from '^(public/[0-9a-f]{32})/(?:1080|320)\.webp$')
    );
$$;
comment on function public.unknown_photo_objects is
'Those of the keys that no photo needs. Security definer because service_role has no grant on
photos.';
grant execute on function public.unknown_photo_objects to service_role;

create function public.save_photo_walk(p_after_key text)
returns void
language sql
security definer
set search_path = ''
as $$
    update private.photo_walk set after_key = p_after_key where only_row;
$$;
comment on function public.save_photo_walk is
'Remembers how far the walk has come. Security definer because service_role has no grant on it.';
grant execute on function public.save_photo_walk to service_role;

create function public.set_photos_url(p_url text)
returns void
language sql
security definer
set search_path = ''
as $$
    update private.app_settings set photos_url = p_url where only_row;
$$;
comment on function public.set_photos_url is
'Says where photos are served: each deployment calls it.
Security definer because service_role has no grant on the settings.';
grant execute on function public.set_photos_url to service_role;

create function public.get_photos_url()
returns text
language sql
stable
security definer
set search_path = ''
as $$
    select settings.photos_url from private.app_settings as settings;
$$;
comment on function public.get_photos_url is
'Where photos are served: for the doctor.
Security definer because service_role has no grant on the settings.';
grant execute on function public.get_photos_url to service_role;

-- Places for dogs that users add and all users find: docs/decisions/035-playgrounds.md.

create function private.searchable(p_text text)
returns text
language sql
immutable
set search_path = ''
as $$
    select left(
        btrim(regexp_replace(
            regexp_replace(normalize(lower(p_text), nfkd), '[\u0300-\u036f]', '', 'g'),
            '\s+', ' ', 'g'
        )),
        200
    );
$$;
comment on function private.searchable is
'A name as the search compares it: small letters without accents, single spaces.';

create function private.symbols_in(p_text text)
returns text[]
language sql
immutable
set search_path = ''
as $$
    -- Without the joiners and variation selectors of emoji, which keyboards send or leave out.
    select array_agg(distinct found.symbol[1])
    from regexp_matches(p_text, '[^[:alnum:][:space:]\u200d\ufe0f]', 'g') as found (symbol);
$$;
comment on function private.symbols_in is
'Emoji and punctuation, which have no trigrams. Null if there are none.';

create table public.playgrounds (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid references public.user_profiles (id) on delete set null,
    name text not null, -- noqa: RF04
    description text not null default '',
    latitude double precision not null,
    longitude double precision not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    place extensions.geography (point, 4326) not null generated always as (
        extensions.st_setsrid(extensions.st_makepoint(longitude, latitude), 4326)
        ::extensions.geography
    ) stored,
    search_name text collate "C" not null generated always as (private.searchable(name)) stored,
    symbols text[] generated always as (
        private.symbols_in(private.searchable(name))
    ) stored,
    constraint playgrounds_name_length check (char_length(name) between 1 and 200),
    constraint playgrounds_description_length check (char_length(description) <= 1000),
    -- NaN is greater than every number, so these refuse it.
    constraint playgrounds_latitude_in_range check (latitude between -90 and 90),
    constraint playgrounds_longitude_in_range check (longitude between -180 and 180),
    constraint playgrounds_place_known check (latitude <> 0 or longitude <> 0)
);
comment on table public.playgrounds is
'Public places: their exact coordinates are for everyone, their owners for themselves alone.';

create index playgrounds_by_place on public.playgrounds using gist (place);
create index playgrounds_by_name on public.playgrounds (search_name, id);
-- Each search would read the list of pending entries, and few are written.
create index playgrounds_by_trigrams
on public.playgrounds using gin (search_name extensions.gin_trgm_ops) with (fastupdate = off);
create index playgrounds_by_symbols
on public.playgrounds using gin (symbols) with (fastupdate = off);
create index playgrounds_by_owner on public.playgrounds (owner_id);

-- No policy: users read and change playgrounds through functions.
alter table public.playgrounds enable row level security;

create table public.playground_favourites (
    user_id uuid references public.user_profiles (id) on delete cascade,
    playground_id uuid references public.playgrounds (id) on delete cascade,
    created_at timestamptz not null default clock_timestamp(),
    primary key (user_id, playground_id)
);
comment on table public.playground_favourites is
'The playgrounds that a user goes to; whoever sees the user''s card sees ten of them.';

create index playground_favourites_by_playground
on public.playground_favourites (playground_id);

alter table public.playground_favourites enable row level security;

create function private.leave_playgrounds()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    delete from public.playgrounds as mine
    where mine.owner_id = old.id and not exists (
        select
        from public.playground_favourites as theirs
        where theirs.playground_id = mine.id and theirs.user_id <> old.id
    );
    update public.playgrounds as left_behind
    set owner_id = null, description = ''
    where left_behind.owner_id = old.id;
    return old;
end;
$$;
comment on function private.leave_playgrounds is
'A playground outlives its owner''s account only for users who go there, without the owner and the
owner''s description. Security definer because Supabase Auth deletes accounts and has no rights here.';

create trigger leave_playgrounds
before delete on public.user_profiles
for each row execute function private.leave_playgrounds();

create function private.playground_json(
    p_playground public.playgrounds,
    p_viewer_id uuid,
    p_metres double precision default null,
    p_unit text default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'id', p_playground.id,
        'name', p_playground.name,
        'latitude', p_playground.latitude,
        'longitude', p_playground.longitude,
        'description', p_playground.description,
        'mine', coalesce(p_playground.owner_id = p_viewer_id, false),
        'favourite', exists (
            select
            from public.playground_favourites as favourite
            where favourite.user_id = p_viewer_id and favourite.playground_id = p_playground.id
        ),
        'distance', case when p_metres is not null then jsonb_build_object(
            'value', round((p_metres / private.metres_in(p_unit))::numeric, 1), 'unit', p_unit
        ) end,
        'created_at', private.iso_utc(p_playground.created_at)
    );
end;
$$;

create function private.newest_favourites_of(p_user_ids uuid[])
returns table (user_id uuid, playgrounds jsonb)
language plpgsql
stable
set search_path = ''
as $$
begin
    return query
    select
        asked.user_id,
        (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object('id', place.id, 'name', place.name)
                    order by newest.created_at desc, place.id
                ),
                '[]'::jsonb
            )
            from (
                select
                    favourite.playground_id,
                    favourite.created_at
                from public.playground_favourites as favourite
                where favourite.user_id = asked.user_id
                order by favourite.created_at desc, favourite.playground_id
                limit 10
            ) as newest
            inner join public.playgrounds as place on newest.playground_id = place.id
        )
    from unnest(p_user_ids) as asked (user_id);
end;
$$;
comment on function private.newest_favourites_of is
'The ten newest favourites of each user, for the card.';

create function private.export_playgrounds(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'added', (
            select coalesce(
                jsonb_agg(
                    private.playground_json(mine.*::public.playgrounds, p_user_id)
                    order by mine.created_at, mine.id
                ),
                '[]'::jsonb
            )
            from public.playgrounds as mine
            where mine.owner_id = p_user_id
        ),
        'favourites', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'id', place.id,
                        'name', place.name,
                        'since', private.iso_utc(favourite.created_at)
                    )
                    order by favourite.created_at, place.id
                ),
                '[]'::jsonb
            )
            from public.playground_favourites as favourite
            inner join public.playgrounds as place on favourite.playground_id = place.id
            where favourite.user_id = p_user_id
        )
    );
$$;
comment on function private.export_playgrounds is
'The playgrounds in the export of an account: those that the user has added, and the favourites.';

-- Each search returns a page of ids in its order, with their positions, from which the next page
-- continues. Their plans depend on the words and the place, so they are never generic; and the
-- planner misjudges both, so it may not read the whole table.

create function private.playgrounds_like(p_words text, p_most integer)
returns setof uuid
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set enable_seqscan = off
-- The index of names would be read from end to end; those of trigrams and symbols make bitmaps.
set enable_indexscan = off
set enable_indexonlyscan = off
as $$
begin
    if extensions.show_trgm(p_words) = '{}' then
        return query
        select place.id
        from public.playgrounds as place
        where place.symbols @> private.symbols_in(p_words)
        limit p_most;
        return;
    end if;
    return query
    select place.id
    from public.playgrounds as place
    where p_words operator (extensions.<%) place.search_name
        or place.search_name operator (extensions.%) p_words
    limit p_most;
end;
$$;
comment on function private.playgrounds_like is
'Playgrounds whose names resemble the words, or have the symbols if the words are nothing else.';

create function private.playgrounds_near(
    p_caller uuid,
    p_place extensions.geography,
    p_metres double precision,
    p_words text,
    p_favourite boolean,
    p_limit integer,
    p_after_rank double precision,
    p_after_id uuid
)
returns table (id uuid, rank double precision, name text)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set enable_seqscan = off
as $$
declare
    v_symbols constant text[] := (
        select private.symbols_in(p_words) where extensions.show_trgm(p_words) = '{}'
    );
    -- The only playgrounds to look at, if they are few.
    v_ids uuid[];
    v_from double precision := p_after_rank;
    v_from_id uuid := p_after_id;
    v_to double precision;
    v_step double precision := 250::double precision;
    v_rows integer;
    v_left integer := p_limit;
begin
    if p_favourite then
        v_ids := private.favourites_of(p_caller);
    elsif p_words is not null then
        v_ids := private.few_named(p_words);
    end if;
    if v_ids is not null then
        v_step := p_metres;
    end if;
    -- Ring by ring. In the order of the index it would be one statement; but on the equator and on
    -- meridians PostGIS 3.3 fails for places that are millimetres away ("index returned tuples in
    -- wrong order").
    loop
        v_to := least(greatest(v_from, 0) + v_step, p_metres);
        return query
        select
            near.id,
            near.metres,
            ''
        from (
            select
                place.id,
                place.search_name,
                place.symbols,
                extensions.st_distance(place.place, p_place, false) as metres
            from public.playgrounds as place
            where (v_ids is null or place.id = any(v_ids))
                and (
                    v_ids is not null
                    or extensions.st_dwithin(place.place, p_place, v_to, false)
                )
            -- A fence: a ring is read by its place, never by the words.
            offset 0
        ) as near
        where near.metres <= v_to
            and (near.metres, near.id) > (v_from, v_from_id)
            and (
                p_words is null
                or starts_with(near.search_name, p_words)
                or p_words operator (extensions.<%) near.search_name
                or near.search_name operator (extensions.%) p_words
                or near.symbols @> v_symbols
            )
        order by near.metres, near.id
        limit v_left;
        get diagnostics v_rows = row_count;
        v_left := v_left - v_rows;
        exit when v_left <= 0 or v_to >= p_metres;
        v_from := v_to;
        v_from_id := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
        v_step := v_step * 2;
    end loop;
end;
$$;
comment on function private.playgrounds_near is
'Playgrounds within p_metres, the nearest first.';

create function private.favourites_of(p_user_id uuid)
returns uuid[]
language sql
stable
set search_path = ''
as $$
    select array(
        select favourite.playground_id
        from public.playground_favourites as favourite
        where favourite.user_id = p_user_id
    );
$$;

create function private.few_named(p_words text)
returns uuid[]
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set enable_seqscan = off
as $$
declare
    v_like constant uuid[] := array(select private.playgrounds_like(p_words, 2001));
    v_beginning constant uuid[] := array(
        select place.id
        from public.playgrounds as place
        where place.search_name >= p_words and place.search_name < p_words || chr(1114111)
        limit 2001
    );
begin
    if greatest(cardinality(v_like), cardinality(v_beginning)) > 2000 then
        return null;
    end if;
    return v_like || v_beginning;
end;
$$;
comment on function private.few_named is
'Playgrounds whose names begin with the words or resemble them. Null if these are thousands.';

create function private.playgrounds_named(
    p_caller uuid,
    p_words text,
    p_favourite boolean,
    p_limit integer,
    p_after_rank double precision,
    p_after_name text,
    p_after_id uuid
)
returns table (id uuid, rank double precision, name text)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set enable_seqscan = off
as $$
declare
    v_none constant uuid := '00000000-0000-0000-0000-000000000000'::uuid;
    v_after_name constant text := greatest(p_words, p_after_name collate "C");
    v_ids uuid[];
    v_found integer := 0;
begin
    if p_favourite then
        v_ids := private.favourites_of(p_caller);
    end if;
    if p_after_rank < 0 then
        return query
        select
            beginning.id,
            -1::double precision,
            beginning.search_name
        from public.playgrounds as beginning
        where (beginning.search_name, beginning.id) > (
            v_after_name, case when v_after_name = p_after_name then p_after_id else v_none end
        )
        and beginning.search_name < p_words || chr(1114111)
        and (v_ids is null or beginning.id = any(v_ids))
        order by beginning.search_name, beginning.id
        limit p_limit;
        get diagnostics v_found = row_count;
    end if;
    if v_found = p_limit then
        return;
    end if;
    -- A word such as "park" is in most names, and to rank all of them would take seconds.
    v_ids := coalesce(v_ids, array(select private.playgrounds_like(p_words, 2000)));
    return query
    select
        ranked.id,
        ranked.distance,
        ''
    from (
        select
            place.id,
            (1 - greatest(
                extensions.word_similarity(p_words, place.search_name),
                extensions.similarity(p_words, place.search_name)
            ))::double precision as distance
        from public.playgrounds as place
        where place.id = any(v_ids)
            and not starts_with(place.search_name, p_words)
            and (
                not p_favourite
                or p_words operator (extensions.<%) place.search_name
                or place.search_name operator (extensions.%) p_words
                or place.symbols @> private.symbols_in(p_words)
            )
    ) as ranked
    where (ranked.distance, ranked.id) > (
        greatest(p_after_rank, -1), case when p_after_rank < 0 then v_none else p_after_id end
    )
    order by ranked.distance, ranked.id
    limit p_limit - v_found;
end;
$$;
comment on function private.playgrounds_named is
'Playgrounds whose names begin with the words, in alphabetical order, so an exact one comes first;
then those that resemble them, the most similar first, of which it knows 2000.';

create function private.favourite_playgrounds(
    p_caller uuid, p_limit integer, p_after_rank double precision, p_after_id uuid
)
returns table (id uuid, rank double precision, name text)
language sql
stable
set search_path = ''
as $$
    select
        dated.playground_id,
        dated.age,
        ''
    from (
        select
            favourite.playground_id,
            -extract(epoch from favourite.created_at)::double precision as age
        from public.playground_favourites as favourite
        where favourite.user_id = p_caller
    ) as dated
    where (dated.age, dated.playground_id) > (p_after_rank, p_after_id)
    order by dated.age, dated.playground_id
    limit p_limit;
$$;
comment on function private.favourite_playgrounds is
'The favourites of a user, the newest first.';

create function private.playground_positions(
    p_caller uuid,
    p_words text,
    p_place extensions.geography,
    p_metres double precision,
    p_favourite boolean,
    p_limit integer,
    p_after_rank double precision,
    p_after_name text,
    p_after_id uuid
)
returns table (id uuid, rank double precision, name text)
language plpgsql
stable
set search_path = ''
as $$
begin
    if p_place is not null then
        return query select found.* from private.playgrounds_near(
            p_caller, p_place, p_metres, p_words, p_favourite, p_limit, p_after_rank, p_after_id
        ) as found;
    elsif p_words is not null then
        return query select found.* from private.playgrounds_named(
            p_caller, p_words, p_favourite, p_limit, p_after_rank, p_after_name, p_after_id
        ) as found;
    elsif p_favourite then
        return query select found.* from private.favourite_playgrounds(
            p_caller, p_limit, p_after_rank, p_after_id
        ) as found;
    end if;
end;
$$;

create function public.list_playgrounds(
    p_query text default null,
    p_latitude double precision default null,
    p_longitude double precision default null,
    p_radius double precision default null,
    p_unit text default null,
    p_favourite boolean default false,
    p_limit integer default 20,
    p_after_rank double precision default null,
    p_after_name text default null,
    p_after_id uuid default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_unit text := p_unit;
    v_metres double precision;
    v_place extensions.geography;
    v_words text;
begin
    perform private.check_length(char_length(p_query), 200);
    perform private.check_length(char_length(p_unit), 20);
    perform private.check_length(char_length(p_after_name), 200);
    v_words := private.searchable(p_query);
    if v_words = '' then
        return '[]'::jsonb;
    end if;
    if p_latitude between -90 and 90 and p_longitude between -180 and 180 then
        v_unit := coalesce(v_unit, (private.preferences_of(v_caller)).distance_unit);
        v_metres := coalesce(p_radius, 10) * private.metres_in(v_unit);
        perform private.refuse_flaw('radius', case
            when v_metres > 100000 then 'must be at most 100 kilometers, or 62.13 miles'
        end);
        v_place := extensions.st_setsrid(extensions.st_makepoint(p_longitude, p_latitude), 4326)
            ::extensions.geography;
    end if;
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'playground', private.playground_json(
                        place.*::public.playgrounds,
                        v_caller,
                        case when v_place is not null then found.rank end,
                        v_unit
                    ),
                    'position', jsonb_build_array(found.rank, found.name, found.id)
                )
                order by found.rank, found.name collate "C", found.id
            ),
            '[]'::jsonb
        )
        from private.playground_positions(
            v_caller,
            v_words,
            v_place,
            v_metres,
            coalesce(p_favourite, false),
            least(greatest(p_limit, 1), 101),
            coalesce(p_after_rank, '-infinity'),
            coalesce(p_after_name, ''),
            coalesce(p_after_id, '00000000-0000-0000-0000-000000000000')
        ) as found
        inner join public.playgrounds as place on found.id = place.id
    );
end;
$$;
comment on function public.list_playgrounds is
'Playgrounds near a place, or with a name like p_query, or among the caller''s favourites, or all of
these. At most 101: a page of 100, and one more that shows whether another page follows.
Security definer because users have no grant on playgrounds.';
grant execute on function public.list_playgrounds to authenticated;

create function private.check_playground(p_playground public.playgrounds)
returns void
language sql
immutable
set search_path = ''
as $$
    select
        private.refuse_flaw('name', private.flaw_of_words(p_playground.name)),
        private.refuse_flaw(
            'description', private.flaw_of_words(nullif(p_playground.description, ''), true)
        ),
        private.refuse_flaw('latitude', case
            when p_playground.latitude = 0 and p_playground.longitude = 0
                then 'must not be 0 together with longitude 0, which stands for an unknown location'
        end);
$$;

create function private.count_playground(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_count constant integer := private.count_step(p_user_id, 'create_playground');
begin
    perform from private.app_settings as settings where v_count > settings.max_daily_playgrounds;
    if found then
        raise exception 'daily_playground_limit' using
            errcode = 'WY003', detail = private.seconds_until_tomorrow();
    end if;
end;
$$;

create function private.playground_for(p_playground_id uuid)
returns public.playgrounds
language plpgsql
stable
set search_path = ''
as $$
declare
    v_playground public.playgrounds;
begin
    select stored.* into v_playground
    from public.playgrounds as stored
    where stored.id = p_playground_id;
    if not found then
        raise exception 'not_found' using errcode = 'WY001';
    end if;
    return v_playground;
end;
$$;

create function private.own_playground(p_playground_id uuid, p_user_id uuid)
returns public.playgrounds
language plpgsql
set search_path = ''
as $$
declare
    v_playground public.playgrounds;
begin
    select stored.* into v_playground
    from public.playgrounds as stored
    where stored.id = p_playground_id
    for no key update;
    if not found then
        raise exception 'not_found' using errcode = 'WY001';
    end if;
    if v_playground.owner_id is distinct from p_user_id then
        raise exception 'not_owner' using errcode = 'WY002';
    end if;
    return v_playground;
end;
$$;
comment on function private.own_playground is
'Locks a playground that is the user''s own.';

create function public.create_playground(
    p_name text,
    p_latitude double precision,
    p_longitude double precision,
    p_description text default '',
    p_idempotency_key text default null,
    p_request_hash text default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_playground public.playgrounds;
    v_answer jsonb;
begin
    perform private.check_length(char_length(p_name), 200);
    perform private.check_length(char_length(p_description), 1000);
    perform private.check_idempotency_key(p_idempotency_key, p_request_hash);
    perform private.take_turn_as(v_caller);
    v_answer := private.replayed_response(v_caller, p_idempotency_key, p_request_hash);
    if v_answer is not null then
        return v_answer || '{"replayed": true}';
    end if;
    v_playground.name := p_name;
    v_playground.description := coalesce(p_description, '');
    v_playground.latitude := p_latitude;
    v_playground.longitude := p_longitude;
    perform private.check_playground(v_playground);
    perform private.count_playground(v_caller);
    insert into public.playgrounds as added (owner_id, name, description, latitude, longitude)
    values (
        v_caller,
        v_playground.name,
        v_playground.description,
        v_playground.latitude,
        v_playground.longitude
    )
    returning added.* into v_playground;
    v_answer := jsonb_build_object('playground', private.playground_json(v_playground, v_caller));
    perform private.remember_response(v_caller, p_idempotency_key, p_request_hash, v_answer);
    return v_answer || '{"replayed": false}';
end;
$$;
comment on function public.create_playground is
'Adds a playground. Security definer because users write no table.';
grant execute on function public.create_playground to authenticated;

create function public.get_playground(p_playground_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    return private.playground_json(private.playground_for(p_playground_id), v_caller);
end;
$$;
comment on function public.get_playground is
'One playground. Security definer because users have no grant on playgrounds.';
grant execute on function public.get_playground to authenticated;

create function public.change_playground(p_playground_id uuid, p_changes jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_playground public.playgrounds;
begin
    perform private.check_length(pg_column_size(p_changes), 6000);
    v_playground := jsonb_populate_record(
        private.own_playground(p_playground_id, v_caller), p_changes
    );
    perform private.check_playground(v_playground);
    update public.playgrounds as changed
    set
        name = v_playground.name,
        description = v_playground.description,
        latitude = v_playground.latitude,
        longitude = v_playground.longitude,
        updated_at = now()
    where changed.id = p_playground_id
    returning changed.* into v_playground;
    return private.playground_json(v_playground, v_caller);
end;
$$;
comment on function public.change_playground is
'Changes what p_changes names of the caller''s playground.
Security definer because users write no table.';
grant execute on function public.change_playground to authenticated;

create function public.delete_playground(p_playground_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.own_playground(p_playground_id, v_caller);
    delete from public.playgrounds as mine where mine.id = p_playground_id;
end;
$$;
comment on function public.delete_playground is
'Deletes the caller''s playground, and everyone''s favourites of it.
Security definer because users write no table.';
grant execute on function public.delete_playground to authenticated;

create function public.put_favourite_playground(p_playground_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_count integer;
begin
    perform private.take_turn_as(v_caller);
    -- The playground stays until the favourite is stored.
    perform from public.playgrounds as place
    where place.id = p_playground_id
    for key share;
    if not found then
        raise exception 'not_found' using errcode = 'WY001';
    end if;
    insert into public.playground_favourites (user_id, playground_id)
    values (v_caller, p_playground_id)
    on conflict (user_id, playground_id) do nothing;
    select count(*)::integer into v_count
    from public.playground_favourites as mine
    where mine.user_id = v_caller;
    if v_count > 500 then
        raise exception 'too_many_favourites' using errcode = 'WY004';
    end if;
end;
$$;
comment on function public.put_favourite_playground is
'Makes a playground one of the caller''s favourites.
Security definer because users write no table.';
grant execute on function public.put_favourite_playground to authenticated;

create function public.delete_favourite_playground(p_playground_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.playground_for(p_playground_id);
    delete from public.playground_favourites as mine
    where mine.user_id = v_caller and mine.playground_id = p_playground_id;
end;
$$;
comment on function public.delete_favourite_playground is
'Takes a playground out of the caller''s favourites.
Security definer because users write no table.';
grant execute on function public.delete_favourite_playground to authenticated;

-- Users who keep others away, and users whom an operator or reports keep away from all:
-- docs/decisions/037-safety.md.

create table private.blocks (
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    -- Any id, so that the answer does not show which users exist.
    blocked_id uuid not null,
    blocked_at timestamptz not null default clock_timestamp(),
    had_contact boolean not null default false,
    listed boolean not null default true,
    primary key (user_id, blocked_id),
    constraint blocks_two_people check (user_id <> blocked_id)
);
comment on table private.blocks is
'A user and one that the user wants to neither see nor be seen by. It hides both from each other.';
comment on column private.blocks.had_contact is
'Whether they had a like or a match before, which the block ended: for the weight of a report.';
comment on column private.blocks.listed is
'False for a new account with the address of a blocked one: the list must not show who came back.';

create index blocks_of_blocked on private.blocks (blocked_id);
create index blocks_listed on private.blocks (user_id, blocked_at desc, blocked_id desc)
where listed;

alter table private.blocks enable row level security;

create table private.blocked_addresses (
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    address_hash text not null,
    blocked_at timestamptz not null,
    primary key (user_id, address_hash)
);
comment on table private.blocked_addresses is
'Blocks of accounts that were deleted, for a new account with the same address.';

create index blocked_addresses_of_address on private.blocked_addresses (address_hash);

alter table private.blocked_addresses enable row level security;

create function private.has_blocked(p_user_id uuid, p_other_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select
        from private.blocks as block
        where block.user_id = p_user_id and block.blocked_id = p_other_id
    );
$$;

create function private.are_blocked(p_user_id uuid, p_other_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select
        private.has_blocked(p_user_id, p_other_id) or private.has_blocked(p_other_id, p_user_id);
$$;
comment on function private.are_blocked is
'Whether one of two users has blocked the other, either way.';

create function private.remember_blocks()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_address_hash constant text := private.keyed_hash(old.email);
begin
    insert into private.blocked_addresses (user_id, address_hash, blocked_at)
    select
        block.user_id,
        v_address_hash,
        block.blocked_at
    from private.blocks as block
    where block.blocked_id = old.id
        and old.email_confirmed_at is not null
        and v_address_hash is not null
    on conflict (user_id, address_hash) do nothing;
    -- Cached reputations of blocked users list the users for whom they do not exist.
    update private.departures as departed
    set partner_ids = departed.partner_ids || array(
        select block.user_id from private.blocks as block where block.blocked_id = old.id
        union
        select block.blocked_id from private.blocks as block where block.user_id = old.id
    )
    where departed.user_id = old.id;
    delete from private.blocks as block where block.blocked_id = old.id;
    delete from private.reports as report where report.reported_id = old.id;
    return old;
end;
$$;
comment on function private.remember_blocks is
'A block outlives the blocked account as a hash of its address, of which the account must have shown
that it was its own. Security definer because Supabase Auth deletes accounts and has no rights here.';

-- After record_departure: triggers of one event fire in the order of their names.
create trigger remember_blocks
before delete on auth.users
for each row execute function private.remember_blocks();

create function private.renew_blocks()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_address_hash constant text := private.keyed_hash(new.email);
begin
    insert into private.blocks (user_id, blocked_id, blocked_at, listed)
    select
        kept.user_id,
        new.id,
        kept.blocked_at,
        false
    from private.blocked_addresses as kept
    where kept.address_hash = v_address_hash and kept.user_id <> new.id
    on conflict (user_id, blocked_id) do nothing;
    return null;
end;
$$;
comment on function private.renew_blocks is
'Security definer because Supabase Auth creates accounts and has no rights here.';

create trigger renew_blocks
after insert or update of email on public.user_profiles
for each row
when (new.email is not null)
execute function private.renew_blocks();

create function private.export_blocks(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'user_id', mine.blocked_id, 'blocked_at', private.iso_utc(mine.blocked_at)
            )
            order by mine.blocked_at, mine.blocked_id
        ),
        '[]'::jsonb
    )
    from private.blocks as mine
    where mine.user_id = p_user_id and mine.listed;
$$;
comment on function private.export_blocks is
'The blocks in the export of an account: those that the user made.';

create table private.hidden_profiles (
    user_id uuid primary key references public.user_profiles (id) on delete cascade,
    hidden_at timestamptz not null default now(),
    hidden_by text not null,
    constraint hidden_profiles_by_known check (hidden_by in ('reports', 'operator'))
);
comment on table private.hidden_profiles is
'Users who exist only for themselves and for their matches, until an operator decides otherwise.';

alter table private.hidden_profiles enable row level security;

create function private.is_hidden(p_user_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select from private.hidden_profiles as hidden where hidden.user_id = p_user_id
    );
$$;

create function private.is_banned(p_user_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select
        from auth.users as account
        where account.id = p_user_id and account.banned_until > now()
    );
$$;

create function private.drop_emails_about(p_user_id uuid, p_other_id uuid)
returns void
language sql
set search_path = ''
as $$
    -- Locks in the order of complete_emails, so that the two cannot deadlock.
    with stale as materialized (
        select email.id
        from public.email_logs as email
        where email.user_id = p_user_id
            and email.claimable_at is not null
            and email.send_group is null
            and (
                email.match_id in (
                    select pair.id
                    from public.wingman_matches as pair
                    where least(pair.user1_id, pair.user2_id) = least(p_user_id, p_other_id)
                        and greatest(pair.user1_id, pair.user2_id)
                        = greatest(p_user_id, p_other_id)
                )
                or (
                    email.email_template = 'weekly_digest'
                    and (
                        email.template_data -> 'partner_ids' ? p_other_id::text
                        or email.template_data -> 'inviter_ids' ? p_other_id::text
                    )
                )
            )
        order by email.id
        for update
    )

    update public.email_logs as email
    set
        delivery_status = 'cancelled',
        lease_token = null,
        lease_expires_at = null
    from stale
    where email.id = stale.id;
$$;
comment on function private.drop_emails_about is
'Cancels the unsent emails to one user that name the other. One with a send group may be at the
provider already, so it cannot be cancelled.';

create function private.part(p_user_id uuid, p_other_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
    delete from public.likes as gone
    where (gone.user_id, gone.liked_id) in ((p_user_id, p_other_id), (p_other_id, p_user_id));
    perform private.drop_emails_about(p_user_id, p_other_id);
    perform private.drop_emails_about(p_other_id, p_user_id);
    -- A stored answer shows the partner.
    delete from private.idempotency_keys as stored
    where stored.user_id in (p_user_id, p_other_id)
        and coalesce(
            stored.response #>> '{match,id}', stored.response #>> '{session,match_id}'
        ) in (
            select pair.id::text
            from public.wingman_matches as pair
            where least(pair.user1_id, pair.user2_id) = least(p_user_id, p_other_id)
                and greatest(pair.user1_id, pair.user2_id) = greatest(p_user_id, p_other_id)
        );
end;
$$;
comment on function private.part is
'Removes from likes, emails and stored answers what would show two users to each other.';

create function private.partners_of(p_user_id uuid)
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
begin
    return array(
        select mine.user2_id from public.wingman_matches as mine where mine.user1_id = p_user_id
        union
        select theirs.user1_id
        from public.wingman_matches as theirs
        where theirs.user2_id = p_user_id
    );
end;
$$;
comment on function private.partners_of is
'The other users of all matches and invitations of a user, whatever became of them.';

create function private.had_contact(p_user_id uuid, p_other_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return
        exists (
            select
            from public.wingman_matches as pair
            where least(pair.user1_id, pair.user2_id) = least(p_user_id, p_other_id)
                and greatest(pair.user1_id, pair.user2_id) = greatest(p_user_id, p_other_id)
        )
        or exists (
            select
            from public.likes as liked
            where (liked.user_id, liked.liked_id) in (
                (p_user_id, p_other_id), (p_other_id, p_user_id)
            )
        );
end;
$$;

create function private.count_block(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_count constant integer := private.count_step(p_user_id, 'put_block');
begin
    perform from private.app_settings as settings where v_count > settings.max_daily_blocks;
    if found then
        raise exception 'daily_block_limit' using
            errcode = 'WB002', detail = private.seconds_until_tomorrow();
    end if;
end;
$$;

create function public.put_block(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_match public.wingman_matches;
    v_due jsonb := '[]'::jsonb;
begin
    if p_user_id = v_caller then
        raise exception 'cannot_block_yourself' using errcode = 'WB001';
    end if;
    perform private.take_turn_as(v_caller);
    -- An invitation, a like or an answer in progress is stored first, and ends with the rest.
    perform private.lock_pair(v_caller, p_user_id);
    perform from private.blocks as known
    where known.user_id = v_caller and known.blocked_id = p_user_id and known.listed;
    if not found then
        perform private.count_block(v_caller);
        insert into private.blocks (user_id, blocked_id, had_contact)
        values (v_caller, p_user_id, private.had_contact(v_caller, p_user_id))
        on conflict (user_id, blocked_id) do update set listed = true;
    end if;
    v_match := private.lock_open_match(v_caller, p_user_id);
    if v_match.id is not null then
        v_due := private.end_match(v_match, v_caller, 'block');
    end if;
    perform private.part(v_caller, p_user_id);
    return jsonb_build_object(
        'changed_users', array[v_caller, p_user_id], 'due', v_due, 'ended_match', private.ended_json(v_match)
    );
end;
$$;
comment on function public.put_block is
'Keeps a user and the caller apart: match and session end, and neither exists for the other. Any id
may be blocked. Security definer because users write no table.';
grant execute on function public.put_block to authenticated;

create function public.delete_block(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.lock_pair(v_caller, p_user_id);
    delete from private.blocks as block
    where block.user_id = v_caller and block.blocked_id = p_user_id and block.listed;
    return jsonb_build_object('changed_users', array[v_caller, p_user_id], 'due', '[]'::jsonb);
end;
$$;
comment on function public.delete_block is
'Takes a block of the caller back. Not those that came back with an address, which the list does not
show. Security definer because users write no table.';
grant execute on function public.delete_block to authenticated;

create function public.list_blocks(
    p_limit integer default 20,
    p_before_created_at timestamptz default null,
    p_before_id uuid default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'user_id', listed.blocked_id, 'blocked_at', private.iso_utc(listed.blocked_at)
                )
                order by listed.blocked_at desc, listed.blocked_id desc
            ),
            '[]'::jsonb
        )
        from (
            select
                block.blocked_id,
                block.blocked_at
            from private.blocks as block
            where block.user_id = v_caller
                and block.listed
                and (block.blocked_at, block.blocked_id) < (
                    coalesce(p_before_created_at, 'infinity'),
                    coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                )
            order by block.blocked_at desc, block.blocked_id desc
            limit least(greatest(p_limit, 1), 101)
        ) as listed
    );
end;
$$;
comment on function public.list_blocks is
'The caller''s blocks before the given one, newest first. At most 101 (as list_matches).
Security definer because users have no grant on blocks.';
grant execute on function public.list_blocks to authenticated;

create table private.reports (
    id uuid primary key default gen_random_uuid(),
    reporter_id uuid references public.user_profiles (id) on delete set null,
    -- Any id, as in private.blocks.
    reported_id uuid not null,
    reason text not null,
    details text,
    message_id uuid,
    photo_id uuid,
    evidence jsonb not null default '{}',
    counts boolean not null,
    created_at timestamptz not null default clock_timestamp(),
    decision text,
    decided_at timestamptz,
    constraint reports_reason_known
    check (reason in ('spam', 'harassment', 'fake', 'underage', 'nudity', 'other')),
    constraint reports_details_length check (char_length(details) <= 1000),
    constraint reports_decision_known check (decision in ('dismissed', 'hidden', 'banned')),
    constraint reports_decided_at_a_time check ((decision is null) = (decided_at is null))
);
comment on table private.reports is
'What users report about others, until the reported account is deleted. With the reporter''s account
go their name and words; the rest waits for the operator.';
comment on column private.reports.evidence is
'What the reporter saw, as it was then. The objects of a deleted photo are gone all the same.';
comment on column private.reports.counts is
'Whether the reporter was trustworthy: three of these hide a profile.';

create index reports_of_reported on private.reports (reported_id, created_at);
create index reports_of_reporter on private.reports (reporter_id, reported_id);
create index reports_open on private.reports (created_at) where decision is null;

alter table private.reports enable row level security;

create function private.forget_reporter()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    new.details := null;
    return new;
end;
$$;

create trigger forget_reporter
before update of reporter_id on private.reports
for each row
when (new.reporter_id is null and old.reporter_id is not null)
execute function private.forget_reporter();

create function private.is_trustworthy(p_user_id uuid, p_reported_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return exists (
        select
        from auth.users as account
        where account.id = p_user_id and account.created_at <= now() - interval '3 days'
    )
    and private.is_published(p_user_id)
    and not private.is_hidden(p_user_id)
    and (
        private.had_contact(p_user_id, p_reported_id)
        or exists (
            select
            from private.blocks as block
            where block.user_id = p_user_id
                and block.blocked_id = p_reported_id
                and block.had_contact
        )
    );
end;
$$;
comment on function private.is_trustworthy is
'Whether a report weighs: an account of three days with a published profile, and a like or a match
of the two, also one that a block has ended since.';

create function private.photo_evidence(p_reporter_id uuid, p_reported_id uuid, p_photo_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return coalesce(
        (
            select jsonb_build_object('photo', jsonb_build_object(
                'id', photo.id,
                'object_path', photo.object_path,
                'placeholder', photo.placeholder,
                'created_at', private.iso_utc(photo.created_at)
            ))
            from public.photos as photo
            where photo.id = p_photo_id
                and photo.user_id = p_reported_id
                and photo.status = 'ready'
                -- A block comes before a report as often as after it.
                and (
                    private.may_see(p_reporter_id, p_reported_id)
                    or private.has_blocked(p_reporter_id, p_reported_id)
                )
        ),
        '{}'::jsonb
    );
end;
$$;
comment on function private.photo_evidence is
'The photo as it is now, if it is the reported user''s and the reporter has seen it; else nothing,
without an error, which would show whether there is such a photo.';

create function private.weight_of_reports(p_user_id uuid)
returns integer
language sql
stable
set search_path = ''
as $$
    select count(distinct report.reporter_id)::integer
    from private.reports as report
    where report.reported_id = p_user_id
        and report.decision is null
        and report.counts
        and not exists (
            select
            from private.reports as earlier
            where earlier.reporter_id = report.reporter_id
                and earlier.reported_id = p_user_id
                and earlier.decision = 'dismissed'
        );
$$;
comment on function private.weight_of_reports is
'How many trustworthy users wait for a decision about this one. A reporter whose report was
dismissed counts no more: an operator decides about the rest.';

create function private.part_from_strangers(p_user_id uuid)
returns void
language sql
set search_path = ''
as $$
    select private.part(p_user_id, partner.id)
    from unnest(private.partners_of(p_user_id)) as partner (id)
    where not private.are_matched(p_user_id, partner.id);
$$;
comment on function private.part_from_strangers is
'Removes what would still show a hidden user: unsent emails and stored answers.';

create function private.hide_if_reported(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
    if private.weight_of_reports(p_user_id) >= 3 then
        insert into private.hidden_profiles (user_id, hidden_by)
        select
            profile.id,
            'reports'
        from public.user_profiles as profile
        where profile.id = p_user_id
        on conflict (user_id) do nothing;
        if found then
            perform private.part_from_strangers(p_user_id);
        end if;
    end if;
end;
$$;

create function private.count_report(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_count constant integer := private.count_step(p_user_id, 'create_report');
begin
    perform from private.app_settings as settings where v_count > settings.max_daily_reports;
    if found then
        raise exception 'daily_report_limit' using
            errcode = 'WB004', detail = private.seconds_until_tomorrow();
    end if;
end;
$$;

create function private.report_json(p_report private.reports)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', p_report.id, 'created_at', private.iso_utc(p_report.created_at)
    );
$$;

create function public.create_report(
    p_user_id uuid,
    p_reason text,
    p_details text default null,
    p_message_id uuid default null,
    p_photo_id uuid default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_report private.reports;
    v_message jsonb;
begin
    perform private.check_length(char_length(p_reason), 20);
    perform private.check_length(char_length(p_details), 1000);
    if p_user_id = v_caller then
        raise exception 'cannot_report_yourself' using errcode = 'WB003';
    end if;
    perform private.take_turn_as(v_caller);
    select known.* into v_report
    from private.reports as known
    where known.reporter_id = v_caller
        and known.reported_id = p_user_id
        and known.decision is null
        and (known.reason, known.details, known.message_id, known.photo_id)
        is not distinct from (p_reason, p_details, p_message_id, p_photo_id);
    if found then
        return private.report_json(v_report);
    end if;
    v_message := private.message_evidence(v_caller, p_user_id, p_message_id);
    perform private.refuse_flaw('message_id', case
        when p_message_id is not null and v_message = '{}'
            then 'is not a message that this user sent you'
    end);
    perform private.count_report(v_caller);
    -- Reports about one user take turns, so that the third one sees the others.
    perform pg_advisory_xact_lock(hashtextextended('reports:' || p_user_id::text, 0));
    insert into private.reports as stored (
        reporter_id, reported_id, reason, details, message_id, photo_id, evidence, counts
    )
    values (
        v_caller, p_user_id, p_reason, p_details, p_message_id, p_photo_id,
        private.photo_evidence(v_caller, p_user_id, p_photo_id) || v_message,
        private.is_trustworthy(v_caller, p_user_id)
    )
    returning stored.* into v_report;
    perform private.hide_if_reported(p_user_id);
    return private.report_json(v_report);
end;
$$;
comment on function public.create_report is
'Reports a user to the operators; the same report again is the first one. Any user may be reported,
but of messages only those that the caller got. Security definer because users write no table.';
grant execute on function public.create_report to authenticated;

create function private.export_reports(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            private.report_json(mine.*::private.reports) || jsonb_build_object(
                'user_id', mine.reported_id,
                'reason', mine.reason,
                'details', mine.details,
                'message_id', mine.message_id,
                'photo_id', mine.photo_id
            )
            order by mine.created_at, mine.id
        ),
        '[]'::jsonb
    )
    from private.reports as mine
    where mine.reporter_id = p_user_id;
$$;
comment on function private.export_reports is
'The reports in the export of an account: those that the user made, without their outcome.';

-- For operators: make reports.

create function private.decide(p_user_id uuid, p_decision text)
returns void
language sql
set search_path = ''
as $$
    update private.reports as report
    set decision = p_decision, decided_at = now()
    where report.reported_id = p_user_id and report.decision is null;
$$;

create function private.check_user(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
    -- Reports about one user and decisions about them take turns.
    perform pg_advisory_xact_lock(hashtextextended('reports:' || p_user_id::text, 0));
    perform from public.user_profiles as profile where profile.id = p_user_id for key share;
    if not found then
        raise exception 'not_found' using errcode = 'WB006';
    end if;
end;
$$;

create function private.standing_json(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'user_id', p_user_id,
        'hidden_by', (
            select hidden.hidden_by
            from private.hidden_profiles as hidden
            where hidden.user_id = p_user_id
        ),
        'banned', private.is_banned(p_user_id),
        'open_reports', (
            select count(*)
            from private.reports as report
            where report.reported_id = p_user_id and report.decision is null
        ),
        'weight', private.weight_of_reports(p_user_id)
    );
$$;

create function public.list_reports(p_limit integer)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            private.standing_json(waiting.reported_id) || jsonb_build_object(
                'id', waiting.id,
                'reason', waiting.reason,
                'counts', waiting.counts,
                'created_at', private.iso_utc(waiting.created_at)
            )
            order by waiting.created_at, waiting.id
        ),
        '[]'::jsonb
    )
    from (
        select report.*
        from private.reports as report
        where report.decision is null
        order by report.created_at, report.id
        limit p_limit
    ) as waiting;
$$;
comment on function public.list_reports is
'The reports that have waited longest for a decision.
Security definer because service_role has no grant on reports.';
grant execute on function public.list_reports to service_role;

create function public.get_report(p_report_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_report private.reports;
begin
    select stored.* into v_report
    from private.reports as stored
    where stored.id = p_report_id;
    if not found then
        raise exception 'not_found' using errcode = 'WB005';
    end if;
    return private.standing_json(v_report.reported_id) || jsonb_build_object(
        'id', v_report.id,
        'reporter_id', v_report.reporter_id,
        'reason', v_report.reason,
        'details', v_report.details,
        'counts', v_report.counts,
        'message_id', v_report.message_id,
        'evidence', v_report.evidence,
        'created_at', private.iso_utc(v_report.created_at),
        'decision', v_report.decision,
        'decided_at', private.iso_utc(v_report.decided_at),
        'profile', private.own_profile_json(v_report.reported_id) - array['location', 'missing'],
        'matches', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'status', private.match_status(pair.*::public.wingman_matches),
                        'note', pair.note,
                        'created_at', private.iso_utc(pair.created_at)
                    )
                    order by pair.created_at
                ),
                '[]'::jsonb
            )
            from public.wingman_matches as pair
            where least(pair.user1_id, pair.user2_id)
                = least(v_report.reporter_id, v_report.reported_id)
                and greatest(pair.user1_id, pair.user2_id)
                = greatest(v_report.reporter_id, v_report.reported_id)
        ),
        'messages', private.last_messages(v_report.reporter_id, v_report.reported_id, 20)
    );
end;
$$;
comment on function public.get_report is
'A report with what an operator needs to decide: the profile as it is now, the evidence as it was,
the matches of the two and what they wrote last.
Security definer because service_role has no grant on reports.';
grant execute on function public.get_report to service_role;

create function public.dismiss_report(p_report_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_user_id uuid;
begin
    select report.reported_id into v_user_id
    from private.reports as report
    where report.id = p_report_id;
    if not found then
        raise exception 'not_found' using errcode = 'WB005';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('reports:' || v_user_id::text, 0));
    update private.reports as report
    set decision = 'dismissed', decided_at = now()
    where report.id = p_report_id and report.decision is null;
    if private.weight_of_reports(v_user_id) < 3 then
        delete from private.hidden_profiles as hidden
        where hidden.user_id = v_user_id and hidden.hidden_by = 'reports';
    end if;
    return private.standing_json(v_user_id);
end;
$$;
comment on function public.dismiss_report is
'Decides that a report is unfounded. A profile that reports have hidden is shown again, unless three
others still count. Security definer because service_role has no grant on reports.';
grant execute on function public.dismiss_report to service_role;

create function public.hide_user(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
    perform private.check_user(p_user_id);
    insert into private.hidden_profiles (user_id, hidden_by)
    values (p_user_id, 'operator')
    on conflict (user_id) do update set hidden_by = excluded.hidden_by;
    perform private.part_from_strangers(p_user_id);
    perform private.decide(p_user_id, 'hidden');
    return private.standing_json(p_user_id);
end;
$$;
comment on function public.hide_user is
'Hides a user from all but their matches, and decides the open reports so.
Security definer because service_role has no grant on reports.';
grant execute on function public.hide_user to service_role;

create function public.show_user(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
    perform private.check_user(p_user_id);
    delete from private.hidden_profiles as hidden where hidden.user_id = p_user_id;
    perform private.decide(p_user_id, 'dismissed');
    return private.standing_json(p_user_id);
end;
$$;
comment on function public.show_user is
'Shows a hidden user again, and dismisses the open reports, which would hide them again.
Security definer because service_role has no grant on reports.';
grant execute on function public.show_user to service_role;

create table private.banned_addresses (
    address_hash text primary key,
    banned_until timestamptz not null
);
comment on table private.banned_addresses is
'Addresses of accounts that were deleted while they were banned: no account is opened with them.';

alter table private.banned_addresses enable row level security;

create function private.is_banned_address(p_address text)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    v_address_hash constant text := private.keyed_hash(p_address);
begin
    return exists (
        select
        from private.banned_addresses as banned
        where banned.address_hash = v_address_hash and banned.banned_until > now()
    );
end;
$$;

create function private.keep_ban()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    delete from private.banned_addresses as over where over.banned_until <= now();
    insert into private.banned_addresses as known (address_hash, banned_until)
    values (private.keyed_hash(old.email), old.banned_until)
    on conflict (address_hash) do update
        set banned_until = greatest(known.banned_until, excluded.banned_until);
    return old;
end;
$$;
comment on function private.keep_ban is
'Security definer because Supabase Auth deletes accounts and has no rights here.';

create trigger keep_ban
before delete on auth.users
for each row
when (old.banned_until > now() and old.email is not null)
execute function private.keep_ban();

create function private.refuse_banned_address()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    if private.is_banned_address(new.email) then
        raise exception 'address_banned' using errcode = 'check_violation';
    end if;
    return new;
end;
$$;
comment on function private.refuse_banned_address is
'begin_auth_request keeps registrations away before; this also stops providers such as Google.
Security definer because Supabase Auth writes accounts and has no rights here.';

create trigger refuse_banned_address
before insert or update of email on auth.users
for each row
when (new.email is not null)
execute function private.refuse_banned_address();

create function private.end_matches_of_banned()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_match public.wingman_matches;
begin
    for v_match in
        select pair.*
        from public.wingman_matches as pair
        where new.id in (pair.user1_id, pair.user2_id)
            and pair.status in ('pending', 'accepted')
        order by pair.id
    loop
        perform private.end_match(v_match, new.id, 'block');
    end loop;
    perform private.part(new.id, partner.id)
    from unnest(private.partners_of(new.id)) as partner (id);
    perform private.decide(new.id, 'banned');
    return null;
end;
$$;
comment on function private.end_matches_of_banned is
'However the ban came about. Security definer because Supabase Auth bans and has no rights here.';

create trigger end_matches_of_banned
after update of banned_until on auth.users
for each row
when (new.banned_until > now() and new.banned_until is distinct from old.banned_until)
execute function private.end_matches_of_banned();

create function public.ban_user(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
    perform private.check_user(p_user_id);
    -- No infinity, which Supabase Auth cannot read.
    update auth.users as account
    set banned_until = now() + interval '100 years'
    where account.id = p_user_id and not private.is_banned(p_user_id);
    return private.standing_json(p_user_id);
end;
$$;
comment on function public.ban_user is
'Bans an account: sessions and matches end, and it exists for no one else.
Security definer because service_role has no grant on accounts.';
grant execute on function public.ban_user to service_role;

create function public.unban_user(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
    perform private.check_user(p_user_id);
    update auth.users as account set banned_until = null where account.id = p_user_id;
    return private.standing_json(p_user_id);
end;
$$;
comment on function public.unban_user is
'Lifts a ban. Matches and sessions stay ended.
Security definer because service_role has no grant on accounts.';
grant execute on function public.unban_user to service_role;

create function public.unban_address(p_address text)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_address_hash constant text := private.keyed_hash(p_address);
begin
    delete from private.banned_addresses as banned where banned.address_hash = v_address_hash;
    return found;
end;
$$;
comment on function public.unban_address is
'Lets an account be opened again with the address of a banned one that was deleted.
Security definer because service_role has no grant on banned addresses.';
grant execute on function public.unban_address to service_role;

-- Likes and passes between users: docs/decisions/036-likes.md.

create table public.likes (
    user_id uuid references public.user_profiles (id) on delete cascade,
    liked_id uuid references public.user_profiles (id) on delete cascade,
    liked_at timestamptz not null default clock_timestamp(),
    primary key (user_id, liked_id),
    constraint likes_two_people check (user_id <> liked_id)
);
comment on table public.likes is
'The likes that stand. A like and a pass of the same user exclude each other, and the end of a match
removes the likes of both.';

create index likes_given on public.likes (user_id, liked_at desc, liked_id desc);
create index likes_received on public.likes (liked_id, liked_at desc, user_id desc);

-- No policy: users read and change likes through functions.
alter table public.likes enable row level security;

create table public.passes (
    user_id uuid references public.user_profiles (id) on delete cascade,
    passed_id uuid references public.user_profiles (id) on delete cascade,
    passed_at timestamptz not null default clock_timestamp(),
    until timestamptz not null default clock_timestamp() + interval '30 days', -- noqa: RF04
    -- Discovery reads all of a user's passes by the index alone.
    primary key (user_id, passed_id) include (until),
    constraint passes_two_people check (user_id <> passed_id)
);
comment on table public.passes is
'Users whom a user does not want to see for now. A pass counts until its time is over, and is then
deleted.';

create index passes_given on public.passes (user_id, passed_at desc, passed_id desc);
create index passes_received on public.passes (passed_id) include (user_id, until);
create index passes_by_end on public.passes (until);

alter table public.passes enable row level security;

create function private.export_likes(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'user_id', mine.liked_id, 'liked_at', private.iso_utc(mine.liked_at)
            )
            order by mine.liked_at, mine.liked_id
        ),
        '[]'::jsonb
    )
    from public.likes as mine
    where mine.user_id = p_user_id;
$$;
comment on function private.export_likes is
'The likes in the export of an account: those that the user gave.';

create function private.export_passes(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'user_id', mine.passed_id,
                'passed_at', private.iso_utc(mine.passed_at),
                'until', private.iso_utc(mine.until)
            )
            order by mine.passed_at, mine.passed_id
        ),
        '[]'::jsonb
    )
    from public.passes as mine
    where mine.user_id = p_user_id;
$$;
comment on function private.export_passes is
'The passes in the export of an account: those that the user gave.';

create function private.lock_open_match(p_user_id uuid, p_other_id uuid)
returns public.wingman_matches
language sql
set search_path = ''
as $$
    select locked.*
    from public.wingman_matches as locked
    where least(locked.user1_id, locked.user2_id) = least(p_user_id, p_other_id)
        and greatest(locked.user1_id, locked.user2_id) = greatest(p_user_id, p_other_id)
        and locked.status in ('pending', 'accepted')
    for no key update;
$$;
comment on function private.lock_open_match is
'Locks the open match of a pair, or returns nulls.';

create function private.call_off_session(p_match_id uuid, p_by uuid, p_counts boolean)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_session public.wingman_sessions;
begin
    -- A meeting about which either has said something goes on to its outcome: what was said must
    -- not be erased.
    update public.wingman_sessions as cancelled
    set
        status = 'cancelled',
        cancelled_by = p_by,
        sequence = cancelled.sequence + 1,
        no_show_user_ids = case
            when p_counts and private.cancellation_counts(cancelled, p_by) then array[p_by]
            else '{}'
        end
    where cancelled.match_id = p_match_id
        and cancelled.status = 'scheduled'
        and not cancelled.user1_completed_confirmed_by_user2
        and not cancelled.user2_completed_confirmed_by_user1
        and cancelled.no_show_user_ids = '{}'
    returning cancelled.* into v_session;
    if v_session.id is null or v_session.scheduled_time <= now() - interval '1 hour' then
        return '[]'::jsonb;
    end if;
    return private.notify(
        private.partner_of(v_session, p_by),
        'session_called_off',
        jsonb_build_object('scheduled_time', private.iso_utc(v_session.scheduled_time)),
        v_session.id::text
    );
end;
$$;
comment on function private.call_off_session is
'Cancels the open session of a match that has ended. The other user hears that the meeting is off,
without a name or a reason.';

create function private.end_match(
    p_match public.wingman_matches, p_by uuid, p_reason text
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_other_id constant uuid := case p_by
        when p_match.user1_id then p_match.user2_id else p_match.user1_id
    end;
    v_ended public.wingman_matches;
    v_due jsonb;
begin
    perform private.lock_pair(p_match.user1_id, p_match.user2_id);
    update public.wingman_matches as ended
    set
        status = case
            when ended.status = 'accepted' then 'ended'
            when ended.initiator_id = p_by then 'withdrawn'
            else 'declined'
        end,
        ended_at = case when ended.status = 'accepted' then now() end,
        responded_at = case
            when ended.status = 'pending' and ended.initiator_id <> p_by then now()
            else ended.responded_at
        end
    where ended.id = p_match.id and private.match_status(ended) in ('pending', 'accepted')
    returning ended.* into v_ended;
    delete from public.likes as gone
    where (gone.user_id, gone.liked_id) in (
        (p_match.user1_id, p_match.user2_id), (p_match.user2_id, p_match.user1_id)
    );
    if v_ended.id is null then
        return '[]'::jsonb;
    end if;
    perform private.close_previous_session(v_ended.id);
    perform private.cancel_match_emails(v_ended.id);
    v_due := private.call_off_session(v_ended.id, p_by, p_reason <> 'block');
    if p_reason = 'block' then
        return v_due;
    end if;
    return v_due || private.notify_of_match(
        v_other_id, 'match_ended', v_ended.id,
        jsonb_build_object('partner_name', private.display_name(v_other_id, p_by))
    );
end;
$$;
comment on function private.end_match is
'Ends an open match for good, because of an `unmatch`, an `unlike` or a `block`: likes and unsent
emails of the two go, the open session is cancelled. Late, that counts as by cancel_session, but a
block never counts. The other user hears of the end, but not of a block. An invitation is withdrawn or
declined instead, which keeps no one apart. Returns what is due now.';

create function private.users_counted_now(p_match_id uuid)
returns uuid[]
language sql
stable
set search_path = ''
as $$
    select coalesce(array_agg(distinct counted.user_id), '{}')
    from public.wingman_sessions as meeting
    cross join lateral unnest(private.counted_users(meeting)) as counted (user_id)
    -- Stamped with the time of this transaction.
    where meeting.match_id = p_match_id and meeting.updated_at = now();
$$;
comment on function private.users_counted_now is
'The users whose reputation the end of a match has changed, in the transaction that ended it.';

create function public.unmatch(p_match_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_match public.wingman_matches;
    v_ended jsonb;
    v_due jsonb := '[]'::jsonb;
begin
    select mine.* into v_match
    from public.wingman_matches as mine
    where mine.id = p_match_id and v_caller in (mine.user1_id, mine.user2_id);
    if v_match.id is null then
        raise exception 'not_found' using errcode = 'WM002';
    end if;
    perform private.lock_pair(v_match.user1_id, v_match.user2_id);
    select locked.* into v_match
    from public.wingman_matches as locked
    where locked.id = p_match_id
    for no key update;
    if v_match.id is null or not private.partner_exists(v_match, v_caller) then
        raise exception 'not_found' using errcode = 'WM002';
    elsif v_match.status not in ('accepted', 'ended') then
        raise exception 'match_not_accepted' using errcode = 'WM014';
    end if;
    if v_match.status = 'accepted' then
        v_ended := private.ended_json(v_match);
        v_due := private.end_match(v_match, v_caller, 'unmatch');
        select ended.* into v_match
        from public.wingman_matches as ended
        where ended.id = p_match_id;
    end if;
    return jsonb_build_object(
        'match', private.match_json(v_match),
        'due', v_due,
        'changed_users', private.users_counted_now(p_match_id),
        'ended_match', v_ended
    );
end;
$$;
comment on function public.unmatch is
'Ends an accepted match of the caller for good. Again, it returns the match unchanged.
Security definer because users write no table.';
grant execute on function public.unmatch to authenticated;

create function private.like_refusals(p_viewer_id uuid, p_user_ids uuid[])
returns table (user_id uuid, refusal text)
language plpgsql
stable
set search_path = ''
as $$
declare
    v_visible constant uuid[] := private.visible_to(p_viewer_id, p_user_ids);
    v_ended constant uuid[] := private.ended_with(p_viewer_id, p_user_ids);
    v_matched constant uuid[] := private.matched_with(p_viewer_id, p_user_ids);
    v_published constant boolean := private.is_published(p_viewer_id);
begin
    return query
    select
        asked.user_id,
        case
            when asked.user_id = p_viewer_id then 'cannot_like_yourself'
            when asked.user_id <> all(v_visible) then 'not_found'
            when asked.user_id = any(v_ended) then 'match_ended'
            when asked.user_id = any(v_matched) then null
            when exists (
                select
                from public.likes as mine
                where mine.user_id = p_viewer_id and mine.liked_id = asked.user_id
                offset 0
            ) then null
            when not v_published then 'profile_incomplete'
        end
    from unnest(p_user_ids) as asked (user_id);
end;
$$;
comment on function private.like_refusals is
'Why put_like would refuse a like of each user now, or null. A repeated like is never incomplete.';

create function private.like_refusal(p_viewer_id uuid, p_user_id uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
    return (
        select asked.refusal
        from private.like_refusals(p_viewer_id, array[p_user_id]) as asked
    );
end;
$$;

create function private.has_passed(p_user_id uuid, p_other_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select
        from public.passes as passed
        where passed.user_id = p_user_id
            and passed.passed_id = p_other_id
            and passed.until > now()
    );
$$;

create function private.face_json(p_user_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'user_id', shown.user_id,
            'display_name', shown.display_name,
            'age', shown.age,
            'photo_url', private.photos_json(p_user_id) #>> '{0,thumbnail_url}'
        )
        from public.dog_profiles as shown
        where shown.user_id = p_user_id
    );
end;
$$;
comment on function private.face_json is
'A user in a list of likes or passes. The caller asks may_see first.';

create function private.likes_sent(
    p_user_id uuid, p_limit integer, p_liked_at timestamptz, p_other_id uuid
)
returns table (other_id uuid, liked_at timestamptz)
language sql
stable
set search_path = ''
as $$
    select
        sent.liked_id,
        sent.liked_at
    from public.likes as sent
    where sent.user_id = p_user_id
        and (sent.liked_at, sent.liked_id) < (p_liked_at, p_other_id)
        and private.may_see(p_user_id, sent.liked_id)
    order by sent.liked_at desc, sent.liked_id desc
    limit p_limit;
$$;

create function private.likes_received(
    p_user_id uuid, p_limit integer, p_liked_at timestamptz, p_other_id uuid
)
returns table (other_id uuid, liked_at timestamptz)
language sql
stable
set search_path = ''
as $$
    select
        received.user_id,
        received.liked_at
    from public.likes as received
    where received.liked_id = p_user_id
        and (received.liked_at, received.user_id) < (p_liked_at, p_other_id)
        and not private.has_passed(p_user_id, received.user_id)
        and not private.are_matched(p_user_id, received.user_id)
        and private.may_see(p_user_id, received.user_id)
    order by received.liked_at desc, received.user_id desc
    limit p_limit;
$$;

create function public.list_likes(
    p_direction text,
    p_limit integer default 20,
    p_before_created_at timestamptz default null,
    p_before_id uuid default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_limit constant integer := least(greatest(p_limit, 1), 101);
    v_before constant timestamptz := coalesce(p_before_created_at, 'infinity');
    v_before_id constant uuid := coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
begin
    perform private.check_length(char_length(p_direction), 20);
    perform private.refuse_flaw('direction', case
        when p_direction is null or p_direction not in ('sent', 'received')
            then 'must be sent or received'
    end);
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'user', private.face_json(listed.other_id),
                    'liked_at', private.iso_utc(listed.liked_at)
                )
                order by listed.liked_at desc, listed.other_id desc
            ),
            '[]'::jsonb
        )
        from (
            select page.*
            from private.likes_sent(v_caller, v_limit, v_before, v_before_id) as page
            where p_direction = 'sent'
            union all
            select page.*
            from private.likes_received(v_caller, v_limit, v_before, v_before_id) as page
            where p_direction = 'received'
        ) as listed
    );
end;
$$;
comment on function public.list_likes is
'The likes that the caller gave, or those received from users whom the caller has neither passed nor
matched; before the given one, newest first, at most 101 (as list_matches).
Security definer because users have no grant on likes.';
grant execute on function public.list_likes to authenticated;

create function public.list_passes(
    p_limit integer default 20,
    p_before_created_at timestamptz default null,
    p_before_id uuid default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'user', private.face_json(listed.passed_id),
                    'passed_at', private.iso_utc(listed.passed_at),
                    'until', private.iso_utc(listed.until)
                )
                order by listed.passed_at desc, listed.passed_id desc
            ),
            '[]'::jsonb
        )
        from (
            select mine.*
            from public.passes as mine
            where mine.user_id = v_caller
                and mine.until > now()
                and (mine.passed_at, mine.passed_id) < (
                    coalesce(p_before_created_at, 'infinity'),
                    coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                )
                and private.may_see(v_caller, mine.passed_id)
            order by mine.passed_at desc, mine.passed_id desc
            limit least(greatest(p_limit, 1), 101)
        ) as listed
    );
end;
$$;
comment on function public.list_passes is
'The passes of the caller that count, before the given one, newest first, at most 101 (as
list_matches). Security definer because users have no grant on passes.';
grant execute on function public.list_passes to authenticated;

create function private.refuse_like(p_viewer_id uuid, p_user_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
    v_refusal constant text := private.like_refusal(p_viewer_id, p_user_id);
begin
    case v_refusal
        when 'not_found' then
            raise exception 'not_found' using errcode = 'WL001';
        when 'cannot_like_yourself' then
            raise exception 'cannot_like_yourself' using errcode = 'WL002';
        when 'profile_incomplete' then
            raise exception 'profile_incomplete' using errcode = 'WL003';
        when 'match_ended' then
            raise exception 'match_ended' using errcode = 'WL004';
        else null;
    end case;
end;
$$;

create function private.hold_profiles(p_user_id uuid, p_other_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
    perform from public.user_profiles as own where own.id = p_user_id for key share;
    if not found then
        raise exception 'unauthenticated' using errcode = 'WA001';
    end if;
    perform from public.user_profiles as other where other.id = p_other_id for key share;
    if not found then
        raise exception 'not_found' using errcode = 'WL001';
    end if;
end;
$$;
comment on function private.hold_profiles is
'Keeps the accounts of both until the step is stored. One may have been deleted while it waited.';

create function private.match_by_likes(p_first_id uuid, p_second_id uuid)
returns public.wingman_matches
language plpgsql
set search_path = ''
as $$
declare
    v_match public.wingman_matches;
begin
    perform private.expire_match_of(p_first_id, p_second_id);
    update public.wingman_matches as invited
    set status = 'accepted', responded_at = now()
    where least(invited.user1_id, invited.user2_id) = least(p_first_id, p_second_id)
        and greatest(invited.user1_id, invited.user2_id) = greatest(p_first_id, p_second_id)
        and invited.status = 'pending'
    returning invited.* into v_match;
    if v_match.id is not null then
        perform private.cancel_match_emails(v_match.id);
        return v_match;
    end if;
    insert into public.wingman_matches as liked (
        user1_id, user2_id, initiator_id, origin, status, responded_at, expires_at
    )
    values (p_first_id, p_second_id, p_first_id, 'mutual_like', 'accepted', now(), null)
    returning liked.* into v_match;
    return v_match;
end;
$$;
comment on function private.match_by_likes is
'The match of two users who like each other, of whom p_first_id liked first. An open invitation
between them is accepted by it.';

create function public.put_like(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_match public.wingman_matches;
    v_liked_at timestamptz;
    v_due jsonb := '[]'::jsonb;
    v_views jsonb := '{}'::jsonb;
begin
    -- Crossing likes take turns here, so the second one sees the first.
    perform private.lock_pair(v_caller, p_user_id);
    v_match := private.lock_open_match(v_caller, p_user_id);
    perform private.refuse_like(v_caller, p_user_id);
    perform private.hold_profiles(v_caller, p_user_id);
    delete from public.passes as mine
    where mine.user_id = v_caller and mine.passed_id = p_user_id;
    insert into public.likes (user_id, liked_id) values (v_caller, p_user_id)
    on conflict (user_id, liked_id) do nothing;
    select mine.liked_at into v_liked_at
    from public.likes as mine
    where mine.user_id = v_caller and mine.liked_id = p_user_id;

    if v_match.status is distinct from 'accepted' then
        v_match := null;
        perform from public.likes as theirs
        where theirs.user_id = p_user_id and theirs.liked_id = v_caller;
        -- A caller who was hidden after the other's like does not exist for the other.
        if found and private.may_see(p_user_id, v_caller) then
            v_match := private.match_by_likes(p_user_id, v_caller);
            v_due := private.notify_of_new_match(v_match);
            v_views := private.match_views(v_match);
        end if;
    end if;
    return jsonb_build_object(
        'user_id', p_user_id,
        'liked_at', private.iso_utc(v_liked_at),
        'match', case when v_match.id is not null then private.match_json(v_match) end,
        'due', v_due,
        'views', v_views
    );
end;
$$;
comment on function public.put_like is
'Likes a user; the second like of a pair makes their match, of which both are notified.
Security definer because users write no table.';
grant execute on function public.put_like to authenticated;

create function private.take_back_like(p_user_id uuid, p_other_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_match constant public.wingman_matches := private.lock_open_match(p_user_id, p_other_id);
    v_ended jsonb;
    v_due jsonb := '[]'::jsonb;
begin
    if v_match.status = 'accepted' and v_match.origin = 'mutual_like' then
        v_ended := private.ended_json(v_match);
        v_due := private.end_match(v_match, p_user_id, 'unlike');
    end if;
    delete from public.likes as mine
    where mine.user_id = p_user_id and mine.liked_id = p_other_id;
    return jsonb_build_object(
        'due', v_due,
        'changed_users', private.users_counted_now(v_match.id),
        'ended_match', v_ended
    );
end;
$$;
comment on function private.take_back_like is
'Removes a like, and ends the match that came of it. The calling function has locked the pair.';

create function public.delete_like(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.lock_pair(v_caller, p_user_id);
    return private.take_back_like(v_caller, p_user_id);
end;
$$;
comment on function public.delete_like is
'Takes back a like, also of a user who no longer exists for the caller, and ends the match that came
of it. Security definer because users write no table.';
grant execute on function public.delete_like to authenticated;

create function public.put_pass(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_ended jsonb;
    v_pass public.passes;
begin
    if p_user_id = v_caller then
        raise exception 'cannot_pass_yourself' using errcode = 'WL005';
    end if;
    perform private.lock_pair(v_caller, p_user_id);
    if not private.may_see(v_caller, p_user_id) then
        raise exception 'not_found' using errcode = 'WL001';
    end if;
    v_ended := private.take_back_like(v_caller, p_user_id);
    perform private.hold_profiles(v_caller, p_user_id);
    delete from public.passes as over
    where over.user_id = v_caller and over.passed_id = p_user_id and over.until <= now();
    insert into public.passes (user_id, passed_id) values (v_caller, p_user_id)
    on conflict (user_id, passed_id) do nothing;
    select mine.* into v_pass
    from public.passes as mine
    where mine.user_id = v_caller and mine.passed_id = p_user_id;
    return v_ended || jsonb_build_object(
        'user_id', p_user_id,
        'passed_at', private.iso_utc(v_pass.passed_at),
        'until', private.iso_utc(v_pass.until)
    );
end;
$$;
comment on function public.put_pass is
'Passes on a user for 30 days, and takes back a like of them.
Security definer because users write no table.';
grant execute on function public.put_pass to authenticated;

create function public.delete_pass(p_user_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.lock_pair(v_caller, p_user_id);
    if private.may_see(v_caller, p_user_id) and private.has_ended(v_caller, p_user_id) then
        raise exception 'match_ended' using errcode = 'WL004';
    end if;
    delete from public.passes as mine
    where mine.user_id = v_caller and mine.passed_id = p_user_id;
end;
$$;
comment on function public.delete_pass is
'Undoes a pass, also on a user who no longer exists for the caller. After a match has ended nothing
brings the pair together again. Security definer because users write no table.';
grant execute on function public.delete_pass to authenticated;

create function public.prune_passes(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_pruned integer;
begin
    delete from public.passes as stored
    where (stored.user_id, stored.passed_id) in (
        select
            over.user_id,
            over.passed_id
        from public.passes as over
        where over.until <= now()
        order by over.until
        limit p_limit
        for update skip locked
    );
    get diagnostics v_pruned = row_count;
    return v_pruned;
end;
$$;
comment on function public.prune_passes is
'Deletes up to p_limit passes whose time is over, and returns their number.
Security definer because service_role has no grant on passes.';
grant execute on function public.prune_passes to service_role;

-- `dog_profiles.discoverable` says whom discovery may show. It is stored, because the walk through
-- the neighbourhood reads it of thousands.

create function private.is_discoverable(p_profile public.dog_profiles)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return p_profile.visible
        and p_profile.created_at is not null
        and private.missing_of_profile(
            p_profile, private.ready_photos(p_profile.user_id)
        ) = '{}'
        and not private.is_hidden(p_profile.user_id)
        and not private.is_banned(p_profile.user_id);
end;
$$;
comment on function private.is_discoverable is
'Whether the profile is published, and its owner neither hidden nor banned.';

create function private.set_discoverable()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    new.discoverable := private.is_discoverable(new);
    return new;
end;
$$;

create trigger set_discoverable
before insert or update of
user_id, visible, display_name, age, located_at, created_at, discoverable
on public.dog_profiles
for each row execute function private.set_discoverable();

create function private.refresh_discoverable(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
    -- The lock makes changes of one user take turns, so that the last one sees all others.
    perform
    from public.dog_profiles as profile
    where profile.user_id = p_user_id
    for no key update;
    update public.dog_profiles as profile
    set discoverable = not profile.discoverable
    where profile.user_id = p_user_id
        and profile.discoverable <> private.is_discoverable(profile);
end;
$$;
comment on function private.refresh_discoverable is
'Stores whether discovery may show the user, after a change of what it depends on.';

create function private.refresh_discoverable_of_row()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    perform private.refresh_discoverable(coalesce(new.user_id, old.user_id));
    return null;
end;
$$;

create trigger refresh_discoverable_when_added
after insert on public.photos
for each row when (new.status = 'ready')
execute function private.refresh_discoverable_of_row();

create trigger refresh_discoverable_when_changed
after update of status on public.photos
for each row when ((new.status = 'ready') <> (old.status = 'ready'))
execute function private.refresh_discoverable_of_row();

create trigger refresh_discoverable_when_deleted
after delete on public.photos
for each row when (old.status = 'ready')
execute function private.refresh_discoverable_of_row();

create trigger refresh_discoverable
after insert or delete on private.hidden_profiles
for each row execute function private.refresh_discoverable_of_row();

create function private.refresh_discoverable_of_account()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    perform private.refresh_discoverable(new.id);
    return null;
end;
$$;
comment on function private.refresh_discoverable_of_account is
'Security definer because Supabase Auth writes auth.users and has no rights here.';

-- A ban also ends with its time, which changes no row; then the user has to sign in again.
create trigger refresh_discoverable
after update of banned_until, last_sign_in_at on auth.users
for each row when (new.banned_until is not null or old.banned_until is not null)
execute function private.refresh_discoverable_of_account();

-- How often discovery has shown a profile. The counts order lists, and are shown to no user:
-- docs/decisions/038-discovery.md.

create table private.exposures (
    user_id uuid primary key references public.user_profiles (id) on delete cascade,
    -- Since the profile was complete for the first time. Hiding it for a while changes nothing.
    discoverable_since timestamptz not null default now(),
    shown_ever integer not null default 0,
    counted_on date not null default '-infinity',
    -- On that day: to others, and of others to this user.
    shown integer not null default 0,
    looked_at integer not null default 0
)
-- Each page changes the rows of its profiles, so there is room for their next versions.
with (fillfactor = 50);
comment on table private.exposures is
'How often discovery has shown a profile: ever, and on the last day (UTC) with any.';

alter table private.exposures enable row level security;

create function private.record_exposures(p_viewer_id uuid, p_user_ids uuid[])
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_today constant date := (now() at time zone 'UTC')::date;
    v_looked_at integer;
begin
    -- No page waits for another one. A row that both count may be counted once.
    update private.exposures as viewer
    set
        counted_on = v_today,
        shown = case viewer.counted_on when v_today then viewer.shown else 0 end,
        looked_at = cardinality(p_user_ids)
        + case viewer.counted_on when v_today then viewer.looked_at else 0 end
    from (
        select free.user_id
        from private.exposures as free
        where free.user_id = p_viewer_id
        for no key update skip locked
    ) as free
    where viewer.user_id = free.user_id
    returning viewer.looked_at into v_looked_at;
    -- So one account cannot use up what is left to many others.
    if v_looked_at > (private.discovery_limits()).most_looked_at then
        return;
    end if;
    update private.exposures as stored
    set
        counted_on = v_today,
        shown_ever = stored.shown_ever + 1,
        shown = 1 + case stored.counted_on when v_today then stored.shown else 0 end,
        looked_at = case stored.counted_on when v_today then stored.looked_at else 0 end
    from (
        select free.user_id
        from private.exposures as free
        where free.user_id = any(p_user_ids) and free.user_id <> p_viewer_id
        for no key update skip locked
    ) as free
    where stored.user_id = free.user_id;
end;
$$;
comment on function private.record_exposures is
'Counts that a page has shown these users to the viewer.';

create function private.level_of(p_activity_level text)
returns smallint
language sql
immutable
set search_path = ''
as $$
    select array_position(array['low', 'medium', 'high'], p_activity_level)::smallint;
$$;
comment on function private.level_of is
'An activity level as a number, 1 to 3.';

-- The walk reads thousands of these narrow rows. They change only with traits that others can
-- observe: moving a row changes the order of equal distances, so a user who moves within a cell
-- must not move it.
create table private.candidates (
    user_id uuid primary key references public.dog_profiles (user_id) on delete cascade,
    cell extensions.geography (point, 4326) not null,
    age smallint not null,
    min_age smallint not null,
    max_age smallint not null,
    max_metres double precision not null,
    activity smallint not null,
    wanted_activity smallint
);
comment on table private.candidates is
'The discoverable profiles with what their owners are looking for. Triggers keep it.';

-- The walk reads this index alone.
create index candidates_of_cell on private.candidates (cell)
include (user_id, age, min_age, max_age, max_metres, activity, wanted_activity);

alter table private.candidates enable row level security;

create table private.candidate_cells (
    cell extensions.geography (point, 4326) primary key
);
comment on table private.candidate_cells is
'The cells in which candidates live or have lived. In a city the walk goes from cell to cell a
hundred times faster than from candidate to candidate.';

create index candidate_cells_nearest on private.candidate_cells using gist (cell);

alter table private.candidate_cells enable row level security;

create view private.candidates_by_definition with (security_invoker = true) as
select
    profile.user_id,
    profile.cell,
    profile.age,
    wish.min_age,
    wish.max_age,
    wish.max_metres::double precision as max_metres,
    private.level_of(profile.activity_level) as activity,
    private.level_of(wish.activity_level) as wanted_activity
from public.dog_profiles as profile
cross join lateral private.preferences_of(profile.user_id) as wish
where profile.discoverable;
comment on view private.candidates_by_definition is
'What the table of candidates holds.';

create function private.refresh_candidate(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
    -- Changes of one user take turns, so that the last one sees all others.
    perform
    from public.dog_profiles as profile
    where profile.user_id = p_user_id
    for no key update;
    delete from private.candidates as stored
    using public.dog_profiles as profile
    where stored.user_id = p_user_id
        and profile.user_id = p_user_id
        and not profile.discoverable;
    insert into private.candidate_cells (cell)
    select defined.cell
    from private.candidates_by_definition as defined
    where defined.user_id = p_user_id
    on conflict do nothing;
    insert into private.candidates as stored
    select defined.*
    from private.candidates_by_definition as defined
    where defined.user_id = p_user_id
    on conflict (user_id) do update
        set
            cell = excluded.cell,
            age = excluded.age,
            activity = excluded.activity,
            min_age = excluded.min_age,
            max_age = excluded.max_age,
            max_metres = excluded.max_metres,
            wanted_activity = excluded.wanted_activity
    -- Compared as texts, which differ if any bit of a cell does.
    where stored::text <> excluded::text;
    if found then
        insert into private.exposures (user_id) values (p_user_id) on conflict do nothing;
    end if;
end;
$$;
comment on function private.refresh_candidate is
'Stores what the walk reads of a user, after a change of the profile or of the preferences.';

create function private.refresh_candidate_of_row()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    perform private.refresh_candidate(new.user_id);
    return null;
end;
$$;

create trigger refresh_candidate_when_added
after insert on public.dog_profiles
for each row when (new.discoverable)
execute function private.refresh_candidate_of_row();

create trigger refresh_candidate_when_changed
after update on public.dog_profiles
for each row when (new.discoverable or old.discoverable)
execute function private.refresh_candidate_of_row();

create trigger refresh_candidate
after insert or update on public.profile_preferences
for each row execute function private.refresh_candidate_of_row();

-- How well two dogs fit: docs/decisions/038-discovery.md. These functions name nothing but built-in
-- ones and have no search_path, so that PostgreSQL inlines them: of each call, ten microseconds.

create type private.dog_traits as (
    min_age smallint,
    max_age smallint,
    max_metres double precision,
    wanted_activity smallint,
    age smallint,
    activity smallint,
    completed_sessions bigint,
    no_shows bigint
);
comment on type private.dog_traits is
'The wishes of a user, the traits of the dog, and the meetings.';

create function private.traits_of(
    p_candidate private.candidates,
    p_completed_sessions bigint default 0,
    p_no_shows bigint default 0
)
returns private.dog_traits
language sql
immutable
as $$
    select row(
        p_candidate.min_age,
        p_candidate.max_age,
        p_candidate.max_metres,
        p_candidate.wanted_activity,
        p_candidate.age,
        p_candidate.activity,
        coalesce(p_completed_sessions, 0),
        coalesce(p_no_shows, 0)
    )::private.dog_traits;
$$;

create function private.satisfaction(
    p_viewer private.dog_traits, p_other private.dog_traits, p_metres double precision
)
returns double precision
language sql
immutable
as $$
    -- Each part is in 0…1; their weights add up to 1.
    select
        -- Half at a quarter of the way to the viewer's limit, a fifth at the limit.
        power(1 + 4 * p_metres / greatest(p_viewer.max_metres, 1000), -0.4)
        -- Best is the own dog's age, or what the wished ages have nearest to it.
        * power(
            1
            + abs(
                p_other.age
                - least(greatest(p_viewer.age, p_viewer.min_age), p_viewer.max_age)
            ) / 8.0::double precision
            + greatest(p_viewer.min_age - p_other.age, p_other.age - p_viewer.max_age, 0),
            -0.25
        )
        -- A wish counts for more than a guess from the own dog.
        * power(
            1 + case
                when p_viewer.wanted_activity is not null
                    then abs(p_other.activity - p_viewer.wanted_activity)
                else 0.4::double precision * abs(p_other.activity - p_viewer.activity)
            end,
            -0.2
        )
        -- As if everyone had kept three of four promises before.
        * power(
            (p_other.completed_sessions + 3.0::double precision)
            / (p_other.completed_sessions + p_other.no_shows + 4),
            0.15
        );
$$;
comment on function private.satisfaction is
'How well the other dog is what the viewer is looking for, at this distance: in 0…1.';

create function private.pair_score(
    p_one private.dog_traits, p_other private.dog_traits, p_metres double precision
)
returns double precision
language sql
immutable
as $$
    select sqrt(
        private.satisfaction(p_one, p_other, p_metres)
        * private.satisfaction(p_other, p_one, p_metres)
    );
$$;
comment on function private.pair_score is
'The geometric mean of what both find in each other: in 0…1, the same both ways, and low if either
would be disappointed.';

create function private.pair_reasons(
    p_viewer private.dog_traits, p_other private.dog_traits, p_metres double precision
)
returns jsonb
language sql
-- Stable, as to_jsonb is: otherwise it is not inlined.
stable
as $$
    -- No reason reveals what the other user is looking for.
    select to_jsonb(array_remove(
        array[
            case when p_metres <= p_viewer.max_metres / 4 then 'nearby' end,
            case when p_metres > p_viewer.max_metres then 'beyond_your_distance' end,
            case when abs(p_other.age - p_viewer.age) <= 1 then 'similar_age' end,
            case
                when p_other.age not between p_viewer.min_age and p_viewer.max_age
                    then 'outside_your_ages'
            end,
            case
                when p_other.activity = p_viewer.wanted_activity then 'wanted_activity'
                when p_other.activity = p_viewer.activity then 'same_activity'
            end,
            case
                when p_other.completed_sessions >= 3
                    and p_other.completed_sessions >= 10 * p_other.no_shows
                    then 'keeps_appointments'
            end
        ],
        null
    ));
$$;
comment on function private.pair_reasons is
'What speaks for the other dog, and which of the viewer''s limits it lies beyond.';

create function private.metres_between(p_one extensions.geography, p_other extensions.geography)
returns double precision
language sql
immutable
as $$
    -- In one order, so that both read the same number.
    select case
        when p_one operator (extensions.<) p_other
            then extensions.st_distance(p_one, p_other, false)
        else extensions.st_distance(p_other, p_one, false)
    end;
$$;

create function private.stage_of_pair(
    p_viewer private.candidates, p_other private.candidates, p_metres double precision
)
returns integer
language sql
immutable
as $$
    -- The other's ages hold in every stage. A distance is wide or far for both alike.
    select case
        when p_viewer.age not between p_other.min_age and p_other.max_age
            or p_other.age not between p_viewer.min_age - 2 and p_viewer.max_age + 2
            then null
        when p_metres <= least(p_viewer.max_metres, p_other.max_metres)
            and p_other.age between p_viewer.min_age and p_viewer.max_age
            then 0
        when p_metres <= 2 * least(p_viewer.max_metres, p_other.max_metres) then 1
        else 2
    end;
$$;
comment on function private.stage_of_pair is
'The first stage in which the viewer sees the other one: 0 as both prefer, 1 wider, 2 anywhere. Null
if in none.';

create function private.discovery_limits(
    -- Of the list.
    out most_listed integer,
    -- Of the walk: enough candidates; profiles to look at, and so many more if few fit.
    out most_kept integer,
    out most_scanned integer,
    out few integer,
    out most_scanned_for_few integer,
    -- Of fairness: shown a day to others, and others a day to one viewer.
    out most_shown integer,
    out most_looked_at integer,
    -- A profile is new for so long, until it has been shown so often, and has one place in so many.
    out new_for interval,
    out new_until_shown integer,
    out slot_of_new integer
)
language plpgsql
immutable
set search_path = ''
as $$
begin
    select 500, 200, 3000, 50, 20000, 60, 300, interval '14 days', 100, 10
    into
        most_listed,
        most_kept,
        most_scanned,
        few,
        most_scanned_for_few,
        most_shown,
        most_looked_at,
        new_for,
        new_until_shown,
        slot_of_new;
end;
$$;
comment on function private.discovery_limits is
'Where discovery stops. docs/benchmarks.md has what other numbers cost and find.';

create view private.kept_apart with (security_invoker = true) as
-- One branch for each index in which a pair is looked up.
select
    given.user_id,
    given.liked_id as other_id
from public.likes as given
union all
select
    given.user_id,
    given.passed_id as other_id
from public.passes as given
where given.until > now()
union all
select
    received.passed_id as user_id,
    received.user_id as other_id
from public.passes as received
where received.until > now()
union all
select
    block.user_id,
    block.blocked_id as other_id
from private.blocks as block
union all
select
    block.blocked_id as user_id,
    block.user_id as other_id
from private.blocks as block;
comment on view private.kept_apart is
'Users, and others whom discovery does not show them: whom they liked or passed on, who passed on
them, and blocks either way.';

create view private.matched_pairs with (security_invoker = true) as
select
    least(pair.user1_id, pair.user2_id) as first_id,
    greatest(pair.user1_id, pair.user2_id) as second_id
from public.wingman_matches as pair
where
    pair.status in ('pending', 'accepted')
    and private.match_status(pair) <> 'expired'
union all
select
    least(pair.user1_id, pair.user2_id) as first_id,
    greatest(pair.user1_id, pair.user2_id) as second_id
from public.wingman_matches as pair
where pair.status = 'ended';
comment on view private.matched_pairs is
'Pairs with a match, an open invitation, or a match that has ended.';

create type private.walked as (
    user_id uuid,
    min_age smallint,
    max_age smallint,
    max_metres double precision,
    wanted_activity smallint,
    age smallint,
    activity smallint,
    metres double precision,
    is_new boolean
);
comment on type private.walked is
'A candidate and what the order of the list depends on, so that it is looked up once.';

create function private.walk(
    p_viewer private.candidates,
    out stage integer,
    out fitting private.walked[],
    out rested private.walked[]
)
language plpgsql
stable
set search_path = ''
set jit = off
-- By the nested loops of these indexes, a limit ends the walk early.
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
    v_limits constant record := private.discovery_limits();
    -- Where to look, one after the other: how far, at how many, and for which stage.
    v_radii constant double precision[] := array[
        p_viewer.max_metres, p_viewer.max_metres, 2 * p_viewer.max_metres, 21e6
    ];
    v_most constant integer[] := array[
        v_limits.most_scanned,
        v_limits.most_scanned_for_few,
        v_limits.most_scanned_for_few,
        v_limits.most_scanned
    ];
    v_stages constant integer[] := array[0, 0, 1, 2];
    v_today constant date := (now() at time zone 'UTC')::date;
    v_cell constant extensions.geography := p_viewer.cell;
    v_traits constant private.dog_traits := private.traits_of(p_viewer);
    -- Read once: a look-up for each candidate costs more than all other steps of the walk.
    v_apart constant uuid[] := array(
        select pair.other_id from private.kept_apart as pair where pair.user_id = p_viewer.user_id
    );
    v_partners constant uuid[] := private.partners_of(p_viewer.user_id);
    v_scanned bigint;
    v_best record;
begin
    for v_try in 1..4 loop
        stage := 3;
        fitting := '{}';
        rested := '{}';
        for v_best in
            with scanned as materialized (
                select
                    known.user_id,
                    known.min_age,
                    known.max_age,
                    known.max_metres,
                    known.wanted_activity,
                    known.age,
                    known.activity,
                    near.metres,
                    private.stage_of_pair(p_viewer, known, near.metres) as stage
                from (
                    select
                        inhabited.cell,
                        private.metres_between(inhabited.cell, v_cell) as metres
                    from private.candidate_cells as inhabited
                    where extensions.st_dwithin(inhabited.cell, v_cell, v_radii[v_try], false)
                    order by inhabited.cell operator (extensions.<->) v_cell
                    limit v_most[v_try]
                ) as near
                inner join private.candidates as known
                    on near.cell operator (extensions.=) known.cell
                limit v_most[v_try]
            )

            select
                counted.scanned,
                fit.*
            from (select count(*) as scanned from scanned) as counted
            left join lateral (
                select
                    best.stage,
                    seen.shown,
                    row(
                        best.user_id,
                        best.min_age,
                        best.max_age,
                        best.max_metres,
                        best.wanted_activity,
                        best.age,
                        best.activity,
                        best.metres,
                        seen.is_new
                    )::private.walked as candidate
                from (
                    select one.*
                    from scanned as one
                    where one.stage is not null
                        and one.user_id <> p_viewer.user_id
                        and one.user_id not in (
                            select apart.user_id from unnest(v_apart) as apart (user_id)
                        )
                    order by
                        one.stage,
                        private.pair_score(
                            v_traits,
                            row(
                                one.min_age,
                                one.max_age,
                                one.max_metres,
                                one.wanted_activity,
                                one.age,
                                one.activity,
                                0,
                                0
                            )::private.dog_traits,
                            one.metres
                        ) desc,
                        one.user_id
                    -- Sorted first: only so many are looked up below as the loop takes.
                    offset 0
                ) as best
                cross join lateral (
                    select
                        case exposed.counted_on when v_today then exposed.shown else 0 end as shown,
                        exposed.shown_ever < v_limits.new_until_shown
                        and exposed.discoverable_since > now() - v_limits.new_for as is_new
                    from private.exposures as exposed
                    where exposed.user_id = best.user_id
                    offset 0
                ) as seen
                where best.user_id not in (
                        select partner.user_id from unnest(v_partners) as partner (user_id)
                    )
                    or not exists (
                        select
                        from private.matched_pairs as pair
                        where pair.first_id = least(p_viewer.user_id, best.user_id)
                            and pair.second_id = greatest(p_viewer.user_id, best.user_id)
                        offset 0
                    )
            ) as fit on true
        loop
            v_scanned := v_best.scanned;
            -- No user is left, or only users of a worse stage.
            exit when v_best.stage is null or v_best.stage > stage;
            stage := v_best.stage;
            if v_best.shown < v_limits.most_shown then
                fitting := fitting || v_best.candidate;
            elsif cardinality(rested) < v_limits.most_kept then
                rested := rested || v_best.candidate;
            end if;
            exit when cardinality(fitting) >= v_limits.most_kept;
        end loop;
        exit when v_try > 1 and v_scanned = v_most[v_try];
        exit when stage <= v_stages[v_try]
            and (
                v_try > 1
                or v_scanned < v_most[v_try]
                or cardinality(fitting) >= v_limits.few
            );
    end loop;
    stage := least(stage, 2);
end;
$$;
comment on function private.walk is
'From the viewer''s cell outward, and then by score: the candidates of the first stage that has any,
and apart from them those that were shown often enough today.';

create function private.ranked(
    p_viewer private.candidates, p_fitting private.walked[], p_rested private.walked[]
)
returns table (user_id uuid, score double precision, reasons jsonb)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set jit = off
-- It reads some hundred rows of tables that may be large.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_limits constant record := private.discovery_limits();
    v_candidates constant private.walked[] := p_fitting || p_rested;
    v_traits private.dog_traits;
begin
    v_traits := (
        select private.traits_of(p_viewer, counted.completed_sessions, counted.no_shows)
        from (select) as viewer
        left join private.reputations_of(array[p_viewer.user_id]) as counted on true
    );
    return query
    with scored as (
        select
            other.user_id,
            private.pair_score(v_traits, other.traits, other.metres) as score,
            private.pair_reasons(v_traits, other.traits, other.metres) as reasons,
            other.place > cardinality(p_fitting) as rests,
            other.is_new
        from (
            select
                given.*,
                row(
                    given.min_age,
                    given.max_age,
                    given.max_metres,
                    given.wanted_activity,
                    given.age,
                    given.activity,
                    coalesce(counted.completed_sessions, 0),
                    coalesce(counted.no_shows, 0)
                )::private.dog_traits as traits
            from unnest(v_candidates) with ordinality as given (
                user_id,
                min_age,
                max_age,
                max_metres,
                wanted_activity,
                age,
                activity,
                metres,
                is_new,
                place
            )
            left join private.reputations_of(
                array(select candidate.user_id from unnest(v_candidates) as candidate)
            ) as counted on given.user_id = counted.user_id
        ) as other
    ),

    placed as (
        select
            scored.*,
            row_number() over (
                order by
                    scored.rests,
                    scored.score desc,
                    -- Equals are always in the same order, and in another one for each viewer.
                    md5(p_viewer.user_id::text || scored.user_id::text)
            ) as place
        from scored
    ),

    numbered as (
        select
            placed.*,
            placed.is_new and not placed.rests as has_slot,
            row_number() over (
                partition by placed.is_new and not placed.rests order by placed.place
            ) as place_of_kind
        from placed
    )

    select
        numbered.user_id,
        numbered.score,
        case
            when numbered.is_new then numbered.reasons || '["new_here"]' else numbered.reasons
        end
    from numbered
    -- By how many of the others come before. The first new one is fifth at least, the second one
    -- fifteenth, and so on.
    order by
        case
            when numbered.has_slot
                then least(
                    numbered.place - numbered.place_of_kind,
                    (v_limits.slot_of_new - 1) * numbered.place_of_kind - v_limits.slot_of_new / 2
                )
            else numbered.place_of_kind - 1
        end,
        numbered.has_slot desc,
        numbered.place
    limit v_limits.most_listed;
end;
$$;
comment on function private.ranked is
'The best first, with places kept for new profiles; after all others those that rest.';

create function private.discovery_list(p_viewer_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_viewer private.candidates;
    v_walk record;
begin
    select stored.* into v_viewer
    from private.candidates as stored
    where stored.user_id = p_viewer_id;
    if v_viewer.user_id is null then
        return '{"stage": "preferred", "radius_metres": null, "candidates": []}'::jsonb;
    end if;
    v_walk := private.walk(v_viewer);
    return jsonb_build_object(
        'stage', (array['preferred', 'wider', 'anywhere'])[v_walk.stage + 1],
        'radius_metres', case when v_walk.stage < 2
            then v_viewer.max_metres * (v_walk.stage + 1)
        end,
        'candidates', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'user_id', listed.user_id,
                        -- More digits would show what the other user is looking for.
                        'score', round(listed.score::numeric, 2),
                        'reasons', listed.reasons
                    )
                    order by listed.place
                ),
                '[]'
            )
            from private.ranked(v_viewer, v_walk.fitting, v_walk.rested)
            with ordinality as listed (user_id, score, reasons, place)
        )
    );
end;
$$;
comment on function private.discovery_list is
'Whom discovery proposes to a user, at most 500, and how far it had to look. Empty if the user is
not discoverable.';

create function private.may_be_shown(p_viewer_id uuid, p_user_ids uuid[], p_stage text)
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
begin
    return array(
        select other.user_id
        from private.candidates as viewer
        inner join private.candidates as other on other.user_id = any(p_user_ids)
        inner join private.like_refusals(p_viewer_id, p_user_ids) as liked
            on other.user_id = liked.user_id
        cross join lateral (
            select private.metres_between(viewer.cell, other.cell) as metres
            offset 0
        ) as way
        where viewer.user_id = p_viewer_id
            and liked.refusal is null
            and private.stage_of_pair(viewer, other, way.metres)
            <= array_position(array['preferred', 'wider', 'anywhere'], p_stage) - 1
            and not exists (
                select
                from private.kept_apart as pair
                where pair.user_id = p_viewer_id and pair.other_id = other.user_id
                -- Look up the pair; do not read all that the viewer has swiped.
                offset 0
            )
            and not exists (
                select
                from private.matched_pairs as pair
                where pair.first_id = least(p_viewer_id, other.user_id)
                    and pair.second_id = greatest(p_viewer_id, other.user_id)
                offset 0
            )
    );
end;
$$;
comment on function private.may_be_shown is
'Those of the users whom an older list proposes in a stage who may still be shown to the viewer.';

create function private.discovery_page_of(
    p_viewer_id uuid, p_user_ids uuid[], p_shown integer[], p_limit integer
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'shown', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object('position', shown.position, 'card', known.card)
                    order by shown.position
                ),
                '[]'
            )
            from unnest(p_shown) as shown (position)
            inner join private.cards_of(
                p_viewer_id,
                array(
                    select distinct p_user_ids[each.position]
                    from unnest(p_shown) as each (position)
                )
            ) as known on known.user_id = p_user_ids[shown.position]
        ),
        'scanned', case
            when cardinality(p_shown) < p_limit then cardinality(p_user_ids)
            else coalesce(p_shown[p_limit], 0)
        end
    );
end;
$$;
comment on function private.discovery_page_of is
'The cards at the positions p_shown of a list, and how many of the list were looked at for them.';

create function private.discovery_cards(
    p_viewer_id uuid, p_user_ids uuid[], p_stage text, p_limit integer
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_shown integer[] := array[]::integer[];
    v_next integer[];
    v_allowed uuid[];
begin
    while cardinality(v_shown) < p_limit loop
        v_next := array(
            select asked.position::integer
            from unnest(p_user_ids) with ordinality as asked (user_id, position)
            where asked.position > coalesce(v_next[p_limit], 0)
                -- Most users who are no longer shown were swiped, which is the cheapest check.
                and not exists (
                    select
                    from public.likes as mine
                    where mine.user_id = p_viewer_id and mine.liked_id = asked.user_id
                    offset 0
                )
                and not exists (
                    select
                    from public.passes as mine
                    where mine.user_id = p_viewer_id
                        and mine.passed_id = asked.user_id
                        and mine.until > now()
                    offset 0
                )
            order by asked.position
            limit p_limit
        );
        v_allowed := private.may_be_shown(
            p_viewer_id,
            array(select p_user_ids[batch.position] from unnest(v_next) as batch (position)),
            p_stage
        );
        v_shown := v_shown || array(
            select batch.position
            from unnest(v_next) as batch (position)
            where p_user_ids[batch.position] = any(v_allowed)
            order by batch.position
        );
        exit when cardinality(v_next) < p_limit;
    end loop;
    return private.discovery_page_of(p_viewer_id, p_user_ids, v_shown[:p_limit], p_limit);
end;
$$;
comment on function private.discovery_cards is
'The cards of the first p_limit candidates who may be shown now, and how many were looked at.';

-- Lists of candidates are cached outside the database, which says whether a list still holds:
-- docs/decisions/039-discovery-cache.md.

create table private.discovery_generations (
    user_id uuid primary key references public.user_profiles (id) on delete cascade,
    generation bigint not null default 0,
    returned_in bigint not null default 0,
    changed_in bigint not null default 0,
    listed_in bigint not null default 0,
    listed_at timestamptz,
    seen_at timestamptz,
    queued_at timestamptz
);
comment on table private.discovery_generations is
'The changes by which a user''s lists of candidates age. Without a row there was none.';
comment on column private.discovery_generations.generation is
'Raised by each change: a list of an earlier generation may hold users who are no candidates.';
comment on column private.discovery_generations.returned_in is
'The last generation in which someone may have become a candidate again.';
comment on column private.discovery_generations.changed_in is
'The last generation in which the user began to look for others, or from elsewhere.';
comment on column private.discovery_generations.listed_in is
'The generation of the newest list, which was made at `listed_at`.';

create index discovery_generations_by_seen on private.discovery_generations (seen_at);

alter table private.discovery_generations enable row level security;

create type private.discovery_change as enum ('removal', 'return', 'change');

create function private.raise_discovery(p_user_id uuid, p_change private.discovery_change)
returns void
language sql
set search_path = ''
as $$
    -- Nothing for an account that is being deleted.
    insert into private.discovery_generations as held (user_id, generation, returned_in, changed_in)
    select
        profile.id,
        1,
        case p_change when 'return' then 1 else 0 end,
        case p_change when 'change' then 1 else 0 end
    from public.user_profiles as profile
    where profile.id = p_user_id
    on conflict (user_id) do update
    set
        generation = held.generation + 1,
        returned_in = case p_change
            when 'return' then held.generation + 1 else held.returned_in
        end,
        changed_in = case p_change
            when 'change' then held.generation + 1 else held.changed_in
        end;
$$;
comment on function private.raise_discovery is
'Begins a generation of the user''s lists, in the transaction of the change.';

create function private.raise_discovery_of_actor()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    if coalesce(new.user_id, old.user_id) = (select auth.uid()) then
        perform private.raise_discovery(
            coalesce(new.user_id, old.user_id),
            case tg_op when 'DELETE' then 'return' else 'removal' end::private.discovery_change
        );
    end if;
    return null;
end;
$$;
comment on function private.raise_discovery_of_actor is
'For a user''s own likes, passes and blocks. A step changes the generation of its user alone: if it
locked those of two users, steps could wait for each other.';

create trigger raise_discovery
after insert or update or delete on public.likes
for each row execute function private.raise_discovery_of_actor();

create trigger raise_discovery
after insert or update or delete on public.passes
for each row execute function private.raise_discovery_of_actor();

create trigger raise_discovery
after insert or update or delete on private.blocks
for each row execute function private.raise_discovery_of_actor();

create function private.raise_discovery_of_owner()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    perform private.raise_discovery(new.user_id, 'change');
    return null;
end;
$$;

create trigger raise_discovery_when_added
after insert on public.profile_preferences
for each row execute function private.raise_discovery_of_owner();

create trigger raise_discovery_when_changed
after update on public.profile_preferences
for each row when (new.* is distinct from old.*)
execute function private.raise_discovery_of_owner();

create trigger raise_discovery_when_added
after insert on public.dog_profiles
for each row execute function private.raise_discovery_of_owner();

-- The cell and not the place: a step within the cell changes nothing that others could see.
create trigger raise_discovery_when_changed
after update on public.dog_profiles
for each row when (
    (new.cell::text, new.age, new.activity_level, new.visible)
    is distinct from (old.cell::text, old.age, old.activity_level, old.visible)
)
execute function private.raise_discovery_of_owner();

create function private.discovery_state(p_user_id uuid)
returns private.discovery_generations
language plpgsql
stable
set search_path = ''
as $$
begin
    return coalesce(
        (
            select stored.*::private.discovery_generations
            from private.discovery_generations as stored
            where stored.user_id = p_user_id
        ),
        row(p_user_id, 0, 0, 0, 0, null, null, null)::private.discovery_generations
    );
end;
$$;

create function private.require_published(p_user_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
    v_profile public.dog_profiles;
begin
    if private.is_published(p_user_id) then
        return;
    end if;
    select stored.* into v_profile
    from public.dog_profiles as stored
    where stored.user_id = p_user_id;
    v_profile.user_id := p_user_id;
    raise exception 'profile_incomplete' using
        errcode = 'WD001',
        detail = array_to_string(
            private.missing_of_profile(v_profile, private.ready_photos(p_user_id))
            || case when not v_profile.visible then array['visible'] end,
            ','
        );
end;
$$;
comment on function private.require_published is
'Refuses users who want to see others without being seen. The detail names what is missing.';

create function private.new_discovery_list(p_user_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    -- Read before the candidates, so that a change in between makes the list look too old.
    v_generation constant bigint := (private.discovery_state(p_user_id)).generation;
    v_unit constant text := (private.preferences_of(p_user_id)).distance_unit;
    v_list constant jsonb := private.discovery_list(p_user_id);
begin
    insert into private.discovery_generations as held (user_id, listed_in, listed_at)
    values (p_user_id, v_generation, clock_timestamp())
    on conflict (user_id) do update
    set listed_in = excluded.listed_in, listed_at = excluded.listed_at;
    return jsonb_build_object(
        'generation', v_generation,
        'stage', v_list -> 'stage',
        'radius', case when v_list ->> 'radius_metres' is not null then jsonb_build_object(
            'value', trim_scale(round(
                (v_list ->> 'radius_metres')::numeric / private.metres_in(v_unit), 2
            )),
            'unit', v_unit
        ) end,
        'candidates', v_list -> 'candidates'
    );
end;
$$;

create function private.lock_discovery_list(p_user_id uuid, p_wait boolean)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    v_key constant bigint := hashtextextended('discovery ' || p_user_id, 0);
begin
    if p_wait then
        perform pg_advisory_xact_lock(v_key);
        return true;
    end if;
    return pg_try_advisory_xact_lock(v_key);
end;
$$;

create function private.renewed_discovery_list(p_user_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_state private.discovery_generations;
begin
    if not private.lock_discovery_list(p_user_id, false) then
        return null;
    end if;
    v_state := private.discovery_state(p_user_id);
    -- Another request has made this list and is about to store it. If it died, the next one comes
    -- soon enough.
    if v_state.listed_in = v_state.generation
        and v_state.listed_at > clock_timestamp() - interval '5 seconds' then
        return null;
    end if;
    return private.new_discovery_list(p_user_id);
end;
$$;
comment on function private.renewed_discovery_list is
'A new list for a user whose old one no longer holds. Null while another request makes it, which is
not waited for: once per generation, however many ask.';

create function private.note_discovery(p_viewer_id uuid, p_page jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
    perform private.record_exposures(p_viewer_id, array(
        select (each.value -> 'card' ->> 'user_id')::uuid
        from jsonb_array_elements(p_page -> 'shown') as each
    ));
    -- Does not wait for a request that makes a list.
    update private.discovery_generations as held
    set seen_at = now()
    where held.user_id in (
        select due.user_id
        from private.discovery_generations as due
        where due.user_id = p_viewer_id
            and (due.seen_at is null or due.seen_at < now() - interval '5 minutes')
        for no key update skip locked
    );
end;
$$;

create function private.first_discovery_page(
    p_viewer_id uuid, p_list jsonb, p_limit integer
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_user_ids constant uuid[] := array(
        select (candidate.value ->> 'user_id')::uuid
        from jsonb_array_elements(p_list -> 'candidates') with ordinality as candidate
        order by candidate.ordinality
    );
begin
    return private.discovery_page_of(
        p_viewer_id,
        v_user_ids,
        array(select generate_series(1, least(p_limit, cardinality(v_user_ids)))),
        p_limit
    ) || jsonb_build_object('list', p_list, 'outdated', false);
end;
$$;
comment on function private.first_discovery_page is
'The first page of a list that was made just now, so nothing of it is checked again.';

create function public.discover(p_limit integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_page jsonb;
begin
    perform private.require_published(v_caller);
    perform private.lock_discovery_list(v_caller, true);
    v_page := private.first_discovery_page(
        v_caller, private.new_discovery_list(v_caller), least(p_limit, 50)
    );
    perform private.note_discovery(v_caller, v_page);
    return v_page;
end;
$$;
comment on function public.discover is
'A new list of candidates for the caller, and its first page.
Security definer because users have no grant on what it reads.';
grant execute on function public.discover to authenticated;

create function public.discovery_page(
    p_user_ids uuid[],
    p_stage text,
    p_generation bigint,
    p_limit integer,
    p_first boolean,
    p_renewable boolean
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_limit constant integer := least(p_limit, 50);
    v_state private.discovery_generations;
    v_over boolean;
    v_page jsonb;
    v_list jsonb;
begin
    perform private.check_length(cardinality(p_user_ids), 500);
    perform private.check_length(char_length(p_stage), 20);
    perform private.require_published(v_caller);
    v_state := private.discovery_state(v_caller);
    -- A generation above the current one: the database was set back.
    v_over := p_generation < v_state.changed_in or p_generation > v_state.generation;
    if v_over and not p_first then
        raise exception 'cursor_expired' using errcode = 'WD002';
    end if;
    v_page := private.discovery_cards(v_caller, p_user_ids, p_stage, v_limit)
        || '{"list": null, "outdated": false}';
    if p_first and (
        v_over
        or p_generation < v_state.returned_in
        or (
            jsonb_array_length(v_page -> 'shown') < v_limit
            and (p_renewable or p_generation < v_state.generation)
        )
    ) then
        v_list := private.renewed_discovery_list(v_caller);
        v_page := case
            when v_list is null then v_page || '{"outdated": true}'
            else private.first_discovery_page(v_caller, v_list, v_limit)
        end;
    end if;
    perform private.note_discovery(v_caller, v_page);
    return v_page;
end;
$$;
comment on function public.discovery_page is
'A page of a cached list, of which p_user_ids is what follows the last page. Each user is checked
again. A first page comes of a new list if the caller''s changes ask for one, or if p_renewable and
the old list does not fill it.
Security definer because users have no grant on what it reads.';
grant execute on function public.discovery_page to authenticated;

create function private.is_list_stale(p_state private.discovery_generations)
returns boolean
language sql
stable
set search_path = ''
as $$
    select p_state.listed_at is null
        or p_state.listed_at < now() - interval '14 minutes'
        or p_state.listed_in < greatest(p_state.returned_in, p_state.changed_in);
$$;

create function public.claim_stale_discovery_lists(p_limit integer)
returns uuid[]
language sql
security definer
set search_path = ''
as $$
    with claimed as (
        update private.discovery_generations as held
        set queued_at = now()
        where held.user_id in (
            select due.user_id
            from private.discovery_generations as due
            where due.seen_at > now() - interval '1 day'
                -- A user who is paging now gets a new list with the next first page; a new one
                -- from here would end the cursor.
                and due.seen_at < now() - interval '10 minutes'
                and private.is_list_stale(due)
                and (due.queued_at is null or due.queued_at < now() - interval '14 minutes')
            order by due.seen_at desc
            limit p_limit
            for update skip locked
        )
        returning held.user_id
    )

    select coalesce(array_agg(claimed.user_id), '{}') from claimed;
$$;
comment on function public.claim_stale_discovery_lists is
'The users who looked for others within a day and whose list is stale, those who were here last
first. Each is claimed for 14 minutes.
Security definer because service_role has no grant on generations.';
grant execute on function public.claim_stale_discovery_lists to service_role;

create function public.refresh_discovery_lists(p_user_ids uuid[])
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_user_id uuid;
    v_lists jsonb := jsonb '[]';
begin
    perform private.check_length(cardinality(p_user_ids), 50);
    foreach v_user_id in array p_user_ids loop
        continue when not private.is_published(v_user_id)
            or not private.lock_discovery_list(v_user_id, false)
            or not private.is_list_stale(private.discovery_state(v_user_id));
        v_lists := v_lists || jsonb_build_object(
            'user_id', v_user_id, 'list', private.new_discovery_list(v_user_id)
        );
    end loop;
    return v_lists;
end;
$$;
comment on function public.refresh_discovery_lists is
'New lists for those of these users whose list is still stale and is not being made elsewhere.
Security definer because service_role has no grant on what it reads.';
grant execute on function public.refresh_discovery_lists to service_role;

-- The list of notifications in the app: docs/decisions/041-push.md.

create table private.feeds (
    user_id uuid primary key references public.user_profiles (id) on delete cascade,
    last_seq bigint not null
);
comment on table private.feeds is
'The number of the newest notification of each user. Its row is the lock of the list.';

alter table private.feeds enable row level security;

create table public.notifications (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    kind text not null references private.notification_kinds (kind),
    match_id uuid references public.wingman_matches (id) on delete cascade,
    subject_id uuid,
    subject_revision integer,
    facts jsonb not null,
    dedupe_key text not null unique,
    due_at timestamptz not null,
    recorded_at timestamptz not null default now(),
    recorded_in xid8 not null default pg_current_xact_id(),
    request_id text default private.request_id(),
    entry bigint generated always as identity,
    seq bigint,
    listed_at timestamptz,
    read_at timestamptz,
    superseded boolean not null default false,
    constraint notifications_listed_whole check ((seq is null) = (listed_at is null))
);
comment on table public.notifications is
'What the app lists for a user. The text is rendered from the facts when it is read.';
comment on column public.notifications.seq is
'Its place in the user''s list, in the order of commits. Null until it is due and committed.';
comment on column public.notifications.superseded is
'A newer one of the same kind says the same of the same subject, and is listed instead.';
comment on column public.notifications.request_id is
'The request or schedule that recorded it, also of its push.';
comment on column public.notifications.recorded_in is
'The transaction that recorded it, which numbers it as it commits.';

create unique index notifications_of_user
on public.notifications (user_id, seq)
where seq is not null;
create index notifications_unread
on public.notifications (user_id, match_id)
where read_at is null and seq is not null and not superseded;
create index notifications_of_match
on public.notifications (match_id)
where match_id is not null;
create index notifications_of_subject
on public.notifications ((coalesce(subject_id, match_id)), kind)
where not superseded;
create index notifications_uncommitted
on public.notifications (recorded_in)
where seq is null;
create index notifications_waiting
on public.notifications (due_at)
where seq is null;
create index notifications_age
on public.notifications using brin (recorded_at) with (autosummarize = on);

-- No policy and no grant: users read their list through functions.
alter table public.notifications enable row level security;

create function private.list_notification(
    p_kind private.notification_kinds,
    p_user_id uuid,
    p_facts jsonb,
    p_dedupe_key text,
    p_match_id uuid,
    p_subject_id uuid,
    p_subject_revision integer,
    p_due_at timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    -- Both users of a match are notified of it, the one who acts too.
    v_is_own_step constant boolean := coalesce(
        auth.uid() = p_user_id and p_kind.push_category is distinct from 'matches', false
    );
    v_id uuid;
begin
    insert into public.notifications (
        user_id, kind, match_id, subject_id, subject_revision, facts, dedupe_key, due_at, read_at
    )
    values (
        p_user_id,
        p_kind.kind,
        p_match_id,
        p_subject_id,
        p_subject_revision,
        jsonb_strip_nulls(p_facts),
        p_dedupe_key,
        p_due_at,
        case when v_is_own_step and p_due_at <= now() then now() end
    )
    on conflict (dedupe_key) do nothing
    returning id into v_id;
    if v_id is null
        or v_is_own_step
        or p_due_at > now()
        or p_kind.push_category is null
        or private.is_held(p_dedupe_key) then
        return '[]'::jsonb;
    end if;
    return private.record_push(v_id, p_user_id);
end;
$$;
comment on function private.list_notification is
'Records a notification for the list, and its push. One about the user''s own step is read already,
and is not pushed.';

create function private.is_read_message(p_notification public.notifications)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return p_notification.kind = 'message' and private.has_seen(
        p_notification.user_id, p_notification.match_id, p_notification.subject_revision
    );
end;
$$;

create function private.is_received_message(p_notification public.notifications)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return p_notification.kind = 'message' and private.has_received(
        p_notification.user_id, p_notification.match_id, p_notification.subject_revision
    );
end;
$$;

create function private.number_notification(p_notification public.notifications)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_seq bigint;
begin
    insert into private.feeds as feed (user_id, last_seq) values (p_notification.user_id, 1)
    on conflict (user_id) do update set last_seq = feed.last_seq + 1
    returning feed.last_seq into v_seq;
    update public.notifications as earlier
    set superseded = true
    where earlier.user_id = p_notification.user_id
        and earlier.kind = p_notification.kind
        and coalesce(earlier.subject_id, earlier.match_id)
        = coalesce(p_notification.subject_id, p_notification.match_id)
        and earlier.seq is not null
        and not earlier.superseded;
    -- Taken after the lock, so it never runs backwards against the number.
    update public.notifications as listed
    set
        seq = v_seq,
        listed_at = clock_timestamp(),
        -- A message may have been read while this waited for the lock.
        read_at = coalesce(
            listed.read_at, case when private.is_read_message(listed) then clock_timestamp() end
        )
    where listed.id = p_notification.id;
end;
$$;

create function private.number_notifications()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_notification public.notifications;
begin
    for v_notification in
        select recorded.*
        from public.notifications as recorded
        where recorded.recorded_in = pg_current_xact_id()
            and recorded.seq is null
            and recorded.due_at <= now()
        order by recorded.user_id, recorded.entry
    loop
        perform private.number_notification(v_notification);
    end loop;
    return null;
end;
$$;
comment on function private.number_notifications is
'Numbers what a transaction has recorded, as it commits. A number taken earlier would not be in the
order of commits: a list that was read in between would miss it for ever. Users are locked in one
order, and only until the commit ends, so transactions that notify each other''s users cannot
deadlock. Security definer because the trigger runs as whoever commits.';

create constraint trigger number_notifications
after insert on public.notifications
deferrable initially deferred
for each row
when (new.due_at <= new.recorded_at)
execute function private.number_notifications();

create function private.is_void(
    p_notification public.notifications, p_kind private.notification_kinds
)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return private.is_read_message(p_notification) or exists (
        select
        from private.notification_subjects as subject
        where subject.id = p_notification.subject_id
            and (
                subject.status = any(p_kind.void_in)
                or (
                    p_kind.tied_to_revision
                    and p_notification.subject_revision < subject.revision
                )
            )
    ) or (
        p_notification.subject_id is null
        and exists (
            select
            from public.wingman_matches as pair
            where pair.id = p_notification.match_id
                and private.match_status(pair) = any(p_kind.void_in)
        )
    );
end;
$$;
comment on function private.is_void is
'Whether a notification says nothing true any more.';

create function public.list_due_notifications(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_notification public.notifications;
    v_kind private.notification_kinds;
    v_listed integer := 0;
begin
    for v_notification in
        with
        due as materialized (
            select waiting.*
            from public.notifications as waiting
            where waiting.seq is null and waiting.due_at <= now()
            order by waiting.due_at
            limit p_limit
            for update skip locked
        )

        select * from due order by due.user_id, due.entry
    loop
        select known.* into strict v_kind
        from private.notification_kinds as known
        where known.kind = v_notification.kind;
        if private.is_void(v_notification, v_kind) then
            delete from public.notifications as void where void.id = v_notification.id;
        else
            perform private.number_notification(v_notification);
            if v_kind.push_category is not null
                and not private.is_received_message(v_notification) then
                perform private.record_push(v_notification.id, v_notification.user_id);
            end if;
            v_listed := v_listed + 1;
        end if;
    end loop;
    return v_listed;
end;
$$;
comment on function public.list_due_notifications is
'Lists up to p_limit notifications that were recorded earlier for a time that has come.
Security definer because service_role has no grant on notifications.';
grant execute on function public.list_due_notifications to service_role;

create function private.partner_in(p_match_id uuid, p_user_id uuid)
returns uuid
language sql
stable
set search_path = ''
as $$
    select case p_user_id when pair.user1_id then pair.user2_id else pair.user1_id end
    from public.wingman_matches as pair
    where pair.id = p_match_id;
$$;

create function private.unread_notifications(p_user_id uuid)
returns bigint
language sql
stable
set search_path = ''
as $$
    select coalesce(sum(unread.of_match), 0)::bigint
    from (
        select
            waiting.match_id,
            count(*) as of_match
        from public.notifications as waiting
        where waiting.user_id = p_user_id
            and waiting.read_at is null
            and waiting.seq is not null
            and not waiting.superseded
        group by waiting.match_id
    ) as unread
    where unread.match_id is null
        or private.exists_for(p_user_id, private.partner_in(unread.match_id, p_user_id));
$$;
comment on function private.unread_notifications is
'How many notifications of the list are unread: the number on the app''s icon.';

create function public.list_notifications(p_limit integer default 20, p_before bigint default null)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    return jsonb_build_object(
        'unread', private.unread_notifications(v_caller),
        'timezone', (
            select reader.timezone
            from private.email_recipients as reader
            where reader.user_id = v_caller
        ),
        'notifications', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'id', shown.id,
                        'seq', shown.seq,
                        'kind', shown.kind,
                        'match_id', shown.match_id,
                        'session_id', shown.facts ->> 'session_id',
                        'facts', shown.facts,
                        'created_at', private.iso_utc(shown.listed_at),
                        'read_at', private.iso_utc(shown.read_at)
                    )
                    order by shown.seq desc
                ),
                '[]'::jsonb
            )
            from (
                select listed.*
                from public.notifications as listed
                where listed.user_id = v_caller
                    and listed.seq < coalesce(p_before, 9223372036854775807)
                    and not listed.superseded
                    and (
                        listed.match_id is null
                        or private.exists_for(
                            v_caller, private.partner_in(listed.match_id, v_caller)
                        )
                    )
                order by listed.seq desc
                limit least(greatest(p_limit, 1), 101)
            ) as shown
        )
    );
end;
$$;
comment on function public.list_notifications is
'The caller''s notifications, the newest first, without those about users who no longer exist for
the caller. Security definer because users have no grant on notifications.';
grant execute on function public.list_notifications to authenticated;

create function public.read_notifications(p_until uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_seq bigint;
begin
    select named.seq into v_seq
    from public.notifications as named
    where named.id = p_until and named.user_id = v_caller and named.seq is not null;
    if not found then
        raise exception 'notification_not_found' using errcode = 'WN020';
    end if;
    -- The lock of the list comes first, as where notifications are numbered and superseded.
    perform from private.feeds as feed where feed.user_id = v_caller for update;
    update public.notifications as listed
    set read_at = clock_timestamp()
    where listed.user_id = v_caller and listed.seq <= v_seq and listed.read_at is null;
end;
$$;
comment on function public.read_notifications is
'Marks a notification of the caller, and all before it, as read.
Security definer because users have no grant on notifications.';
grant execute on function public.read_notifications to authenticated;

create function public.prune_notifications(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_pruned integer;
begin
    delete from public.notifications as notification
    where notification.id in (
        select old.id
        from public.notifications as old
        where old.recorded_at < now() - make_interval(days => (
            select settings.notification_days from private.app_settings as settings
        ))
            and old.seq is not null
        limit p_limit
        for update skip locked
    );
    get diagnostics v_pruned = row_count;
    delete from private.held_notifications as held
    where held.dedupe_key in (
        select old.dedupe_key
        from private.held_notifications as old
        where old.held_at < now() - interval '30 days'
        order by old.held_at
        limit p_limit
        for update skip locked
    );
    return v_pruned;
end;
$$;
comment on function public.prune_notifications is
'Deletes up to p_limit notifications older than app_settings.notification_days, and as many that a
restore has held.
Security definer because service_role has no grant to delete them.';
grant execute on function public.prune_notifications to service_role;

create function private.export_notifications(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'id', listed.id,
                'kind', listed.kind,
                'match_id', listed.match_id,
                'session_id', listed.facts ->> 'session_id',
                'created_at', private.iso_utc(listed.listed_at),
                'read_at', private.iso_utc(listed.read_at)
            )
            order by listed.seq
        ),
        '[]'::jsonb
    )
    from public.notifications as listed
    where listed.user_id = p_user_id and listed.seq is not null;
$$;
comment on function private.export_notifications is
'The list in the export of an account, without the facts: they are the partners'' names and words.';

create table private.push_preferences (
    user_id uuid primary key references public.user_profiles (id) on delete cascade,
    matches boolean not null default true,
    messages boolean not null default true,
    match_ended boolean not null default true,
    sessions boolean not null default true,
    message_previews boolean not null default false
);
comment on table private.push_preferences is
'The pushes that a user wants; without a row, the defaults.';
comment on column private.push_preferences.message_previews is
'Whether a push shows words that another user wrote: it is seen on locked screens.';

alter table private.push_preferences enable row level security;

create function private.push_preferences_of(p_user_id uuid)
returns private.push_preferences
language plpgsql
stable
set search_path = ''
as $$
declare
    v_chosen private.push_preferences;
begin
    select chosen.* into v_chosen
    from private.push_preferences as chosen
    where chosen.user_id = p_user_id;
    if not found then
        v_chosen := row(p_user_id, true, true, true, true, false);
    end if;
    return v_chosen;
end;
$$;

create function public.get_push_preferences()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select to_jsonb(private.push_preferences_of(private.caller_id())) - 'user_id';
$$;
comment on function public.get_push_preferences is
'The pushes that the caller wants. Security definer because users have no grant on them.';
grant execute on function public.get_push_preferences to authenticated;

create function public.update_push_preferences(p_changes jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(pg_column_size(p_changes), 1000);
    insert into private.push_preferences (user_id) values (v_caller)
    on conflict (user_id) do nothing;
    -- One statement reads and writes, so simultaneous changes of different fields both hold.
    update private.push_preferences as mine
    set (matches, messages, match_ended, sessions, message_previews) = (
        select
            changed.matches,
            changed.messages,
            changed.match_ended,
            changed.sessions,
            changed.message_previews
        from jsonb_populate_record(mine, jsonb_strip_nulls(p_changes)) as changed
    )
    where mine.user_id = v_caller;
    return to_jsonb(private.push_preferences_of(v_caller)) - 'user_id';
end;
$$;
comment on function public.update_push_preferences is
'Changes the fields that p_changes names and no others.
Security definer because users have no grant on them.';
grant execute on function public.update_push_preferences to authenticated;

create function private.export_push_preferences(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select to_jsonb(private.push_preferences_of(p_user_id)) - 'user_id';
$$;

-- The devices that get a user's pushes: docs/decisions/041-push.md.

create table private.devices (
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    device_id uuid not null,
    platform text not null,
    token text not null,
    session_id uuid not null,
    registered_at timestamptz not null default now(),
    primary key (user_id, device_id),
    constraint devices_platform_known check (platform in ('ios', 'android', 'web')),
    constraint devices_token_printable check (token collate "C" ~ '^[!-~]+$'),
    constraint devices_token_length check (octet_length(token) <= 1024)
);
comment on table private.devices is
'Where the pushes of a user go. A device ends with the session that registered it.';
comment on column private.devices.token is
'The address of the app on one device, which lets whoever knows it be sent to: never shown again. It
belongs to the user who registered it last.';

create unique index devices_token on private.devices (token);
create index devices_of_session on private.devices (session_id);

alter table private.devices enable row level security;

create function private.device_json(p_device private.devices, p_session_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', p_device.device_id,
        'platform', p_device.platform,
        'current', coalesce(p_device.session_id = p_session_id, false),
        'registered_at', private.iso_utc(p_device.registered_at)
    );
$$;
comment on function private.device_json is
'A device as its user sees it: without the token.';

create function private.session_in_token()
returns uuid
language sql
stable
set search_path = ''
as $$
    select (auth.jwt() ->> 'session_id')::uuid;
$$;

create function private.hold_session(p_session_id uuid, p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
    perform
    from auth.sessions as session
    where session.id = p_session_id and session.user_id = p_user_id
    for share;
    -- A session whose refresh tokens were all revoked has ended, although its row stays.
    if not found or (
        exists (
            select from auth.refresh_tokens as token where token.session_id = p_session_id
        )
        and not exists (
            select
            from auth.refresh_tokens as token
            where token.session_id = p_session_id and token.revoked is not true
        )
    ) then
        raise exception 'session_ended' using errcode = 'WN022';
    end if;
end;
$$;
comment on function private.hold_session is
'Refuses a session that has ended, and keeps one that has not from ending before the caller
commits.';

create function public.put_device(p_device_id uuid, p_platform text, p_token text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_session_id constant uuid := private.session_in_token();
    v_device private.devices;
begin
    perform private.check_length(char_length(p_platform), 20);
    perform private.check_length(char_length(p_token), 1024);
    perform private.take_turn_as(v_caller);
    perform private.hold_session(v_session_id, v_caller);
    -- Registrations of one token take turns; then rows are locked in one order.
    perform pg_advisory_xact_lock(hashtextextended('device:' || p_token, 0));
    perform
    from private.devices as device
    where device.token = p_token
        or (device.user_id = v_caller and device.device_id = p_device_id)
    order by device.user_id, device.device_id
    for update;

    delete from private.devices as device
    where device.token = p_token
        and (device.user_id, device.device_id) <> (v_caller, p_device_id);
    insert into private.devices (user_id, device_id, platform, token, session_id)
    values (v_caller, p_device_id, p_platform, p_token, v_session_id)
    on conflict (user_id, device_id) do update
        set
            platform = excluded.platform,
            token = excluded.token,
            session_id = excluded.session_id,
            registered_at = excluded.registered_at
    returning * into v_device;
    delete from private.devices as device
    where device.user_id = v_caller and device.device_id in (
        select old.device_id
        from private.devices as old
        where old.user_id = v_caller and old.device_id <> p_device_id
        order by old.registered_at desc, old.device_id
        offset 19
    );
    return private.device_json(v_device, v_session_id);
end;
$$;
comment on function public.put_device is
'Registers a device of the caller, for as long as the session of the token lasts. Its token moves
here from any other device or user. Of more than 20 devices, the ones registered first go.
Security definer because users have no grant on devices.';
grant execute on function public.put_device to authenticated;

create function public.delete_device(p_device_id uuid)
returns void
language sql
security definer
set search_path = ''
as $$
    delete from private.devices as device
    where device.user_id = private.caller_id() and device.device_id = p_device_id;
$$;
comment on function public.delete_device is
'Forgets a device of the caller. A token that another user has registered since stays theirs.
Security definer because users have no grant on devices.';
grant execute on function public.delete_device to authenticated;

create function public.list_devices()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_session_id constant uuid := private.session_in_token();
begin
    return (
        select coalesce(
            jsonb_agg(
                private.device_json(mine.*::private.devices, v_session_id)
                order by mine.registered_at desc, mine.device_id
            ),
            '[]'::jsonb
        )
        from private.devices as mine
        where mine.user_id = v_caller
    );
end;
$$;
comment on function public.list_devices is
'The caller''s devices, the newest first. Security definer because users have no grant on devices.';
grant execute on function public.list_devices to authenticated;

create function private.end_devices()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    -- Wait for a device that is being registered with this session.
    perform from auth.sessions as session where session.id = new.session_id for update;
    delete from private.devices as device where device.session_id = new.session_id;
    return null;
end;
$$;
comment on function private.end_devices is
'The devices of a session end with it, however it ends: all ways lead to private.ended_sessions.
Security definer because Supabase Auth has no rights here.';

create trigger end_devices
after insert on private.ended_sessions
for each row execute function private.end_devices();

create function private.export_devices(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            private.device_json(mine.*::private.devices, null) - 'current'
            order by mine.registered_at, mine.device_id
        ),
        '[]'::jsonb
    )
    from private.devices as mine
    where mine.user_id = p_user_id;
$$;

create table private.pushes (
    notification_id uuid primary key references public.notifications (id) on delete cascade,
    status text not null default 'pending',
    due_at timestamptz not null default now(),
    enqueued_at timestamptz,
    lease_token uuid,
    lease_expires_at timestamptz,
    retry_count integer not null default 0,
    sent_to uuid[] not null default '{}',
    reason text,
    -- When a worker may next take the push; null once it is settled.
    claimable_at timestamptz generated always as (
        case status when 'pending' then due_at when 'sending' then lease_expires_at end
    ) stored,
    constraint pushes_status_known
    check (status in ('pending', 'sending', 'sent', 'skipped', 'failed')),
    constraint pushes_sending_is_leased
    check (status <> 'sending' or num_nulls(lease_token, lease_expires_at) = 0)
) with (autovacuum_vacuum_scale_factor = 0.01);
comment on table private.pushes is
'One row for each notification that goes to the devices of its user, and what became of it.';
comment on column private.pushes.sent_to is
'The devices that have it already: a retry leaves them out.';

create index pushes_due on private.pushes (claimable_at) where claimable_at is not null;
create index pushes_of_lease on private.pushes (lease_token) where lease_token is not null;

alter table private.pushes enable row level security;

create table private.push_pause (
    only_row boolean primary key default true,
    paused_until timestamptz,
    reason text,
    constraint push_pause_one_row check (only_row)
);
comment on table private.push_pause is
'Until when no push is claimed, because the provider refuses all of them.';

alter table private.push_pause enable row level security;

insert into private.push_pause (only_row) values (true);

create function private.record_push(p_notification_id uuid, p_user_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
    insert into private.pushes (notification_id)
    select p_notification_id
    where exists (select from private.devices as device where device.user_id = p_user_id);
    if not found then
        return '[]'::jsonb;
    end if;
    return jsonb_build_array(
        jsonb_build_object('channel', 'push', 'id', p_notification_id, 'priority', 'urgent')
    );
end;
$$;
comment on function private.record_push is
'Records a push, if its user has a device, and returns it as what is due now.';

create function private.push_devices(p_user_id uuid, p_without uuid[])
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'id', device.device_id, 'platform', device.platform, 'token', device.token
            )
            order by device.device_id
        ),
        '[]'::jsonb
    )
    from private.devices as device
    inner join auth.sessions as session on device.session_id = session.id
    where device.user_id = p_user_id and device.device_id <> all(p_without);
$$;

create function private.preview_of(p_notification public.notifications)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return coalesce(
        (
            select jsonb_build_object('text', left(coalesce(message.text, shared.name), 140))
            from public.messages as message
            left join public.playgrounds as shared on message.playground_id = shared.id
            where p_notification.kind = 'message'
                and message.match_id = p_notification.match_id
                and message.seq = p_notification.subject_revision
        ),
        '{}'::jsonb
    );
end;
$$;
comment on function private.preview_of is
'The beginning of the message that a push is about. It is read as the push is claimed, so that the
notification keeps no copy.';

create function private.claimed_push(p_push private.pushes)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', listed.id,
        'user_id', listed.user_id,
        'kind', listed.kind,
        'facts', listed.facts || private.preview_of(listed),
        'match_id', listed.match_id,
        'subject_id', listed.subject_id,
        'recorded_at', private.iso_utc(coalesce(listed.listed_at, listed.due_at)),
        'request_id', listed.request_id,
        'retry_count', p_push.retry_count,
        'timezone', reader.timezone,
        'can_wait', known.can_wait,
        'quiet_hours_start', reader.quiet_hours_start,
        'quiet_hours_end', reader.quiet_hours_end,
        'wanted', (chosen.wish ->> known.push_category)::boolean,
        'previews', (chosen.wish ->> 'message_previews')::boolean,
        'holds', not private.is_void(listed, known) and (
            listed.match_id is null
            or private.exists_for(
                listed.user_id, private.partner_in(listed.match_id, listed.user_id)
            )
        ),
        'seen', listed.read_at is not null
        or listed.superseded
        or private.is_received_message(listed),
        'badge', private.unread_notifications(listed.user_id),
        'devices', private.push_devices(listed.user_id, p_push.sent_to),
        'has_been_sent', p_push.sent_to <> '{}'
    )
    from public.notifications as listed
    inner join private.notification_kinds as known on listed.kind = known.kind
    inner join private.email_recipients as reader on listed.user_id = reader.user_id
    cross join lateral (
        select to_jsonb(private.push_preferences_of(listed.user_id)) as wish
    ) as chosen
    where listed.id = p_push.notification_id;
$$;
comment on function private.claimed_push is
'A push with everything that the sender needs to decide and write, as it is now.';

create function public.claim_pushes(p_limit integer, p_lease_seconds integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_token constant uuid := gen_random_uuid();
begin
    perform from private.push_pause as pause where pause.paused_until > now();
    if found then
        return jsonb_build_object('lease_token', v_token, 'pushes', '[]'::jsonb);
    end if;
    -- A queue message may be about a notification that was recorded for a later time.
    perform public.list_due_notifications(p_limit);
    update private.pushes as push
    set
        status = 'sending',
        lease_token = v_token,
        lease_expires_at = now() + make_interval(secs => p_lease_seconds),
        enqueued_at = null
    where push.notification_id in (
        select due.notification_id
        from private.pushes as due
        where due.claimable_at <= now()
        order by due.claimable_at
        limit p_limit
        for update skip locked
    );
    -- A statement of its own sees what was committed while the rows were locked.
    return jsonb_build_object(
        'lease_token', v_token,
        'pushes', (
            select coalesce(jsonb_agg(private.claimed_push(leased)), '[]'::jsonb)
            from private.pushes as leased
            where leased.lease_token = v_token
        )
    );
end;
$$;
comment on function public.claim_pushes is
'Leases the pushes that have been due longest to one worker.
Security definer because service_role has no grant on pushes.';
grant execute on function public.claim_pushes to service_role;

create function public.complete_pushes(p_lease_token uuid, p_outcome jsonb)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_completed integer;
begin
    delete from private.devices as device
    using jsonb_to_recordset(p_outcome -> 'dead') as dead (user_id uuid, device_id uuid, token text)
    where device.user_id = dead.user_id
        and device.device_id = dead.device_id
        and device.token = dead.token;
    update private.pushes as push
    set
        status = case result.outcome when 'retry' then 'pending' else result.outcome end,
        due_at = coalesce(result.retry_at, push.due_at),
        lease_token = null,
        lease_expires_at = null,
        enqueued_at = null,
        retry_count = push.retry_count + coalesce(result.counts, false)::integer,
        sent_to = push.sent_to || coalesce(result.sent_to, '{}'),
        reason = result.reason
    from jsonb_to_recordset(p_outcome -> 'results') as result (
        id uuid, outcome text, reason text, retry_at timestamptz, counts boolean, sent_to uuid[]
    )
    where push.notification_id = result.id and push.lease_token = p_lease_token;
    get diagnostics v_completed = row_count;
    return v_completed;
end;
$$;
comment on function public.complete_pushes is
'Settles leased pushes or puts them back, and forgets dead tokens: exactly this token on this
device, so that one registered since stays. A worker that has lost its lease settles nothing.
Security definer because service_role has no grant on pushes.';
grant execute on function public.complete_pushes to service_role;

create function public.sweep_pushes(p_limit integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_due jsonb := '[]'::jsonb;
begin
    perform from private.push_pause as pause where pause.paused_until > now();
    if found then
        return v_due;
    end if;
    with
    due as materialized (
        select push.notification_id
        from private.pushes as push
        where push.claimable_at <= now()
            and (push.enqueued_at is null or push.enqueued_at <= now() - interval '2 minutes')
        order by push.claimable_at
        limit p_limit
        for update skip locked
    ),

    handed_out as (
        update private.pushes as push
        set enqueued_at = now()
        from due
        where push.notification_id = due.notification_id
        returning push.notification_id
    )

    select
        coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'channel', 'push', 'id', handed_out.notification_id, 'priority', 'urgent'
                )
            ),
            '[]'::jsonb
        ) into v_due
    from handed_out;
    return v_due;
end;
$$;
comment on function public.sweep_pushes is
'Due pushes without a queue message: after a lost enqueue, a retry or an expired lease.
Security definer because service_role has no grant on pushes.';
grant execute on function public.sweep_pushes to service_role;

create function public.pause_pushes(p_until timestamptz, p_reason text)
returns void
language sql
security definer
set search_path = ''
as $$
    update private.push_pause
    set paused_until = greatest(p_until, paused_until), reason = left(p_reason, 200);
$$;
comment on function public.pause_pushes is
'Stops pushes from being claimed and swept until then.
Security definer because service_role has no grant on it.';
grant execute on function public.pause_pushes to service_role;

-- Messages between matched users: docs/decisions/042-conversations.md.

insert into private.notification_kinds (
    kind, category, lane, can_wait, void_in, in_feed, push_category, by_email
)
values
('message', 'match_notifications', 'urgent', false, '{ended}', true, 'messages', false),
-- The claim calls private.is_unread.
('unread_messages', 'messages', 'bulk', true, '{}', false, null, true);

create table private.conversations (
    -- No foreign key: a conversation outlives its match if one of the two deletes the account.
    match_id uuid primary key,
    last_seq integer not null,
    last_sent_at timestamptz not null,
    ended_at timestamptz
);
comment on table private.conversations is
'One row for each match with messages. Its lock orders them.';
comment on column private.conversations.ended_at is
'When the match ended. From then on, neither of the two sees the messages, which wait for reports.';

create index conversations_ended
on private.conversations (ended_at)
where ended_at is not null;

alter table private.conversations enable row level security;

create table private.conversation_members (
    match_id uuid not null references private.conversations (match_id) on delete cascade,
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    received_seq integer not null default 0,
    read_seq integer not null default 0,
    hidden_seq integer not null default 0,
    unread_count integer not null default 0,
    last_sent_at timestamptz not null,
    email_at timestamptz,
    primary key (match_id, user_id)
);
comment on table private.conversation_members is
'What each of the two has read and hidden. Once a partner deletes the account, one row is left.';
comment on column private.conversation_members.received_seq is
'The last message that an app in the foreground has confirmed.';
comment on column private.conversation_members.hidden_seq is
'The last message that this user no longer sees: the user hid it, or it is too old.';
comment on column private.conversation_members.unread_count is
'How many messages of the partner are above both marks. Stored, because counting reads them all.';
comment on column private.conversation_members.last_sent_at is
'A copy of the column of private.conversations, by which the list of the user is sorted.';

comment on column private.conversation_members.email_at is
'When to ask whether an email about unread messages is due; null if none may become due.';

create index conversation_members_to_email
on private.conversation_members (email_at)
where email_at is not null;
create index conversation_members_listed
on private.conversation_members (user_id, last_sent_at desc, match_id desc);

alter table private.conversation_members enable row level security;

create table public.messages (
    id uuid primary key default gen_random_uuid(),
    match_id uuid not null references private.conversations (match_id) on delete cascade,
    seq integer not null,
    sender_id uuid references public.user_profiles (id) on delete set null,
    client_id uuid not null,
    text text, -- noqa: RF04
    playground_id uuid references public.playgrounds (id) on delete set null,
    sent_at timestamptz not null,
    constraint messages_of_conversation unique (match_id, seq),
    constraint messages_of_sender unique (sender_id, client_id),
    constraint messages_one_content check (num_nonnulls(text, playground_id) <= 1),
    constraint messages_text_length check (char_length(text) between 1 and 4000)
);
comment on table public.messages is
'Messages, numbered from 1 within their conversation. A message without text and playground shared
a playground that was deleted; the account of a missing sender was deleted, too.';

create index messages_of_playground
on public.messages (playground_id)
where playground_id is not null;
create index messages_age
on public.messages using brin (sent_at) with (autosummarize = on);

-- No policy and no grant: users read and write messages through functions.
alter table public.messages enable row level security;

create index notifications_of_messages_to_come
on public.notifications (match_id, user_id)
where seq is null and kind = 'message';

create function private.shows_conversation(p_user_id uuid, p_match_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
declare
    v_match public.wingman_matches;
begin
    select pair.* into v_match
    from public.wingman_matches as pair
    where pair.id = p_match_id;
    if found then
        return p_user_id in (v_match.user1_id, v_match.user2_id)
            and v_match.status = 'accepted'
            and private.partner_exists(v_match, p_user_id);
    end if;
    return exists (
        select
        from private.conversation_members as left_alone
        where left_alone.match_id = p_match_id and left_alone.user_id = p_user_id
    );
end;
$$;
comment on function private.shows_conversation is
'Whether a user sees the conversation of a match: while it is accepted and the partner exists for
the user, or if the partner deleted the account during that time.';

create function private.has_seen(p_user_id uuid, p_match_id uuid, p_seq integer)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select
        from private.conversation_members as mine
        where mine.match_id = p_match_id
            and mine.user_id = p_user_id
            and greatest(mine.read_seq, mine.hidden_seq) >= p_seq
    );
$$;
comment on function private.has_seen is
'Whether a user has read or hidden a message.';

create function private.has_received(p_user_id uuid, p_match_id uuid, p_seq integer)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select
        from private.conversation_members as mine
        where mine.match_id = p_match_id
            and mine.user_id = p_user_id
            and greatest(mine.received_seq, mine.read_seq, mine.hidden_seq) >= p_seq
    );
$$;
comment on function private.has_received is
'Whether an app of the user showed a message, so that no push is needed.';

create function private.message_json(p_message public.messages)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', p_message.id,
        'match_id', p_message.match_id,
        'seq', p_message.seq,
        'sender_id', p_message.sender_id,
        'client_id', p_message.client_id,
        'text', p_message.text,
        'playground', (
            select jsonb_build_object(
                'id', shared.id,
                'name', shared.name,
                'latitude', shared.latitude,
                'longitude', shared.longitude
            )
            from public.playgrounds as shared
            where shared.id = p_message.playground_id
        ),
        'sent_at', private.iso_utc(p_message.sent_at)
    );
$$;

create function private.advance_marks(
    p_match_id uuid, p_user_id uuid, p_read_seq integer, p_hidden_seq integer
)
returns integer
language sql
set search_path = ''
as $$
    update private.conversation_members as mine
    set
        read_seq = greatest(mine.read_seq, p_read_seq),
        hidden_seq = greatest(mine.hidden_seq, p_hidden_seq),
        unread_count = mine.unread_count - (
            select count(*)::integer
            from public.messages as message
            where message.match_id = p_match_id
                and message.seq > greatest(mine.read_seq, mine.hidden_seq)
                and message.seq <= greatest(p_read_seq, p_hidden_seq)
                and message.sender_id is distinct from p_user_id
        )
    where mine.match_id = p_match_id and mine.user_id = p_user_id
    returning mine.read_seq;
$$;
comment on function private.advance_marks is
'Moves the marks of a user forward, never back, and returns the read mark. The caller holds the lock
of the conversation.';

-- A limit behind those of the API, which do not apply while Redis is unavailable, nor to a caller
-- who bypasses the API. A bucket lets at most 630 messages through in ten minutes.

create table private.message_windows (
    user_id uuid primary key references public.user_profiles (id) on delete cascade,
    began_at timestamptz not null,
    message_count integer not null
)
-- Each message changes its sender's row, so there is room for the next version.
with (fillfactor = 50);
comment on table private.message_windows is
'How many messages a user has sent, in all conversations, in the ten minutes since `began_at`.';

alter table private.message_windows enable row level security;

create function private.count_message(p_sender_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_length constant interval := interval '10 minutes';
begin
    -- The clock of a request that waited for the row of an earlier one is older.
    insert into private.message_windows as known (user_id, began_at, message_count)
    values (p_sender_id, clock_timestamp(), 1)
    on conflict (user_id) do update
        set
            began_at = case
                when known.began_at + v_length <= excluded.began_at then excluded.began_at
                else known.began_at
            end,
            message_count = 1 + case
                when known.began_at + v_length <= excluded.began_at then 0
                else known.message_count
            end
        -- A refused message writes no row.
        where known.began_at + v_length <= excluded.began_at
            or known.message_count < (
                select settings.max_messages_in_ten_minutes from private.app_settings as settings
            );
    if not found then
        raise exception 'message_limit' using errcode = 'WT004', detail = (
            select ceil(extract(epoch from known.began_at + v_length - clock_timestamp()))::bigint
            from private.message_windows as known
            where known.user_id = p_sender_id
        );
    end if;
end;
$$;
comment on function private.count_message is
'Counts a message of a user, and refuses one beyond the limit of ten minutes. The detail is the
seconds to wait. The caller holds the lock of the match, and locks no other match.';

create function private.conversation_json(p_mine private.conversation_members)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_partner_id constant uuid := private.partner_in(p_mine.match_id, p_mine.user_id);
begin
    return (
        select jsonb_build_object(
            'match_id', p_mine.match_id,
            'partner', case
                when v_partner_id is null then jsonb_build_object(
                    'user_id', null, 'name', 'Deleted user', 'photo_url', null
                )
                else private.partner_json(p_mine.user_id, v_partner_id)
            end,
            'last_message', private.message_json(newest),
            'unread_count', p_mine.unread_count,
            'last_seq', conversation.last_seq,
            'read_seq', p_mine.read_seq,
            'first_seq', p_mine.hidden_seq + 1,
            'updated_at', private.iso_utc(p_mine.last_sent_at)
        )
        from private.conversations as conversation
        inner join public.messages as newest
            on conversation.match_id = newest.match_id and conversation.last_seq = newest.seq
        where conversation.match_id = p_mine.match_id
    );
end;
$$;

create function private.conversations_before(
    p_user_id uuid, p_limit integer, p_sent_at timestamptz, p_match_id uuid
)
returns setof private.conversation_members
language sql
stable
set search_path = ''
as $$
    select mine.*
    from private.conversation_members as mine
    where mine.user_id = p_user_id
        and (mine.last_sent_at, mine.match_id) < (p_sent_at, p_match_id)
        and mine.hidden_seq < (
            select conversation.last_seq
            from private.conversations as conversation
            where conversation.match_id = mine.match_id
        )
        and private.shows_conversation(p_user_id, mine.match_id)
    order by mine.last_sent_at desc, mine.match_id desc
    limit p_limit;
$$;

create function private.conversations_head(p_user_id uuid)
returns text
language sql
stable
set search_path = ''
as $$
    -- A hash of everything that can change: a counter would not grow in the order of commits.
    select md5(concat_ws(
        '|',
        (
            select count(*)
            from private.blocks as block
            where p_user_id in (block.user_id, block.blocked_id)
        ),
        string_agg(
            concat_ws(
                ':',
                mine.match_id,
                conversation.last_seq,
                mine.read_seq,
                mine.hidden_seq,
                coalesce(pair.status, 'gone')
            ),
            '|' order by mine.match_id
        )
    ))
    from private.conversation_members as mine
    inner join private.conversations as conversation on mine.match_id = conversation.match_id
    left join public.wingman_matches as pair on mine.match_id = pair.id
    where mine.user_id = p_user_id;
$$;
comment on function private.conversations_head is
'A text that changes whenever a conversation of the user does.';

create function public.list_conversations(
    p_limit integer default 20,
    p_before_created_at timestamptz default null,
    p_before_id uuid default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    return jsonb_build_object(
        'head', private.conversations_head(v_caller),
        'conversations', (
            select coalesce(
                jsonb_agg(
                    private.conversation_json(listed.*::private.conversation_members)
                    order by listed.last_sent_at desc, listed.match_id desc
                ),
                '[]'::jsonb
            )
            from private.conversations_before(
                v_caller,
                least(greatest(p_limit, 1), 101),
                coalesce(p_before_created_at, 'infinity'),
                coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            ) as listed
        )
    );
end;
$$;
comment on function public.list_conversations is
'The caller''s conversations before the given one, without hidden ones. The one with the newest
message comes first. At most 101 (as list_matches).
Security definer because users have no grant on them.';
grant execute on function public.list_conversations to authenticated;

create function private.messages_between(
    p_match_id uuid, p_from integer, p_to integer, p_backwards boolean
)
returns table (message jsonb, seq integer)
language sql
stable
set search_path = ''
as $$
    select
        sized.body,
        sized.seq
    from (
        select
            found.body,
            found.seq,
            row_number() over nearest as nth,
            sum(octet_length(found.body::text)) over nearest as bytes
        from (
            select
                listed.seq,
                private.message_json(listed) as body
            from public.messages as listed
            where listed.match_id = p_match_id and listed.seq between p_from and p_to
        ) as found
        window nearest as (order by case when p_backwards then -found.seq else found.seq end)
    ) as sized
    where sized.nth = 1 or sized.bytes <= 30000
    order by sized.seq;
$$;
comment on function private.messages_between is
'Messages from one number to another. The last ones (or, backwards, the first) are left out if all
of them exceed a frame of 32,768 bytes. One message always fits.';

create function public.list_messages(
    p_match_id uuid,
    p_after_seq integer default null,
    p_before_seq integer default null,
    p_limit integer default 20
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_limit constant integer := least(greatest(p_limit, 1), 100);
    v_backwards constant boolean := p_after_seq is null;
    v_first integer;
    v_last integer;
    v_from integer;
    v_to integer;
begin
    if not private.shows_conversation(v_caller, p_match_id) then
        raise exception 'not_found' using errcode = 'WT001';
    end if;
    select
        mine.hidden_seq + 1,
        conversation.last_seq
    into v_first, v_last
    from private.conversation_members as mine
    inner join private.conversations as conversation on mine.match_id = conversation.match_id
    where mine.match_id = p_match_id and mine.user_id = v_caller;
    v_first := coalesce(v_first, 1);
    v_last := coalesce(v_last, 0);
    -- Numbers have no gaps, so those of a page follow from its end.
    v_from := case
        when v_backwards then v_first
        else greatest(v_first, least(p_after_seq, v_last) + 1)
    end;
    v_to := case
        when p_before_seq is null then v_last
        else least(v_last, greatest(p_before_seq, 1) - 1)
    end;
    return (
        select jsonb_build_object(
            'messages', coalesce(jsonb_agg(listed.message order by listed.seq), '[]'::jsonb),
            'first_seq', v_first,
            'has_more', case
                when v_backwards then coalesce(min(listed.seq) > v_from, false)
                else coalesce(max(listed.seq) < v_to, false)
            end
        )
        from private.messages_between(
            p_match_id,
            case when v_backwards then greatest(v_from, v_to - v_limit + 1) else v_from end,
            case when v_backwards then v_to else least(v_to, v_from + v_limit - 1) end,
            v_backwards
        ) as listed
    );
end;
$$;
comment on function public.list_messages is
'A page of messages that the caller sees, in order: those after p_after_seq, or else the newest ones
before p_before_seq. Security definer because users have no grant on messages.';
grant execute on function public.list_messages to authenticated;

create function public.conversation_partner(p_match_id uuid)
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    if not private.shows_conversation(v_caller, p_match_id) then
        raise exception 'not_found' using errcode = 'WT001';
    end if;
    return private.partner_in(p_match_id, v_caller);
end;
$$;
comment on function public.conversation_partner is
'The other user of a conversation that the caller sees; null if that user has deleted the account.
Security definer because users have no grant on matches.';
grant execute on function public.conversation_partner to authenticated;

create function private.notify_of_message(p_message public.messages, p_reader_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_wait constant integer := 30;
    v_due_at constant timestamptz := now() + make_interval(secs => v_wait);
    v_notification public.notifications;
begin
    -- One notification waits for all messages of these seconds. Reading its message voids it.
    update public.notifications as waiting
    set
        subject_revision = p_message.seq,
        due_at = case
            when private.has_received(
                p_reader_id, p_message.match_id, waiting.subject_revision
            ) then v_due_at
            else waiting.due_at
        end
    where waiting.id in (
        select unlisted.id
        from public.notifications as unlisted
        where unlisted.user_id = p_reader_id
            and unlisted.match_id = p_message.match_id
            and unlisted.kind = 'message'
            and unlisted.seq is null
        -- A notification that is being listed can no longer take in this message.
        for update skip locked
    )
    returning waiting.* into v_notification;
    if not found then
        -- Not private.notify, which would count an email that is never sent.
        insert into public.notifications as waiting (
            user_id, kind, match_id, subject_revision, facts, dedupe_key, due_at
        )
        values (
            p_reader_id,
            'message',
            p_message.match_id,
            p_message.seq,
            jsonb_build_object(
                'match_id', p_message.match_id,
                'partner_name', private.display_name(p_reader_id, p_message.sender_id)
            ),
            concat_ws(':', 'message', p_reader_id, p_message.id),
            v_due_at
        )
        returning waiting.* into v_notification;
    end if;
    perform private.plan_message_email(p_message, p_reader_id);
    return (
        select coalesce(
            jsonb_agg(jsonb_build_object(
                'channel', 'push',
                'id', v_notification.id,
                'priority', 'urgent',
                'in_seconds', v_wait
            )),
            '[]'::jsonb
        )
        where v_notification.due_at = v_due_at
            and exists (select from private.devices as device where device.user_id = p_reader_id)
    );
end;
$$;
comment on function private.notify_of_message is
'Notifies the reader in 30 seconds, unless the message is read by then. The notification says which
message is the newest, but has no words of it. Returns what is due then, to be handed to the queue,
if it did not wait already and the reader has a device.';

create function private.trimmed(p_text text)
returns text
language sql
immutable
set search_path = ''
as $$
    -- Everything that Unicode calls white space; the API removes the same.
    select btrim(
        p_text,
        e' \t\n\r\u000b\u000c\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007'
        '\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'
    );
$$;

create function private.flaw_of_message(p_text text, p_playground_id uuid)
returns text
language sql
immutable
set search_path = ''
as $$
    select case
        when num_nonnulls(p_text, p_playground_id) <> 1
            then 'send either text or playground_id'
        -- Spaces, controls, joiners, variation selectors, directions, fillers, blank symbols, and
        -- marks that need a letter. Next to a visible character, all of them are kept.
        when p_text !~ concat(
            '[^\s\u0001-\u001f\u007f-\u00a0\u00ad\u0300-\u036f\u061c\u115f\u1160\u1680\u17b4\u17b5'
            '\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u20d0-\u20ff\u2800\u3000\u3164'
            '\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\uffa0\ufff0-\ufffb\U0001d159\U0001d173-\U0001d17a'
            '\U000e0000-\U000e0fff]'
        )
            then 'must have a visible character'
    end;
$$;

create function private.sent_message(
    p_user_id uuid, p_match_id uuid, p_client_id uuid, p_text text, p_playground_id uuid
)
returns public.messages
language plpgsql
stable
set search_path = ''
as $$
declare
    v_message public.messages;
begin
    select sent.* into v_message
    from public.messages as sent
    where sent.sender_id = p_user_id and sent.client_id = p_client_id;
    if found and (
        v_message.match_id <> p_match_id
        or v_message.text is distinct from p_text
        -- Null if the playground has been deleted since.
        or coalesce(v_message.playground_id, p_playground_id) is distinct from p_playground_id
    ) then
        raise exception 'client_id_reused' using errcode = 'WT003';
    end if;
    return v_message;
end;
$$;
comment on function private.sent_message is
'The message that an earlier request with the same client_id has sent, or nulls.';

create function private.lock_active_match(p_match_id uuid, p_user_id uuid)
returns public.wingman_matches
language plpgsql
set search_path = ''
as $$
declare
    v_match public.wingman_matches;
begin
    -- An unmatch, a block and a deletion take the same lock, so one of two comes first.
    select locked.* into v_match
    from public.wingman_matches as locked
    where locked.id = p_match_id and p_user_id in (locked.user1_id, locked.user2_id)
    for no key update;
    if v_match.id is null and private.shows_conversation(p_user_id, p_match_id) then
        raise exception 'match_not_active' using errcode = 'WT002';
    elsif v_match.id is null or not private.partner_exists(v_match, p_user_id) then
        raise exception 'not_found' using errcode = 'WT001';
    elsif v_match.status <> 'accepted' then
        raise exception 'match_not_active' using errcode = 'WT002';
    end if;
    return v_match;
end;
$$;

create function private.check_shared(p_playground_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
    -- The playground stays until the message is stored.
    perform from public.playgrounds as place
    where place.id = p_playground_id
    for key share;
    perform private.refuse_flaw('playground_id', case
        when p_playground_id is not null and not found then 'is not the id of a playground'
    end);
end;
$$;

create function private.next_seq(p_match public.wingman_matches, p_sender_id uuid)
returns private.conversations
language plpgsql
set search_path = ''
as $$
declare
    v_conversation private.conversations;
begin
    -- The clock is read under the lock, and may have been set back since.
    insert into private.conversations as known (match_id, last_seq, last_sent_at)
    values (p_match.id, 1, clock_timestamp())
    on conflict (match_id) do update
        set
            last_seq = known.last_seq + 1,
            last_sent_at = greatest(known.last_sent_at, clock_timestamp())
    returning known.* into v_conversation;
    insert into private.conversation_members as known (
        match_id, user_id, unread_count, last_sent_at
    )
    select
        p_match.id,
        member.user_id,
        (member.user_id <> p_sender_id)::integer,
        v_conversation.last_sent_at
    from unnest(array[p_match.user1_id, p_match.user2_id]) as member (user_id)
    on conflict (match_id, user_id) do update
        set
            unread_count = known.unread_count + excluded.unread_count,
            last_sent_at = excluded.last_sent_at;
    return v_conversation;
end;
$$;
comment on function private.next_seq is
'Locks the conversation of a match until the message is stored, and numbers it.';

create function private.store_message(
    p_match public.wingman_matches,
    p_sender_id uuid,
    p_client_id uuid,
    p_text text,
    p_playground_id uuid
)
returns public.messages
language plpgsql
set search_path = ''
as $$
declare
    v_conversation private.conversations;
    v_message public.messages;
begin
    perform private.check_shared(p_playground_id);
    v_conversation := private.next_seq(p_match, p_sender_id);
    insert into public.messages as stored (
        match_id, seq, sender_id, client_id, text, playground_id, sent_at
    )
    values (
        p_match.id,
        v_conversation.last_seq,
        p_sender_id,
        p_client_id,
        p_text,
        p_playground_id,
        v_conversation.last_sent_at
    )
    on conflict (sender_id, client_id) do nothing
    returning stored.* into v_message;
    if v_message.id is null then
        -- Another conversation took the client_id at the same moment; the index decided.
        raise exception 'client_id_reused' using errcode = 'WT003';
    end if;
    return v_message;
end;
$$;

create function private.sent_json(p_message public.messages, p_replayed boolean)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_partner_id constant uuid := private.partner_in(p_message.match_id, p_message.sender_id);
begin
    return jsonb_build_object(
        'message', private.message_json(p_message),
        'replayed', p_replayed,
        'partner_id', case
            when not p_replayed or private.shows_conversation(v_partner_id, p_message.match_id)
                then v_partner_id
        end
    );
end;
$$;
comment on function private.sent_json is
'A sent message, and the partner who sees it: null if the match has ended since.';

create function public.send_message(
    p_match_id uuid,
    p_client_id uuid,
    p_text text default null,
    p_playground_id uuid default null,
    p_known_only boolean default false
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_text text;
    v_match public.wingman_matches;
    v_message public.messages;
begin
    perform private.check_length(char_length(p_text), 4000);
    v_text := private.trimmed(p_text);
    v_message := private.sent_message(v_caller, p_match_id, p_client_id, v_text, p_playground_id);
    if v_message.id is null and p_known_only then
        return null;
    elsif v_message.id is null then
        perform private.refuse_flaw('text', private.flaw_of_message(v_text, p_playground_id));
        v_match := private.lock_active_match(p_match_id, v_caller);
        -- The same request may have been stored while this one waited.
        v_message := private.sent_message(
            v_caller, p_match_id, p_client_id, v_text, p_playground_id
        );
    end if;
    if v_message.id is not null then
        return private.sent_json(v_message, true);
    end if;
    perform private.count_message(v_caller);
    v_message := private.store_message(v_match, v_caller, p_client_id, v_text, p_playground_id);
    return private.sent_json(v_message, false) || jsonb_build_object(
        'due', private.notify_of_message(v_message, private.partner_in(p_match_id, v_caller))
    );
end;
$$;
comment on function public.send_message is
'Sends a text or a playground to the partner of an accepted match. The same client_id with the same
content returns the first message, whatever has become of the match; with p_known_only, null if
there is none. Security definer because users write no table.';
grant execute on function public.send_message to authenticated;

create function private.lock_conversation(p_match_id uuid, p_user_id uuid)
returns private.conversations
language plpgsql
set search_path = ''
as $$
declare
    v_conversation private.conversations;
begin
    select locked.* into v_conversation
    from private.conversations as locked
    where locked.match_id = p_match_id
        and exists (
            select
            from private.conversation_members as mine
            where mine.match_id = p_match_id and mine.user_id = p_user_id
        )
    for no key update;
    -- Checked after the lock, because this may have waited for a deletion.
    if not private.shows_conversation(p_user_id, p_match_id) then
        raise exception 'not_found' using errcode = 'WT001';
    end if;
    return v_conversation;
end;
$$;
comment on function private.lock_conversation is
'Locks a conversation that the user sees. Returns nulls if it has no message yet.';

create function private.read_notifications_of(p_user_id uuid, p_match_id uuid, p_seq integer)
returns void
language plpgsql
set search_path = ''
as $$
begin
    -- The lock of the list comes first, as where notifications are numbered and superseded.
    perform from private.feeds as feed where feed.user_id = p_user_id for update;
    update public.notifications as listed
    set read_at = clock_timestamp()
    where listed.user_id = p_user_id
        and listed.match_id = p_match_id
        and listed.subject_id is null
        and coalesce(listed.subject_revision, 0) <= p_seq
        and listed.read_at is null
        and listed.seq is not null
        and not listed.superseded;
end;
$$;
comment on function private.read_notifications_of is
'Marks what the list says about a match and its messages as read, up to a message. One that is not
listed yet becomes void (private.has_seen).';

create function public.mark_read(p_match_id uuid, p_seq integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_conversation private.conversations;
    v_read integer;
begin
    v_conversation := private.lock_conversation(p_match_id, v_caller);
    v_read := private.advance_marks(
        p_match_id, v_caller, least(p_seq, v_conversation.last_seq), 0
    );
    perform private.read_notifications_of(v_caller, p_match_id, coalesce(v_read, 0));
    return jsonb_build_object(
        'read_seq', coalesce(v_read, 0), 'partner_id', private.partner_in(p_match_id, v_caller)
    );
end;
$$;
comment on function public.mark_read is
'Moves the caller''s read mark forward, at most to the last message, and marks what the list says
about the match as read. Security definer because users write no table.';
grant execute on function public.mark_read to authenticated;

create function public.mark_received(p_match_id uuid, p_seq integer)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    if not private.shows_conversation(v_caller, p_match_id) then
        raise exception 'not_found' using errcode = 'WT001';
    end if;
    update private.conversation_members as mine
    set received_seq = least(p_seq, conversation.last_seq)
    from private.conversations as conversation
    where conversation.match_id = p_match_id
        and mine.match_id = p_match_id
        and mine.user_id = v_caller
        and mine.received_seq < least(p_seq, conversation.last_seq);
end;
$$;
comment on function public.mark_received is
'Confirms messages, at most up to the last one, for an app in the foreground: they are not pushed.
Security definer because users write no table.';
grant execute on function public.mark_received to authenticated;

create function public.hide_conversation(p_match_id uuid)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_conversation private.conversations;
begin
    v_conversation := private.lock_conversation(p_match_id, v_caller);
    if private.partner_in(p_match_id, v_caller) is null then
        -- The partner has deleted the account: no other user would ever see it.
        delete from private.conversations as alone where alone.match_id = p_match_id;
        return coalesce(v_conversation.last_seq, 0) + 1;
    end if;
    perform private.advance_marks(p_match_id, v_caller, 0, v_conversation.last_seq);
    perform private.read_notifications_of(
        v_caller, p_match_id, coalesce(v_conversation.last_seq, 0)
    );
    return coalesce(v_conversation.last_seq, 0) + 1;
end;
$$;
comment on function public.hide_conversation is
'Hides all messages up to now from the caller alone; a new message shows itself, not those before.
Returns the number of the first message that is not hidden.
Security definer because users write no table.';
grant execute on function public.hide_conversation to authenticated;

create function private.end_conversation()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    update private.conversations as conversation
    set ended_at = new.ended_at
    where conversation.match_id = new.id;
    return null;
end;
$$;

create trigger end_conversation
after update of status on public.wingman_matches
for each row
when (new.status = 'ended' and old.status <> 'ended')
execute function private.end_conversation();

create function private.release_conversations()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    -- record_departure has locked the matches: steps lock a match, then its conversation.
    perform from private.conversations as conversation
    where conversation.match_id in (
        select mine.match_id
        from private.conversation_members as mine
        where mine.user_id = old.id
    )
    order by conversation.match_id
    for update;
    delete from private.conversations as conversation
    using private.conversation_members as mine
    where mine.user_id = old.id
        and conversation.match_id = mine.match_id
        and not exists (
            select
            from private.conversation_members as partner
            where partner.match_id = mine.match_id
                and partner.user_id <> old.id
                and partner.hidden_seq < conversation.last_seq
                and private.shows_conversation(partner.user_id, mine.match_id)
        );
    update public.messages as message
    set sender_id = null, text = null, playground_id = null
    where message.sender_id = old.id;
    -- Not left to the cascade, which comes too late if a statement deletes both accounts.
    delete from private.conversation_members as mine where mine.user_id = old.id;
    return old;
end;
$$;
comment on function private.release_conversations is
'Deleting an account erases what it wrote. A partner who sees the conversation keeps it, with the
partner''s own words; other conversations are deleted.
Security definer because Supabase Auth deletes accounts and has no rights here.';

-- After record_departure, whose locks it needs, and before remember_blocks, which removes blocks:
-- triggers of one event fire in the order of their names.
create trigger release_conversations
before delete on auth.users
for each row execute function private.release_conversations();

create function public.prune_conversations(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_pruned integer;
begin
    delete from private.conversations as conversation
    where conversation.match_id in (
        select old.match_id
        from private.conversations as old
        where old.ended_at < now() - make_interval(days => (
            select settings.ended_conversation_days from private.app_settings as settings
        ))
        limit p_limit
        for update skip locked
    );
    get diagnostics v_pruned = row_count;
    return v_pruned;
end;
$$;
comment on function public.prune_conversations is
'Deletes up to p_limit conversations of matches that ended app_settings.ended_conversation_days ago.
Security definer because service_role has no grant on them.';
grant execute on function public.prune_conversations to service_role;

create function public.prune_messages(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_before constant timestamptz := (
        select now() - make_interval(days => settings.message_days)
        from private.app_settings as settings
    );
    v_old record;
    v_count integer;
    v_pruned integer := 0;
begin
    -- Without the setting, v_before is null, and nothing is older.
    for v_old in
        select
            found.match_id,
            max(found.seq) as seq
        from (
            select
                message.match_id,
                message.seq
            from public.messages as message
            where message.sent_at < v_before
            limit p_limit
        ) as found
        group by found.match_id
        order by found.match_id
    loop
        perform from private.conversations as locked
        where locked.match_id = v_old.match_id
        for no key update skip locked;
        continue when not found;
        perform private.advance_marks(v_old.match_id, member.user_id, 0, v_old.seq)
        from private.conversation_members as member
        where member.match_id = v_old.match_id;
        delete from public.messages as message
        where message.match_id = v_old.match_id and message.seq <= v_old.seq;
        get diagnostics v_count = row_count;
        v_pruned := v_pruned + v_count;
    end loop;
    return v_pruned;
end;
$$;
comment on function public.prune_messages is
'Hides and then deletes about p_limit messages that are older than app_settings.message_days; they
are the first of their conversations.
Security definer because service_role has no grant on messages.';
grant execute on function public.prune_messages to service_role;

create function private.message_evidence(
    p_reporter_id uuid, p_reported_id uuid, p_message_id uuid
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return coalesce(
        (
            select jsonb_build_object('message', private.message_json(message) - 'client_id')
            from public.messages as message
            inner join private.conversation_members as mine
                on message.match_id = mine.match_id and mine.user_id = p_reporter_id
            where message.id = p_message_id and message.sender_id = p_reported_id
        ),
        '{}'::jsonb
    );
end;
$$;
comment on function private.message_evidence is
'The message as it was sent, if the reported user sent it to the reporter, even if their match has
ended since; else nothing.';

create function private.last_messages(p_user_id uuid, p_other_id uuid, p_limit integer)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                private.message_json(shown.*::public.messages) - 'client_id'
                order by shown.sent_at, shown.seq
            ),
            '[]'::jsonb
        )
        from (
            select newest.*
            from public.wingman_matches as pair
            cross join lateral (
                select message.*
                from public.messages as message
                where message.match_id = pair.id
                order by message.seq desc
                limit p_limit
            ) as newest
            where least(pair.user1_id, pair.user2_id) = least(p_user_id, p_other_id)
                and greatest(pair.user1_id, pair.user2_id) = greatest(p_user_id, p_other_id)
            order by newest.sent_at desc, newest.seq desc
            limit p_limit
        ) as shown
    );
end;
$$;
comment on function private.last_messages is
'For operators: what two users wrote last, even if the two no longer see it.';

create function private.export_messages(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            private.message_json(mine.*::public.messages) - 'sender_id'
            order by mine.sent_at, mine.match_id, mine.seq
        ),
        '[]'::jsonb
    )
    from public.messages as mine
    where mine.sender_id = p_user_id;
$$;
comment on function private.export_messages is
'The messages in the export of an account: those that the user sent.';

create function private.export_conversations(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'match_id', mine.match_id,
                'received_seq', mine.received_seq,
                'read_seq', mine.read_seq,
                'hidden_seq', mine.hidden_seq,
                'updated_at', private.iso_utc(mine.last_sent_at)
            )
            order by mine.last_sent_at, mine.match_id
        ),
        '[]'::jsonb
    )
    from private.conversation_members as mine
    where mine.user_id = p_user_id;
$$;
comment on function private.export_conversations is
'What the user has received, read and hidden, in the export of an account.';

create function private.plan_message_email(p_message public.messages, p_reader_id uuid)
returns void
language sql
set search_path = ''
as $$
    -- The step holds the lock of the conversation, and so that of its members.
    update private.conversation_members as mine
    set email_at = p_message.sent_at + make_interval(mins => reader.message_wait_minutes)
    from private.email_recipients as reader
    cross join private.email_categories as topic
    where mine.match_id = p_message.match_id
        and mine.user_id = p_reader_id
        and mine.email_at is null
        and reader.user_id = p_reader_id
        and topic.category = 'messages'
        and private.is_wanted(reader.choices, topic);
$$;
comment on function private.plan_message_email is
'Lets a worker ask, once the reader''s time has passed, whether the message is still unread.';

create function private.message_email_at(p_mine private.conversation_members)
returns timestamptz
language sql
stable
set search_path = ''
as $$
    select greatest(
        oldest.sent_at + make_interval(mins => reader.message_wait_minutes),
        latest.sent_at + interval '1 day'
    )
    from private.email_recipients as reader
    cross join private.email_categories as topic
    cross join lateral (
        select message.sent_at
        from public.messages as message
        where message.match_id = p_mine.match_id
            and message.seq > greatest(p_mine.read_seq, p_mine.hidden_seq)
            and message.sender_id <> p_mine.user_id
        order by message.seq
        limit 1
    ) as oldest
    cross join lateral (
        select max(email.group_started_at) as sent_at
        from public.email_logs as email
        where email.match_id = p_mine.match_id
            and email.user_id = p_mine.user_id
            and email.email_template = 'unread_messages'
            and email.delivery_status not in ('failed', 'cancelled')
    ) as latest
    where reader.user_id = p_mine.user_id
        and topic.category = 'messages'
        and private.is_wanted(reader.choices, topic)
        and private.shows_conversation(p_mine.user_id, p_mine.match_id);
$$;
comment on function private.message_email_at is
'When an email about a conversation is due: once its oldest unread message has waited as long as the
reader wants, and a day after the last one. Null if no email is due for what is there now.';

create function private.record_message_email(p_mine private.conversation_members, p_seq integer)
returns void
language plpgsql
set search_path = ''
as $$
begin
    -- An email that still waits, for example for the end of quiet hours, covers this message too.
    update public.email_logs as waiting
    set subject_revision = p_seq
    where waiting.match_id = p_mine.match_id
        and waiting.user_id = p_mine.user_id
        and waiting.email_template = 'unread_messages'
        and waiting.claimable_at is not null;
    if not found then
        perform private.notify(
            p_mine.user_id,
            'unread_messages',
            jsonb_build_object(
                'match_id', p_mine.match_id,
                'partner_name', private.display_name(
                    p_mine.user_id, private.partner_in(p_mine.match_id, p_mine.user_id)
                )
            ),
            concat_ws(':', p_mine.match_id, p_seq),
            p_match_id => p_mine.match_id,
            p_subject_revision => p_seq
        );
    end if;
end;
$$;

create function public.record_message_emails(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_mine private.conversation_members;
    v_at timestamptz;
    v_asked integer := 0;
begin
    for v_mine in
        select planned.*
        from private.conversation_members as planned
        where planned.email_at <= now()
        order by planned.email_at
        limit p_limit
        for update skip locked
    loop
        v_at := private.message_email_at(v_mine);
        if v_at <= now() then
            perform private.record_message_email(v_mine, (
                select conversation.last_seq
                from private.conversations as conversation
                where conversation.match_id = v_mine.match_id
            ));
        end if;
        update private.conversation_members as mine
        set email_at = case when v_at > now() then v_at end
        where mine.match_id = v_mine.match_id and mine.user_id = v_mine.user_id;
        v_asked := v_asked + 1;
    end loop;
    return v_asked;
end;
$$;
comment on function public.record_message_emails is
'Records emails about messages that stayed unread, for up to p_limit planned ones: at most one per
conversation and day. Security definer because service_role has no grant on conversations.';
grant execute on function public.record_message_emails to service_role;

-- Fields that GraphQL reads for all objects of a page at once, without those that the caller may
-- not see.

create function public.get_matches(p_match_ids uuid[])
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(cardinality(p_match_ids), 100);
    return (
        select coalesce(jsonb_agg(private.match_json(pair)), '[]'::jsonb)
        from public.wingman_matches as pair
        where pair.id = any(p_match_ids)
            and v_caller in (pair.user1_id, pair.user2_id)
            and private.partner_exists(pair, v_caller)
    );
end;
$$;
comment on function public.get_matches is
'Those of the matches that are the caller''s, in any order.
Security definer because users have no grant on matches.';
grant execute on function public.get_matches to authenticated;

create function public.get_open_sessions(p_match_ids uuid[])
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(cardinality(p_match_ids), 100);
    return (
        select coalesce(jsonb_agg(private.session_json(open)), '[]'::jsonb)
        from public.wingman_sessions as open
        where open.match_id = any(p_match_ids)
            and open.status = 'scheduled'
            and v_caller in (open.user1_id, open.user2_id)
            and private.exists_for(v_caller, private.partner_of(open, v_caller))
    );
end;
$$;
comment on function public.get_open_sessions is
'The session that is open in each of the caller''s matches.
Security definer because users have no grant on sessions.';
grant execute on function public.get_open_sessions to authenticated;

create function public.get_conversations(p_match_ids uuid[])
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(cardinality(p_match_ids), 100);
    return (
        select coalesce(jsonb_agg(private.conversation_json(mine)), '[]'::jsonb)
        from private.conversation_members as mine
        inner join private.conversations as conversation on mine.match_id = conversation.match_id
        where mine.match_id = any(p_match_ids)
            and mine.user_id = v_caller
            and mine.hidden_seq < conversation.last_seq
            and private.shows_conversation(v_caller, mine.match_id)
    );
end;
$$;
comment on function public.get_conversations is
'The conversations of those of the matches that the caller''s list would show.
Security definer because users have no grant on conversations.';
grant execute on function public.get_conversations to authenticated;

create function public.get_newest_messages(p_match_ids uuid[], p_limit integer default 20)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(cardinality(p_match_ids), 100);
    return (
        select coalesce(
            jsonb_object_agg(
                asked.match_id, public.list_messages(asked.match_id, p_limit => p_limit)
            ),
            '{}'::jsonb
        )
        from (select distinct unnest(p_match_ids) as match_id) as asked
        where private.shows_conversation(v_caller, asked.match_id)
    );
end;
$$;
comment on function public.get_newest_messages is
'The newest page of each conversation that the caller sees.
Security definer because users have no grant on messages.';
grant execute on function public.get_newest_messages to authenticated;

create function public.get_cards(p_user_ids uuid[])
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(cardinality(p_user_ids), 100);
    return (
        select coalesce(jsonb_agg(shown.card), '[]'::jsonb)
        from private.cards_of(v_caller, private.visible_to(v_caller, p_user_ids)) as shown
    );
end;
$$;
comment on function public.get_cards is
'The profiles of those of the users that the caller may see.
Security definer because users have no grant on profiles.';
grant execute on function public.get_cards to authenticated;

-- After a restore, the database knows nothing of what happened between its backup and the moment at
-- which the original stopped: docs/decisions/050-restoring.md.

create table private.restorations (
    id bigint primary key generated always as identity,
    backup_at timestamptz not null,
    stopped_at timestamptz not null,
    restored_at timestamptz not null default now(),
    settled jsonb not null
);
comment on table private.restorations is
'Each restore of this database: of which moment it was, when the original stopped sending, and how
many rows had to be settled.';

alter table private.restorations enable row level security;

create function private.hold_emails(p_stopped_at timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_held integer;
begin
    update public.email_logs as email
    set
        delivery_status = 'unknown',
        lease_token = null,
        lease_expires_at = null,
        enqueued_at = null,
        error_message = 'the original may have sent it before the restore'
    where email.delivery_status = 'sending'
        -- The key of an open group is known. But after a refusal the original may have released the
        -- group and sent its emails under other keys.
        or (email.delivery_status = 'pending' and email.due_at <= p_stopped_at)
        -- An operator may have replayed it.
        or private.may_be_replayed(email);
    get diagnostics v_held = row_count;
    return v_held;
end;
$$;
comment on function private.hold_emails is
'Settles as unknown what the original may have sent: all that was due before it stopped. An email is
never sent before it is due, so the later ones are safe.';

create function private.hold_pushes(p_stopped_at timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_held integer;
begin
    update private.pushes as push
    set
        status = 'skipped',
        lease_token = null,
        lease_expires_at = null,
        enqueued_at = null,
        reason = 'restored'
    where push.status = 'sending'
        or (push.status = 'pending' and push.due_at <= p_stopped_at);
    get diagnostics v_held = row_count;
    return v_held;
end;
$$;

create function private.list_without_pushes(p_stopped_at timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_notification public.notifications;
    v_listed integer := 0;
begin
    for v_notification in
        select waiting.*
        from public.notifications as waiting
        where waiting.seq is null and waiting.due_at <= p_stopped_at
        order by waiting.user_id, waiting.entry
    loop
        if private.is_void(
            v_notification,
            (
                select known.*::private.notification_kinds
                from private.notification_kinds as known
                where known.kind = v_notification.kind
            )
        ) then
            delete from public.notifications as void where void.id = v_notification.id;
        else
            perform private.number_notification(v_notification);
            v_listed := v_listed + 1;
        end if;
    end loop;
    return v_listed;
end;
$$;
comment on function private.list_without_pushes is
'Lists what came due before the original stopped, which has pushed it.';

create function private.hold_feedback_requests(p_stopped_at timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_held integer;
begin
    insert into private.held_notifications (dedupe_key, user_id)
    select
        concat_ws(':', 'session_feedback', person.user_id, meeting.id, meeting.sequence),
        person.user_id
    from public.wingman_sessions as meeting
    cross join lateral (
        values (meeting.user1_id), (meeting.user2_id)
    ) as person (user_id)
    where meeting.status = 'scheduled' and meeting.scheduled_time <= p_stopped_at
    on conflict (dedupe_key) do nothing;
    get diagnostics v_held = row_count;
    return v_held;
end;
$$;
comment on function private.hold_feedback_requests is
'A session that had begun may have been completed there, by its users or by the hour.';

create function private.hold_digests(p_stopped_at timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_held integer;
begin
    insert into private.held_notifications (dedupe_key, user_id)
    select distinct
        concat_ws(
            ':',
            'weekly_digest',
            wish.user_id,
            to_char(
                date_trunc('week', (p_stopped_at at time zone 'UTC') + ahead.of_utc)
                - interval '7 days',
                'IYYY"-W"IW'
            )
        ),
        wish.user_id
    from public.email_preferences as wish
    cross join (
        values (interval '14 hours'), (interval '-12 hours')
    ) as ahead (of_utc)
    where wish.choices @> '{"marketing_emails": true}'
    on conflict (dedupe_key) do nothing;
    get diagnostics v_held = row_count;
    return v_held;
end;
$$;
comment on function private.hold_digests is
'Settles the digest of the last week that had ended anywhere when the original stopped.';

create function private.hold_message_emails(p_stopped_at timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_held integer;
begin
    update private.conversation_members as mine
    set email_at = null
    where mine.email_at <= p_stopped_at;
    get diagnostics v_held = row_count;
    return v_held;
end;
$$;
comment on function private.hold_message_emails is
'The next message of the conversation plans an email again.';

create function private.end_restored_sessions()
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_ended integer;
begin
    delete from auth.sessions as session
    where session.id is not null;
    get diagnostics v_ended = row_count;
    return v_ended;
end;
$$;
comment on function private.end_restored_sessions is
'A session that ended after the backup would be open again, and a refresh token that was replaced
would be valid again. Devices end with their sessions.';

create function private.repeat_departures(p_departed uuid[])
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_departed integer;
begin
    delete from auth.users as account
    where account.id = any(p_departed);
    get diagnostics v_departed = row_count;
    return v_departed;
end;
$$;
comment on function private.repeat_departures is
'Deletes the accounts again that their users have deleted since the backup.';

create function public.settle_restored(
    p_backup_at timestamptz, p_stopped_at timestamptz, p_departed uuid[] default '{}'
)
returns jsonb
language plpgsql
security definer
set search_path = ''
set statement_timeout = 0
as $$
declare
    v_stopped_at constant timestamptz := least(p_stopped_at, now());
    v_settled jsonb := jsonb_build_object(
        'accounts_deleted_again', private.repeat_departures(p_departed)
    );
begin
    -- Claims take turns on these rows: none begins before this is done.
    perform from private.email_lanes as lane order by lane.priority for update;
    -- The workers that hold these leases belong to the original.
    delete from private.email_leases as lease where lease.token is not null;
    if v_stopped_at > p_backup_at then
        v_settled := v_settled || jsonb_build_object(
            'notifications_listed', private.list_without_pushes(v_stopped_at),
            'emails_held', private.hold_emails(v_stopped_at),
            'pushes_held', private.hold_pushes(v_stopped_at),
            'feedback_requests_held', private.hold_feedback_requests(v_stopped_at),
            'digests_held', private.hold_digests(v_stopped_at),
            'message_emails_held', private.hold_message_emails(v_stopped_at),
            'sessions_ended', private.end_restored_sessions()
        );
    end if;
    -- The partners of accounts that are deleted again have heard of it from the original.
    update public.email_logs as email
    set delivery_status = 'skipped', error_message = 'restored'
    where email.created_at = now() and email.claimable_at is not null;
    delete from private.pushes as push
    using public.notifications as recorded
    where push.notification_id = recorded.id and recorded.recorded_at = now();
    -- Transaction ids of another server mean nothing here.
    update public.notifications as waiting
    set recorded_in = '0'
    where waiting.seq is null;
    -- The original's queue messages are lost, or name rows that are not here.
    update public.email_logs as email
    set enqueued_at = null
    where email.enqueued_at is not null and email.claimable_at is not null;
    update private.pushes as push
    set enqueued_at = null
    where push.enqueued_at is not null and push.claimable_at is not null;
    insert into private.restorations (backup_at, stopped_at, settled)
    values (p_backup_at, v_stopped_at, v_settled);
    return v_settled;
end;
$$;
comment on function public.settle_restored is
'Makes a database of an earlier moment go on without sending anything twice: p_backup_at is that
moment, p_stopped_at the one at which the original stopped to send. If it had stopped before, nothing
is held. p_departed: users who have deleted their accounts since.
Security definer because service_role has no grant on most of it.';
grant execute on function public.settle_restored to service_role;

create function public.show_backlog()
returns table (
    name text, waiting bigint, oldest_seconds double precision, paused text
)
language sql
stable
security definer
set search_path = ''
as $$
    select
        work.name,
        count(work.since),
        extract(epoch from now() - min(work.since))::double precision,
        case
            when work.name = 'pushes' then (
                select pause.reason
                from private.push_pause as pause
                where pause.paused_until > now()
            )
        end
    from (
        select 'pushes' as name, push.claimable_at as since
        from private.pushes as push
        where push.claimable_at <= now()
        union all
        select 'notifications' as name, listed.due_at as since
        from public.notifications as listed
        where listed.seq is null and listed.due_at <= now()
        union all
        select
            'photos' as name,
            -- The time by which the sweep should have settled it.
            case photo.status
                when 'rejected' then photo.settled_at + interval '1 day'
                else coalesce(photo.lease_expires_at, photo.created_at + interval '1 hour')
            end as since
        from public.photos as photo
        where photo.status <> 'ready'
            and (private.photo_failed(photo) or private.photo_over(photo))
        union all
        select 'objects' as name, doomed.doomed_at as since
        from private.doomed_objects as doomed
        union all
        select 'ended sessions' as name, ended.ended_at as since
        from private.ended_sessions as ended
        union all
        select 'departures' as name, departed.left_at as since
        from private.departures as departed
        union all
        select 'reports' as name, report.created_at as since
        from private.reports as report
        where report.decision is null
        union all
        -- A row for each name, also if nothing waits.
        select
            known.name,
            null as since
        from unnest(
            array[
                'pushes', 'notifications', 'photos', 'objects', 'ended sessions', 'departures',
                'reports'
            ]
        ) as known (name)
    ) as work
    group by work.name
    order by work.name;
$$;
comment on function public.show_backlog is
'The work of each kind that waits, since when, and why it is paused: for operators.
Security definer because service_role has no grant on most of it.';
grant execute on function public.show_backlog to service_role;
