create or replace function private.close_session(p_session public.wingman_sessions)
returns public.wingman_sessions
language plpgsql
set search_path = ''
as $$
declare
    v_session constant public.wingman_sessions := private.settle_session(
        p_session, private.session_outcome(p_session)
    );
begin
    if v_session.status = 'completed' then
        perform private.record_feedback_emails(v_session);
    end if;
    return v_session;
end;
$$;
comment on function private.close_session(public.wingman_sessions) is
'Ends a session, which the caller has locked, by what has been said about it.';

create or replace function public.close_overdue_sessions(p_limit integer)
returns table (session_id uuid, users uuid[])
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_session public.wingman_sessions;
begin
    for v_session in
        select overdue.*
        from public.wingman_sessions as overdue
        where overdue.status = 'scheduled'
            and overdue.scheduled_time <= now() - interval '24 hours'
        order by overdue.scheduled_time
        limit p_limit
        for update skip locked
    loop
        v_session := private.close_session(v_session);
        session_id := v_session.id;
        users := private.counted_users(v_session);
        return next;
    end loop;
end;
$$;
comment on function public.close_overdue_sessions(integer) is
'Closes what is open 24 hours after its start and tells whose reputation may have changed; to be
called until it returns nothing. Security definer because workers have no grant on sessions: they
end them in this one way.';

revoke all on function private.close_session(public.wingman_sessions)
from public, anon, authenticated, service_role;
revoke all on function public.close_overdue_sessions(integer)
from public, anon, authenticated, service_role;
grant execute on function public.close_overdue_sessions(integer) to service_role;
