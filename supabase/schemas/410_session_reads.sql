create function private.session_status(p_session public.wingman_sessions)
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
comment on function private.session_status is
'The status to show. An open session is in progress from its start until it is closed.';

create function private.partner_of(p_session public.wingman_sessions, p_user_id uuid)
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

create function private.session_json(
    p_session public.wingman_sessions, p_reader uuid default auth.uid()
)
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
        'updated_at', private.iso_utc(p_session.updated_at),
        'partner', private.partner_json(p_reader, private.partner_of(p_session, p_reader))
    );
$$;

create function private.find_session(p_session_id uuid, p_party uuid)
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
    if v_session.id is null
        or not private.exists_for(p_party, private.partner_of(v_session, p_party)) then
        raise exception 'not_found' using errcode = 'WS001';
    end if;
    return v_session;
end;
$$;

create function public.get_session(p_session_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select private.session_json(private.find_session(p_session_id, private.caller_id()));
$$;
comment on function public.get_session is
'A session of the caller.
Security definer because users have no grant on sessions: a stored status may be out of date.';
grant execute on function public.get_session to authenticated;

create function public.get_session_event(p_session_id uuid)
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
        'partner_name', private.display_name(v_caller, private.partner_of(v_session, v_caller))
    );
end;
$$;
comment on function public.get_session_event is
'The facts of a calendar file: the session, its revision and the partner''s name.
Security definer because users have no grant on sessions and on other users'' profiles.';
grant execute on function public.get_session_event to authenticated;

create function public.get_session_event_of(p_session_id uuid, p_user_id uuid)
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
        raise exception 'not_found' using errcode = 'WS001';
    end if;
    v_session.notes := null;
    v_session.cancel_reason := null;
    return jsonb_build_object(
        'session', private.session_json(v_session, p_user_id),
        'sequence', v_session.sequence,
        'partner_name', private.display_name(p_user_id, private.partner_of(v_session, p_user_id))
    );
end;
$$;
comment on function public.get_session_event_of is
'The facts of a calendar file for the user named by a signed link, until a day after the start. It
leaves out the notes, because an email may be forwarded.
Security definer because service_role has no grant on sessions.';
grant execute on function public.get_session_event_of to service_role;

create function private.sessions_before(
    p_user_id uuid,
    p_status text,
    p_stored_status text,
    p_limit integer,
    p_created_at timestamptz,
    p_id uuid
)
returns setof public.wingman_sessions
language sql
stable
set search_path = ''
as $$
    -- Comparing the stored status first is cheap and leaves few rows for the function.
    -- One ordered index scan per side. An `or` over both would read every session of the user.
    (
        select as_user1.*
        from public.wingman_sessions as as_user1
        where as_user1.user1_id = p_user_id
            and (as_user1.created_at, as_user1.id) < (p_created_at, p_id)
            and private.exists_for(p_user_id, as_user1.user2_id)
            and (p_status is null or as_user1.status = p_stored_status)
            and (p_status is null or private.session_status(as_user1) = p_status)
        order by as_user1.created_at desc, as_user1.id desc
        limit p_limit
    )
    union all
    (
        select as_user2.*
        from public.wingman_sessions as as_user2
        where as_user2.user2_id = p_user_id
            and (as_user2.created_at, as_user2.id) < (p_created_at, p_id)
            and private.exists_for(p_user_id, as_user2.user1_id)
            and (p_status is null or as_user2.status = p_stored_status)
            and (p_status is null or private.session_status(as_user2) = p_status)
        order by as_user2.created_at desc, as_user2.id desc
        limit p_limit
    )
    order by created_at desc, id desc
    limit p_limit;
$$;

create function public.list_sessions(
    p_status text default null,
    p_limit integer default 20,
    p_before_created_at timestamptz default null,
    p_before_id uuid default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(char_length(p_status), 20);
    return (
        select coalesce(
            jsonb_agg(
                private.session_json(listed.*::public.wingman_sessions)
                order by listed.created_at desc, listed.id desc
            ),
            '[]'::jsonb
        )
        from private.sessions_before(
            v_caller,
            p_status,
            case p_status when 'in_progress' then 'scheduled' else p_status end,
            least(greatest(p_limit, 1), 101),
            coalesce(p_before_created_at, 'infinity'),
            coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        ) as listed
    );
end;
$$;
comment on function public.list_sessions is
'The caller''s sessions before the given one, newest first. At most 101: a page of 100, and one more
that shows whether another page follows.
Security definer because users have no grant on sessions: a stored status may be out of date.';
grant execute on function public.list_sessions to authenticated;
