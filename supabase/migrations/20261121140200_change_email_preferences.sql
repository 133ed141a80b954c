create or replace function private.change_email_preferences(p_user_id uuid, p_changes jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
    insert into public.email_preferences (user_id) values (p_user_id)
    on conflict (user_id) do nothing;
    -- Read and written in one statement: changes of different switches do not undo each other.
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
        raise exception 'unknown_timezone' using errcode = 'WM040';
    when check_violation then
        raise exception 'invalid_quiet_hours' using errcode = 'WM041';
    when foreign_key_violation then
        raise exception 'not_found' using errcode = 'WM042';
end;
$$;
comment on function private.change_email_preferences(uuid, jsonb) is
'Changes the columns that `p_changes` names; the others stay, whoever else writes meanwhile.';

create or replace function public.update_email_preferences(p_changes jsonb)
returns jsonb
language sql
security definer
set search_path = ''
as $$
    select private.change_email_preferences(private.caller_id(), p_changes);
$$;
comment on function public.update_email_preferences(jsonb) is
'Changes what the caller wants. Security definer because the answer comes from schema private.';

create or replace function public.update_email_preferences_of(p_user_id uuid, p_changes jsonb)
returns jsonb
language sql
security definer
set search_path = ''
as $$
    select private.change_email_preferences(p_user_id, p_changes);
$$;
comment on function public.update_email_preferences_of(uuid, jsonb) is
'The same for whom a signed link names. Security definer because service_role has no other way to
write preferences.';

revoke all on function private.change_email_preferences(uuid, jsonb)
from public, anon, authenticated, service_role;
revoke all on function public.update_email_preferences(jsonb)
from public, anon, authenticated, service_role;
revoke all on function public.update_email_preferences_of(uuid, jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.update_email_preferences(jsonb) to authenticated;
grant execute on function public.update_email_preferences_of(uuid, jsonb) to service_role;
