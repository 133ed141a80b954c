create or replace function public.confirm_session(p_session_id uuid)
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
        raise exception 'session_not_started' using errcode = 'WM019';
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
        -- Who came late came after all.
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
        private.record_feedback_emails(v_session)
    );
end;
$$;
comment on function public.confirm_session(uuid) is
'Says that the other took part, and takes back what the caller reported before; the second of two
completes the session. Security definer because users write no table.';

revoke all on function public.confirm_session(uuid)
from public, anon, authenticated, service_role;
grant execute on function public.confirm_session(uuid) to authenticated;
