create or replace function private.check_no_show_report(
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
        raise exception 'session_not_open' using errcode = 'WM018';
    elsif now() < p_session.scheduled_time + interval '15 minutes' then
        raise exception 'no_show_too_early' using errcode = 'WM022';
    elsif now() > p_session.scheduled_time + interval '168 hours' then
        raise exception 'no_show_too_late' using errcode = 'WM023';
    elsif private.has_confirmed(p_session, p_reporter) then
        raise exception 'session_already_answered' using errcode = 'WM021';
    end if;
end;
$$;

create or replace function public.report_no_show(p_session_id uuid)
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
    -- A completed session stays one, for the reporter alone; the others are judged anew.
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
comment on function public.report_no_show(uuid) is
'Says that the other did not come; while the session is open it is decided when the grace ends.
Security definer because users write no table.';

revoke all on function private.check_no_show_report(public.wingman_sessions, uuid)
from public, anon, authenticated, service_role;
revoke all on function public.report_no_show(uuid)
from public, anon, authenticated, service_role;
grant execute on function public.report_no_show(uuid) to authenticated;
