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
