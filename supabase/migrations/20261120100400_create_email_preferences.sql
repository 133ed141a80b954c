create table if not exists public.email_preferences (
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
    check ((quiet_hours_start is null) = (quiet_hours_end is null))
);
comment on table public.email_preferences is
'What a person wants by mail. No row means the defaults, no timezone the profile''s.';

alter table public.email_preferences enable row level security;

revoke all on public.email_preferences from public, anon, authenticated, service_role;
grant select on public.email_preferences to authenticated, service_role;
grant insert (
    user_id, match_notifications, session_reminders, feedback_requests, marketing_emails,
    timezone, quiet_hours_start, quiet_hours_end
) on public.email_preferences to authenticated;
grant update (
    match_notifications, session_reminders, feedback_requests, marketing_emails,
    timezone, quiet_hours_start, quiet_hours_end
) on public.email_preferences to authenticated;

drop policy if exists email_preferences_read_own on public.email_preferences;
create policy email_preferences_read_own on public.email_preferences
for select to authenticated
using (user_id = (select auth.uid()));
drop policy if exists email_preferences_create_own on public.email_preferences;
create policy email_preferences_create_own on public.email_preferences
for insert to authenticated
with check (user_id = (select auth.uid()));
drop policy if exists email_preferences_change_own on public.email_preferences;
create policy email_preferences_change_own on public.email_preferences
for update to authenticated
using (user_id = (select auth.uid()))
with check (user_id = (select auth.uid()));

create or replace function private.stamp_update()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    new.updated_at := now();
    return new;
end;
$$;
revoke all on function private.stamp_update() from public, anon, authenticated, service_role;

create or replace trigger stamp_update
before update on public.email_preferences
for each row execute function private.stamp_update();
