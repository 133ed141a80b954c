-- Why a step on a session may be refused; docs/decisions/007-session-states.md says when.
--   WM014 not_found (session)   WM015 not_found (challenge)   WM016 match_not_accepted
--   WM017 session_already_open  WM018 session_not_open        WM019 session_not_started
--   WM020 session_already_started    WM021 session_already_answered
--   WM022 no_show_too_early     WM023 no_show_too_late        WM024 invalid_scheduled_time
-- Beside them WM025 submission_window_closed (challenges), WM026 not_found (a person's reputation).

create or replace function private.lock_session(p_session_id uuid, p_party uuid)
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
    if v_session.id is null then
        raise exception 'not_found' using errcode = 'WM014';
    end if;
    return v_session;
end;
$$;

create or replace function private.check_session_open(p_session public.wingman_sessions)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
    if p_session.status <> 'scheduled' then
        raise exception 'session_not_open' using errcode = 'WM018';
    end if;
end;
$$;

create or replace function private.check_scheduled_time(p_scheduled_time timestamptz)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
    if (p_scheduled_time > now() and p_scheduled_time <= now() + interval '1 year') is not true then
        raise exception 'invalid_scheduled_time' using errcode = 'WM024';
    end if;
end;
$$;

create or replace function private.has_confirmed(
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
comment on function private.has_confirmed(public.wingman_sessions, uuid) is
'Whether this person said that the other took part.';

create or replace function private.session_outcome(p_session public.wingman_sessions)
returns text
language sql
immutable
set search_path = ''
as $$
    select case
        -- Word against word: nobody is believed.
        when cardinality(p_session.no_show_user_ids) > 1 then 'expired'
        when cardinality(p_session.no_show_user_ids) = 1 then 'no_show'
        when
            p_session.user1_completed_confirmed_by_user2
            or p_session.user2_completed_confirmed_by_user1
            then 'completed'
        else 'expired'
    end;
$$;
comment on function private.session_outcome(public.wingman_sessions) is
'What the words of both make of a session that is over.';

create or replace function private.settle_session(
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

create or replace function private.counted_users(p_session public.wingman_sessions)
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
comment on function private.counted_users(public.wingman_sessions) is
'Whose reputation a session in this status touches.';

create or replace function private.session_answer(
    p_session public.wingman_sessions, p_changed_users uuid[], p_emails jsonb
)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'session', private.session_json(p_session),
        'changed_users', p_changed_users,
        'emails', p_emails
    );
$$;
comment on function private.session_answer(public.wingman_sessions, uuid[], jsonb) is
'The answer of every step: the session, whose reputation may have changed, what to enqueue.';

revoke all on function private.lock_session(uuid, uuid)
from public, anon, authenticated, service_role;
revoke all on function private.check_session_open(public.wingman_sessions)
from public, anon, authenticated, service_role;
revoke all on function private.check_scheduled_time(timestamptz)
from public, anon, authenticated, service_role;
revoke all on function private.has_confirmed(public.wingman_sessions, uuid)
from public, anon, authenticated, service_role;
revoke all on function private.session_outcome(public.wingman_sessions)
from public, anon, authenticated, service_role;
revoke all on function private.settle_session(public.wingman_sessions, text)
from public, anon, authenticated, service_role;
revoke all on function private.counted_users(public.wingman_sessions)
from public, anon, authenticated, service_role;
revoke all on function private.session_answer(public.wingman_sessions, uuid[], jsonb)
from public, anon, authenticated, service_role;
