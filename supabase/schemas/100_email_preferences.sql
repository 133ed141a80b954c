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
grant execute on function private.leaves_an_hour to authenticated;

create table public.email_preferences (
    user_id uuid primary key references public.user_profiles (id) on delete cascade,
    match_notifications boolean not null default true,
    session_reminders boolean not null default true,
    feedback_requests boolean not null default true,
    marketing_emails boolean not null default false,
    timezone text,
    quiet_hours_start time default '22:00',
    quiet_hours_end time default '08:00',
    updated_at timestamptz not null default now(),
    constraint email_preferences_timezone_known
    check (
        timezone is null
        or (timestamptz '2000-01-01 00:00:00+00' at time zone timezone) is not null
    ),
    constraint email_preferences_quiet_hours_whole
    check ((quiet_hours_start is null) = (quiet_hours_end is null)),
    constraint email_preferences_quiet_hours_leave_an_hour
    check (private.leaves_an_hour(quiet_hours_start, quiet_hours_end))
);
comment on table public.email_preferences is
'The emails that a user wants. Without a row the defaults hold, without a timezone the profile''s.';

create index email_preferences_want_marketing
on public.email_preferences (user_id)
where marketing_emails;
create index email_preferences_user_id_hash
on public.email_preferences using hash (user_id);

alter table public.email_preferences enable row level security;

grant select on public.email_preferences to authenticated, service_role;
grant insert (
    user_id, match_notifications, session_reminders, feedback_requests, marketing_emails,
    timezone, quiet_hours_start, quiet_hours_end
) on public.email_preferences to authenticated;
grant update (
    match_notifications, session_reminders, feedback_requests, marketing_emails,
    timezone, quiet_hours_start, quiet_hours_end
) on public.email_preferences to authenticated;

create policy email_preferences_read_own on public.email_preferences
for select to authenticated
using (user_id = (select auth.uid()));
create policy email_preferences_create_own on public.email_preferences
for insert to authenticated
with check (user_id = (select auth.uid()));
create policy email_preferences_change_own on public.email_preferences
for update to authenticated
using (user_id = (select auth.uid()))
with check (user_id = (select auth.uid()));

create trigger stamp_update
before update on public.email_preferences
for each row execute function private.stamp_update();

create view private.email_recipients as
select
    profile.id as user_id,
    profile.first_name,
    wish.updated_at,
    coalesce(profile.email, '') as email,
    coalesce(wish.match_notifications, true) as match_notifications,
    coalesce(wish.session_reminders, true) as session_reminders,
    coalesce(wish.feedback_requests, true) as feedback_requests,
    coalesce(wish.marketing_emails, false) as marketing_emails,
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

create view private.email_wishes as
select
    reader.user_id,
    reader.updated_at,
    reader.match_notifications,
    reader.session_reminders,
    reader.feedback_requests,
    reader.marketing_emails,
    reader.timezone,
    reader.quiet_hours_start,
    reader.quiet_hours_end
from private.email_recipients as reader;
comment on view private.email_wishes is
'The email preferences of every user, chosen or by default.';
grant select on private.email_wishes to service_role;

create function private.email_preferences_json(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'user_id', wish.user_id,
        'match_notifications', wish.match_notifications,
        'session_reminders', wish.session_reminders,
        'feedback_requests', wish.feedback_requests,
        'marketing_emails', wish.marketing_emails,
        'timezone', wish.timezone,
        'quiet_hours', case
            when wish.quiet_hours_start is not null then jsonb_build_object(
                'start', to_char(wish.quiet_hours_start, 'HH24:MI'),
                'end', to_char(wish.quiet_hours_end, 'HH24:MI')
            )
        end,
        'updated_at', private.iso_utc(wish.updated_at)
    )
    from private.email_wishes as wish
    where wish.user_id = p_user_id;
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
'The caller''s preferences. Security definer because the defaults are in schema private.';
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
begin
    insert into public.email_preferences (user_id) values (p_user_id)
    on conflict (user_id) do nothing;
    -- One statement reads and writes, so simultaneous changes of different columns both hold.
    update public.email_preferences as wish
    set (
        match_notifications, session_reminders, feedback_requests, marketing_emails,
        timezone, quiet_hours_start, quiet_hours_end
    ) = (
        select
            changed.match_notifications,
            changed.session_reminders,
            changed.feedback_requests,
            changed.marketing_emails,
            changed.timezone,
            changed.quiet_hours_start,
            changed.quiet_hours_end
        from jsonb_populate_record(wish, p_changes) as changed
    )
    where wish.user_id = p_user_id;
    return private.email_preferences_json(p_user_id);
exception
    when invalid_parameter_value then
        raise exception 'unknown_timezone' using errcode = 'WN001';
    when check_violation then
        raise exception 'invalid_quiet_hours' using errcode = 'WN002';
    when foreign_key_violation then
        raise exception 'not_found' using errcode = 'WN003';
end;
$$;
comment on function private.change_email_preferences is
'Changes the columns that `p_changes` names and no others.';

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
Security definer because the answer is read from schema private.';
grant execute on function public.update_email_preferences to authenticated;

create function public.update_email_preferences_of(p_user_id uuid, p_changes jsonb)
returns jsonb
language sql
security definer
set search_path = ''
as $$
    select private.change_email_preferences(p_user_id, p_changes);
$$;
comment on function public.update_email_preferences_of is
'Changes the preferences of the user named by a signed link. Security definer because service_role
has no grant to write preferences.';
grant execute on function public.update_email_preferences_of to service_role;
