-- Mail that can wait leaves outside quiet hours, so that an hour of the day has to remain. '24:00'
-- is a time to PostgreSQL alone.
create or replace function private.leaves_an_hour(p_start time, p_end time)
returns boolean
language sql
immutable
set search_path = ''
as $$
    select p_start < time '24:00' and p_end < time '24:00'
        and mod(extract(epoch from p_end - p_start)::integer + 86400, 86400) between 1 and 82800;
$$;
-- Whoever writes a row calls it, through the constraint.
revoke all on function private.leaves_an_hour(time, time)
from public, anon, authenticated, service_role;
grant execute on function private.leaves_an_hour(time, time) to authenticated;

update public.email_preferences
set
    quiet_hours_start = null,
    quiet_hours_end = null
where not private.leaves_an_hour(quiet_hours_start, quiet_hours_end);

alter table public.email_preferences
drop constraint if exists email_preferences_quiet_hours_leave_an_hour;
alter table public.email_preferences
add constraint email_preferences_quiet_hours_leave_an_hour
check (private.leaves_an_hour(quiet_hours_start, quiet_hours_end));
