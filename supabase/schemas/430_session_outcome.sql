create function private.lock_session(p_session_id uuid, p_party uuid)
returns public.wingman_sessions
language plpgsql
set search_path = ''
as $$
declare
    v_session public.wingman_sessions;
begin
    select locked.* into v_session
    from public.wingman_sessions as locked
    where locked.id = p_session_id and p_party in (locked.user1_id, locked.user2_id)
    for update;
    if v_session.id is null
        or not private.exists_for(p_party, private.partner_of(v_session, p_party)) then
        raise exception 'not_found' using errcode = 'WS001';
    end if;
    return v_session;
end;
$$;

create function private.check_session_open(p_session public.wingman_sessions)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
    if p_session.status <> 'scheduled' then
        raise exception 'session_not_open' using errcode = 'WS004';
    end if;
end;
$$;

create function private.has_confirmed(
    p_session public.wingman_sessions, p_user_id uuid
)
returns boolean
language sql
immutable
set search_path = ''
as $$
    select case p_user_id
        when p_session.user1_id then p_session.user2_completed_confirmed_by_user1
        when p_session.user2_id then p_session.user1_completed_confirmed_by_user2
    end;
$$;
comment on function private.has_confirmed is
'Whether this user said that the other one took part.';

create function private.session_outcome(p_session public.wingman_sessions)
returns text
language sql
immutable
set search_path = ''
as $$
    select case
        -- Two reports contradict each other, so neither counts.
        when cardinality(p_session.no_show_user_ids) > 1 then 'expired'
        when cardinality(p_session.no_show_user_ids) = 1 then 'no_show'
        when
            p_session.user1_completed_confirmed_by_user2
            or p_session.user2_completed_confirmed_by_user1
            then 'completed'
        else 'expired'
    end;
$$;
comment on function private.session_outcome is
'The outcome of a session that is over, by what both users said.';

create function private.settle_session(
    p_session public.wingman_sessions, p_outcome text
)
returns public.wingman_sessions
language plpgsql
set search_path = ''
as $$
declare
    v_session public.wingman_sessions;
begin
    update public.wingman_sessions as settled
    set
        status = p_outcome,
        completed_at = case p_outcome when 'completed' then now() end
    where settled.id = p_session.id
    returning settled.* into v_session;
    return v_session;
end;
$$;

create function private.counted_users(p_session public.wingman_sessions)
returns uuid[]
language sql
immutable
set search_path = ''
as $$
    select case
        when p_session.status in ('scheduled', 'expired') then '{}'::uuid[]
        when p_session.status = 'cancelled' then p_session.no_show_user_ids
        else array[p_session.user1_id, p_session.user2_id]
    end;
$$;
comment on function private.counted_users is
'The users whose reputation a session in this status affects.';

create function private.session_answer(
    p_session public.wingman_sessions, p_changed_users uuid[], p_due jsonb
)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'session', private.session_json(p_session),
        'changed_users', p_changed_users,
        'due', p_due
    );
$$;
comment on function private.session_answer is
'The answer of every step: the session, the users whose reputation may have changed, and the
notifications that are due now.';

create function private.close_session(p_session public.wingman_sessions)
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
        perform private.ask_for_feedback(v_session);
    end if;
    return v_session;
end;
$$;
comment on function private.close_session is
'Closes a session, which the calling function has locked, by what both users have said about it.';

create function public.close_overdue_sessions(p_limit integer)
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
comment on function public.close_overdue_sessions is
'Closes up to p_limit sessions that are open 24 hours after their start, and returns them with the
users whose reputation may have changed.
Security definer because workers have no grant on sessions.';
grant execute on function public.close_overdue_sessions to service_role;
