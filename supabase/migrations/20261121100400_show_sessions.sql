create or replace function private.session_status(p_session public.wingman_sessions)
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
comment on function private.session_status(public.wingman_sessions) is
'The status to show: an open session is in progress from its start until it is closed.';

create or replace function private.session_json(p_session public.wingman_sessions)
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
        'updated_at', private.iso_utc(p_session.updated_at)
    );
$$;

create or replace function private.partner_of(p_session public.wingman_sessions, p_user_id uuid)
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

create or replace function private.find_session(p_session_id uuid, p_party uuid)
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
    if v_session.id is null then
        raise exception 'not_found' using errcode = 'WM014';
    end if;
    return v_session;
end;
$$;

create or replace function public.get_session(p_session_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select private.session_json(private.find_session(p_session_id, private.caller_id()));
$$;
comment on function public.get_session(uuid) is
'Security definer because users have no grant on sessions: a stored status may be out of date.';

create or replace function public.get_session_event(p_session_id uuid)
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
        'partner_name', private.display_name(private.partner_of(v_session, v_caller))
    );
end;
$$;
comment on function public.get_session_event(uuid) is
'What a calendar file says: the session, which revision of it this is, and whom the caller meets.
Security definer because users have no grant on sessions and other people''s profiles.';

revoke all on function private.session_status(public.wingman_sessions)
from public, anon, authenticated, service_role;
revoke all on function private.session_json(public.wingman_sessions)
from public, anon, authenticated, service_role;
revoke all on function private.partner_of(public.wingman_sessions, uuid)
from public, anon, authenticated, service_role;
revoke all on function private.find_session(uuid, uuid)
from public, anon, authenticated, service_role;
revoke all on function public.get_session(uuid) from public, anon, authenticated, service_role;
revoke all on function public.get_session_event(uuid)
from public, anon, authenticated, service_role;
grant execute on function public.get_session(uuid) to authenticated;
grant execute on function public.get_session_event(uuid) to authenticated;
