create or replace view private.email_wishes as
select
    profile.id as user_id,
    wish.updated_at,
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
comment on view private.email_wishes is
'What everybody wants by mail: what they chose, or the defaults.';
revoke all on private.email_wishes from public, anon, authenticated, service_role;

create or replace function private.email_preferences_json(p_user_id uuid)
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

create or replace function public.get_email_preferences()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select private.email_preferences_json(private.caller_id());
$$;
comment on function public.get_email_preferences() is
'What the caller wants by mail. Security definer because the defaults lie in schema private.';

create or replace function public.get_email_preferences_of(p_user_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select private.email_preferences_json(p_user_id);
$$;
comment on function public.get_email_preferences_of(uuid) is
'The same for whom a signed link names; null when there is no such user.
Security definer because the defaults lie in schema private.';

revoke all on function private.email_preferences_json(uuid)
from public, anon, authenticated, service_role;
revoke all on function public.get_email_preferences()
from public, anon, authenticated, service_role;
revoke all on function public.get_email_preferences_of(uuid)
from public, anon, authenticated, service_role;
grant execute on function public.get_email_preferences() to authenticated;
grant execute on function public.get_email_preferences_of(uuid) to service_role;
