create or replace function private.check_challenge(p_challenge_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
    perform from public.challenges as offered
    where offered.id = p_challenge_id and offered.active;
    if p_challenge_id is not null and not found then
        raise exception 'not_found' using errcode = 'WM015';
    end if;
end;
$$;

create or replace function private.check_match_accepted(p_match_id uuid, p_party uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
    v_status text;
begin
    -- An accepted match stays one, so no lock is needed.
    select pair.status into v_status
    from public.wingman_matches as pair
    where pair.id = p_match_id and p_party in (pair.user1_id, pair.user2_id);
    if v_status is null then
        raise exception 'not_found' using errcode = 'WM003';
    elsif v_status <> 'accepted' then
        raise exception 'match_not_accepted' using errcode = 'WM016';
    end if;
end;
$$;

create or replace function private.close_previous_session(p_match_id uuid)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
    v_session public.wingman_sessions;
begin
    select previous.* into v_session
    from public.wingman_sessions as previous
    where previous.match_id = p_match_id
        and previous.status = 'scheduled'
        and previous.scheduled_time <= now() - interval '24 hours'
    for update;
    if v_session.id is null then
        return '{}';
    end if;
    return private.counted_users(private.close_session(v_session));
end;
$$;
comment on function private.close_previous_session(uuid) is
'A session whose grace is over must not stand in the way of the next until a job comes by.';

create or replace function private.open_session(
    p_match_id uuid,
    p_venue_name text,
    p_scheduled_time timestamptz,
    p_user1_challenge_id uuid,
    p_user2_challenge_id uuid,
    p_notes text
)
returns public.wingman_sessions
language plpgsql
set search_path = ''
as $$
declare
    v_session public.wingman_sessions;
begin
    insert into public.wingman_sessions as opened (
        match_id, venue_name, scheduled_time, user1_challenge_id, user2_challenge_id, notes
    )
    values (
        p_match_id, p_venue_name, p_scheduled_time, p_user1_challenge_id, p_user2_challenge_id,
        p_notes
    )
    on conflict (match_id) where status = 'scheduled' do nothing
    returning opened.* into v_session;
    if v_session.id is null then
        raise exception 'session_already_open' using errcode = 'WM017';
    end if;
    return v_session;
end;
$$;

create or replace function public.create_session(
    p_match_id uuid,
    p_venue_name text,
    p_scheduled_time timestamptz,
    p_user1_challenge_id uuid default null,
    p_user2_challenge_id uuid default null,
    p_notes text default null,
    p_idempotency_key text default null,
    p_request_hash text default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_changed uuid[];
    v_session public.wingman_sessions;
    v_answer jsonb;
begin
    -- One use of an idempotency key at a time.
    perform from public.user_profiles where id = v_caller for no key update;
    v_answer := private.replayed_response(v_caller, p_idempotency_key, p_request_hash);
    if v_answer is not null then
        return v_answer || '{"replayed": true, "emails": []}';
    end if;
    perform private.check_match_accepted(p_match_id, v_caller);
    perform private.check_scheduled_time(p_scheduled_time);
    perform private.check_challenge(p_user1_challenge_id);
    perform private.check_challenge(p_user2_challenge_id);

    v_changed := private.close_previous_session(p_match_id);
    v_session := private.open_session(
        p_match_id, p_venue_name, p_scheduled_time, p_user1_challenge_id, p_user2_challenge_id,
        p_notes
    );
    perform private.plan_reminders(v_session);
    v_answer := private.session_answer(
        v_session, v_changed, private.announce_session('session_scheduled', v_session, '{}')
    );
    perform private.remember_response(v_caller, p_idempotency_key, p_request_hash, v_answer);
    return v_answer || '{"replayed": false}';
end;
$$;
comment on function public.create_session(
    uuid, text, timestamptz, uuid, uuid, text, text, text
) is
'Plans a meeting of an accepted match, tells both and writes their reminders.
Security definer because users write no table.';

revoke all on function private.check_challenge(uuid) from public, anon, authenticated, service_role;
revoke all on function private.check_match_accepted(uuid, uuid)
from public, anon, authenticated, service_role;
revoke all on function private.close_previous_session(uuid)
from public, anon, authenticated, service_role;
revoke all on function private.open_session(uuid, text, timestamptz, uuid, uuid, text)
from public, anon, authenticated, service_role;
revoke all on function public.create_session(
    uuid, text, timestamptz, uuid, uuid, text, text, text
) from public, anon, authenticated, service_role;
grant execute on function public.create_session(
    uuid, text, timestamptz, uuid, uuid, text, text, text
) to authenticated;
