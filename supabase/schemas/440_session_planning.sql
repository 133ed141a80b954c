create function private.check_scheduled_time(p_scheduled_time timestamptz)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
    v_lead integer;
begin
    select settings.session_lead_minutes into v_lead from private.app_settings as settings;
    if (
        p_scheduled_time > now()
        and p_scheduled_time >= now() + make_interval(mins => v_lead)
        and p_scheduled_time <= now() + interval '1 year'
    ) is not true then
        raise exception 'invalid_scheduled_time' using errcode = 'WS010', detail = v_lead;
    end if;
end;
$$;

create function private.is_short_notice(p_scheduled_time timestamptz)
returns boolean
language sql
stable
set search_path = ''
as $$
    select p_scheduled_time < now() + interval '2 hours';
$$;

create function private.check_challenge(p_challenge_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
    perform from public.challenges as offered
    where offered.id = p_challenge_id and offered.active;
    if p_challenge_id is not null and not found then
        raise exception 'not_found' using errcode = 'WC001';
    end if;
end;
$$;

create function private.check_match_accepted(p_match_id uuid, p_party uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_match public.wingman_matches;
begin
    -- The match does not end before the session is stored, and its end then cancels the session.
    select pair.* into v_match
    from public.wingman_matches as pair
    where pair.id = p_match_id and p_party in (pair.user1_id, pair.user2_id)
    for share;
    if v_match.id is null or not private.partner_exists(v_match, p_party) then
        raise exception 'not_found' using errcode = 'WM002';
    elsif v_match.status <> 'accepted' then
        raise exception 'match_not_accepted' using errcode = 'WS002';
    end if;
end;
$$;

create function private.close_previous_session(p_match_id uuid)
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
        return '{}'::uuid[];
    end if;
    return private.counted_users(private.close_session(v_session));
end;
$$;
comment on function private.close_previous_session is
'Closes an open session of the match that is over, so that the next one need not wait for the job.';

create function private.open_session(
    p_planner_id uuid,
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
        match_id, venue_name, scheduled_time, user1_challenge_id, user2_challenge_id, notes,
        planned_by, short_notice_for
    )
    select
        pair.id,
        p_venue_name,
        p_scheduled_time,
        p_user1_challenge_id,
        p_user2_challenge_id,
        p_notes,
        p_planner_id,
        case
            when private.is_short_notice(p_scheduled_time)
                then case p_planner_id when pair.user1_id then pair.user2_id else pair.user1_id end
        end
    from public.wingman_matches as pair
    where pair.id = p_match_id
    on conflict (match_id) where status = 'scheduled' do nothing
    returning opened.* into v_session;
    if v_session.id is null then
        raise exception 'session_already_open' using errcode = 'WS003';
    end if;
    return v_session;
end;
$$;

create function public.create_session(
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
    perform private.check_length(char_length(p_venue_name), 200);
    perform private.check_length(char_length(p_notes), 2000);
    perform private.check_idempotency_key(p_idempotency_key, p_request_hash);
    -- Uses of an idempotency key take turns.
    perform private.take_turn_as(v_caller);
    v_answer := private.replayed_response(v_caller, p_idempotency_key, p_request_hash);
    if v_answer is not null then
        return v_answer || '{"replayed": true, "due": []}';
    end if;
    perform private.refuse_flaw('venue_name', private.flaw_of_words(p_venue_name));
    perform private.check_match_accepted(p_match_id, v_caller);
    perform private.check_scheduled_time(p_scheduled_time);
    perform private.check_challenge(p_user1_challenge_id);
    perform private.check_challenge(p_user2_challenge_id);

    v_changed := private.close_previous_session(p_match_id);
    v_session := private.open_session(
        v_caller, p_match_id, p_venue_name, p_scheduled_time, p_user1_challenge_id,
        p_user2_challenge_id, p_notes
    );
    perform private.count_plan(v_caller, private.partner_of(v_session, v_caller));
    perform private.plan_reminders(v_session);
    v_answer := private.session_answer(
        v_session, v_changed, private.announce_session('session_scheduled', v_session, '{}')
    );
    perform private.remember_response(v_caller, p_idempotency_key, p_request_hash, v_answer);
    return v_answer || '{"replayed": false}';
end;
$$;
comment on function public.create_session is
'Plans a meeting of an accepted match, and notifies and will remind both users.
Security definer because users write no table.';
grant execute on function public.create_session to authenticated;

create function private.move_session(
    p_session_id uuid, p_before timestamptz, p_planner_id uuid
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_session public.wingman_sessions;
begin
    update public.wingman_sessions as moved
    set
        sequence = moved.sequence + 1,
        moved_at = now(),
        planned_by = p_planner_id,
        short_notice_for = case
            when private.is_short_notice(moved.scheduled_time)
                then private.partner_of(moved, p_planner_id)
        end
    where moved.id = p_session_id
    returning moved.* into v_session;
    perform private.count_plan(p_planner_id, private.partner_of(v_session, p_planner_id));
    perform private.drop_reminders(p_session_id);
    perform private.plan_reminders(v_session);
    return private.announce_session(
        'session_rescheduled',
        v_session,
        jsonb_build_object(
            'previous_time',
            case when v_session.scheduled_time <> p_before then private.iso_utc(p_before) end
        )
    );
end;
$$;
comment on function private.move_session is
'Makes another time or place the next revision of the plan, with new notifications and reminders.';

create function public.update_session(
    p_session_id uuid,
    p_venue_name text,
    p_scheduled_time timestamptz,
    p_notes text,
    p_changes text[]
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_old public.wingman_sessions;
    v_new public.wingman_sessions;
    v_due jsonb := '[]'::jsonb;
begin
    perform private.check_length(char_length(p_venue_name), 200);
    perform private.check_length(char_length(p_notes), 2000);
    perform private.check_length(pg_column_size(p_changes), 200);
    v_old := private.lock_session(p_session_id, v_caller);
    perform private.check_session_open(v_old);
    perform private.refuse_flaw('venue_name', private.flaw_of_words(p_venue_name));
    update public.wingman_sessions as changed
    set
        venue_name = case
            when 'venue_name' = any(p_changes) then p_venue_name else changed.venue_name
        end,
        scheduled_time = case
            when 'scheduled_time' = any(p_changes) then p_scheduled_time
            else changed.scheduled_time
        end,
        notes = case when 'notes' = any(p_changes) then p_notes else changed.notes end
    where changed.id = p_session_id
    returning changed.* into v_new;

    if (v_new.venue_name, v_new.scheduled_time) <> (v_old.venue_name, v_old.scheduled_time) then
        if v_old.scheduled_time <= now() then
            raise exception 'session_already_started' using errcode = 'WS006';
        end if;
        if v_new.scheduled_time <> v_old.scheduled_time then
            perform private.check_scheduled_time(v_new.scheduled_time);
        end if;
        v_due := private.move_session(p_session_id, v_old.scheduled_time, v_caller);
    end if;
    return private.session_answer(v_new, '{}', v_due);
end;
$$;
comment on function public.update_session is
'Changes the fields of an open session that p_changes names; time and place only before its start.
Security definer because users write no table.';
grant execute on function public.update_session to authenticated;
