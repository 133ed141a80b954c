create function private.cancellation_counts(
    p_session public.wingman_sessions, p_user_id uuid
)
returns boolean
language sql
stable
set search_path = ''
as $$
    select p_session.scheduled_time < now() + interval '2 hours'
        and (
            coalesce(p_session.moved_at, p_session.created_at) <= now() - interval '2 hours'
            -- A user who moved the plan, or planned it and let it begin, is not excused.
            or (
                p_session.planned_by is not distinct from p_user_id
                and (p_session.moved_at is not null or p_session.scheduled_time <= now())
            )
        );
$$;
comment on function private.cancellation_counts is
'Whether a cancellation by this user counts as a no-show: late, and of a plan that the user has had
for 2 hours or has made.';

create function public.cancel_session(p_session_id uuid, p_reason text default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_session public.wingman_sessions;
begin
    perform private.check_length(char_length(p_reason), 500);
    v_session := private.lock_session(p_session_id, v_caller);
    perform private.check_session_open(v_session);
    -- A user must not erase by cancelling what either of the two has said about the meeting.
    if v_session.user1_completed_confirmed_by_user2
        or v_session.user2_completed_confirmed_by_user1
        or cardinality(v_session.no_show_user_ids) > 0
    then
        raise exception 'session_already_answered' using errcode = 'WS007';
    end if;
    update public.wingman_sessions as cancelled
    set
        status = 'cancelled',
        cancelled_by = v_caller,
        cancel_reason = p_reason,
        sequence = cancelled.sequence + 1,
        no_show_user_ids = case
            when private.cancellation_counts(cancelled, v_caller) then array[v_caller] else '{}'
        end
    where cancelled.id = p_session_id
    returning cancelled.* into v_session;
    perform private.drop_reminders(p_session_id);
    return private.session_answer(
        v_session,
        private.counted_users(v_session),
        private.notify_of_session(
            private.partner_of(v_session, v_caller),
            'session_cancelled',
            v_session,
            jsonb_build_object('reason', p_reason)
        )
    );
end;
$$;
comment on function public.cancel_session is
'Cancels an open session and notifies the other user. Late, it counts as a no-show of the user who
cancels, unless that user has had the plan for less than 2 hours.
Security definer because users write no table.';
grant execute on function public.cancel_session to authenticated;

create function public.confirm_session(p_session_id uuid)
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
        raise exception 'session_not_started' using errcode = 'WS005';
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
        -- A partner who came late did come.
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
        private.ask_for_feedback(v_session)
    );
end;
$$;
comment on function public.confirm_session is
'Records that the other user took part, and withdraws an earlier report. The second confirmation
completes the session. Security definer because users write no table.';
grant execute on function public.confirm_session to authenticated;

create function private.check_no_show_report(
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
        raise exception 'session_not_open' using errcode = 'WS004';
    elsif now() < p_session.scheduled_time + interval '15 minutes' then
        raise exception 'no_show_too_early' using errcode = 'WS008';
    elsif now() > p_session.scheduled_time + interval '168 hours' then
        raise exception 'no_show_too_late' using errcode = 'WS009';
    elsif private.has_confirmed(p_session, p_reporter) then
        raise exception 'session_already_answered' using errcode = 'WS007';
    end if;
end;
$$;

create function public.report_no_show(p_session_id uuid)
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
    -- A completed session stays completed, for the reporter alone. The others get a new outcome.
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
comment on function public.report_no_show is
'Records that the other user did not come. While the session is open, the outcome waits for its end.
Security definer because users write no table.';
grant execute on function public.report_no_show to authenticated;

create function private.export_sessions(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'id', meeting.id,
                'match_id', meeting.match_id,
                'venue_name', meeting.venue_name,
                'scheduled_time', private.iso_utc(meeting.scheduled_time),
                'status', meeting.status,
                'notes', meeting.notes,
                'challenge_id', case p_user_id
                    when meeting.user1_id then meeting.user1_challenge_id
                    else meeting.user2_challenge_id
                end,
                'confirmed_by_me', case p_user_id
                    when meeting.user1_id then meeting.user2_completed_confirmed_by_user1
                    else meeting.user1_completed_confirmed_by_user2
                end,
                'counts_for_me', case p_user_id
                    when meeting.user1_id then meeting.user1_counts_as
                    else meeting.user2_counts_as
                end,
                'cancelled_by_me', coalesce(meeting.cancelled_by = p_user_id, false),
                'cancel_reason', case
                    when meeting.cancelled_by = p_user_id then meeting.cancel_reason
                end,
                'created_at', private.iso_utc(meeting.created_at)
            )
            order by meeting.created_at
        ),
        '[]'::jsonb
    )
    from public.wingman_sessions as meeting
    where p_user_id in (meeting.user1_id, meeting.user2_id);
$$;
comment on function private.export_sessions is
'The sessions in the export of an account, without what the partner confirmed or reported.';
