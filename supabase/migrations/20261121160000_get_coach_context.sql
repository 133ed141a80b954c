create or replace function private.coach_challenge(p_challenge_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'difficulty', challenge.difficulty,
        'title', challenge.title,
        'description', challenge.description
    )
    from public.challenges as challenge
    where challenge.id = p_challenge_id;
$$;

create or replace function public.get_coach_context(p_challenge_id uuid, p_session_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_session public.wingman_sessions;
    v_challenge_id uuid := p_challenge_id;
begin
    if p_session_id is not null then
        v_session := private.find_session(p_session_id, v_caller);
        v_challenge_id := coalesce(p_challenge_id, case v_caller
            when v_session.user1_id then v_session.user1_challenge_id
            else v_session.user2_challenge_id
        end);
    end if;
    -- A retired challenge is still one of the sessions that chose it.
    if p_challenge_id is not null
        and (
            p_challenge_id in (v_session.user1_challenge_id, v_session.user2_challenge_id)
        ) is not true
        and not exists (
            select from public.challenges as offered
            where offered.id = p_challenge_id and offered.active
        ) then
        raise exception 'not_found' using errcode = 'WM015';
    end if;
    return jsonb_build_object(
        'challenge', private.coach_challenge(v_challenge_id),
        'session', case when v_session.id is not null then jsonb_build_object(
            'scheduled_time', private.iso_utc(v_session.scheduled_time),
            'status', private.session_status(v_session)
        ) end
    );
end;
$$;
comment on function public.get_coach_context(uuid, uuid) is
'What advice may be about: a challenge on offer (of a session, by default the caller''s own), and
when that session is; no name, no place, no note and no id, because it leaves the system.
Security definer because users have no grant on sessions.';

revoke all on function private.coach_challenge(uuid)
from public, anon, authenticated, service_role;
revoke all on function public.get_coach_context(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function public.get_coach_context(uuid, uuid) to authenticated;
