create or replace function public.cancel_session(p_session_id uuid, p_reason text default null)
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
    -- Who has met, or has waited in vain, is not to lose that by the other's cancelling.
    if v_session.user1_completed_confirmed_by_user2
        or v_session.user2_completed_confirmed_by_user1
        or cardinality(v_session.no_show_user_ids) > 0
    then
        raise exception 'session_already_answered' using errcode = 'WM021';
    end if;
    update public.wingman_sessions as cancelled
    set
        status = 'cancelled',
        cancelled_by = v_caller,
        cancel_reason = p_reason,
        sequence = cancelled.sequence + 1,
        no_show_user_ids = case
            when cancelled.scheduled_time < now() + interval '2 hours' then array[v_caller]
            else '{}'
        end
    where cancelled.id = p_session_id
    returning cancelled.* into v_session;
    perform private.drop_reminders(p_session_id);
    return private.session_answer(
        v_session,
        private.counted_users(v_session),
        private.record_session_email(
            'session_cancelled',
            private.partner_of(v_session, v_caller),
            v_session,
            now(),
            jsonb_build_object('reason', p_reason)
        )
    );
end;
$$;
comment on function public.cancel_session(uuid, text) is
'Calls an open session off and tells the other; less than 2 hours before the start, and after it,
that is a no-show of who cancels. Security definer because users write no table.';

revoke all on function public.cancel_session(uuid, text)
from public, anon, authenticated, service_role;
grant execute on function public.cancel_session(uuid, text) to authenticated;
