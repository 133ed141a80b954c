create or replace function public.get_session_event_of(p_session_id uuid, p_user_id uuid)
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
        raise exception 'not_found' using errcode = 'WM014';
    end if;
    v_session.notes := null;
    v_session.cancel_reason := null;
    return jsonb_build_object(
        'session', private.session_json(v_session),
        'sequence', v_session.sequence,
        'partner_name', private.display_name(private.partner_of(v_session, p_user_id))
    );
end;
$$;
comment on function public.get_session_event_of(uuid, uuid) is
'What a calendar file says to whom a signed link names, until a day after the start: no words of
either, as a mail may be passed on. Security definer because nobody has a grant on sessions.';

revoke all on function public.get_session_event_of(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function public.get_session_event_of(uuid, uuid) to service_role;
