create function private.lock_open_match(p_user_id uuid, p_other_id uuid)
returns public.wingman_matches
language sql
set search_path = ''
as $$
    select locked.*
    from public.wingman_matches as locked
    where least(locked.user1_id, locked.user2_id) = least(p_user_id, p_other_id)
        and greatest(locked.user1_id, locked.user2_id) = greatest(p_user_id, p_other_id)
        and locked.status in ('pending', 'accepted')
    for no key update;
$$;
comment on function private.lock_open_match is
'Locks the open match of a pair, or returns nulls.';

create function private.call_off_session(p_match_id uuid, p_by uuid, p_counts boolean)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_session public.wingman_sessions;
begin
    -- A meeting about which either has said something goes on to its outcome: what was said must
    -- not be erased.
    update public.wingman_sessions as cancelled
    set
        status = 'cancelled',
        cancelled_by = p_by,
        sequence = cancelled.sequence + 1,
        no_show_user_ids = case
            when p_counts and private.cancellation_counts(cancelled, p_by) then array[p_by]
            else '{}'
        end
    where cancelled.match_id = p_match_id
        and cancelled.status = 'scheduled'
        and not cancelled.user1_completed_confirmed_by_user2
        and not cancelled.user2_completed_confirmed_by_user1
        and cancelled.no_show_user_ids = '{}'
    returning cancelled.* into v_session;
    if v_session.id is null or v_session.scheduled_time <= now() - interval '1 hour' then
        return '[]'::jsonb;
    end if;
    return private.notify(
        private.partner_of(v_session, p_by),
        'session_called_off',
        jsonb_build_object('scheduled_time', private.iso_utc(v_session.scheduled_time)),
        v_session.id::text
    );
end;
$$;
comment on function private.call_off_session is
'Cancels the open session of a match that has ended. The other user hears that the meeting is off,
without a name or a reason.';

create function private.end_match(
    p_match public.wingman_matches, p_by uuid, p_reason text
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_other_id constant uuid := case p_by
        when p_match.user1_id then p_match.user2_id else p_match.user1_id
    end;
    v_ended public.wingman_matches;
    v_due jsonb;
begin
    perform private.lock_pair(p_match.user1_id, p_match.user2_id);
    update public.wingman_matches as ended
    set
        status = case
            when ended.status = 'accepted' then 'ended'
            when ended.initiator_id = p_by then 'withdrawn'
            else 'declined'
        end,
        ended_at = case when ended.status = 'accepted' then now() end,
        responded_at = case
            when ended.status = 'pending' and ended.initiator_id <> p_by then now()
            else ended.responded_at
        end
    where ended.id = p_match.id and private.match_status(ended) in ('pending', 'accepted')
    returning ended.* into v_ended;
    delete from public.likes as gone
    where (gone.user_id, gone.liked_id) in (
        (p_match.user1_id, p_match.user2_id), (p_match.user2_id, p_match.user1_id)
    );
    if v_ended.id is null then
        return '[]'::jsonb;
    end if;
    perform private.close_previous_session(v_ended.id);
    perform private.cancel_match_emails(v_ended.id);
    v_due := private.call_off_session(v_ended.id, p_by, p_reason <> 'block');
    if p_reason = 'block' then
        return v_due;
    end if;
    return v_due || private.notify_of_match(
        v_other_id, 'match_ended', v_ended.id,
        jsonb_build_object('partner_name', private.display_name(v_other_id, p_by))
    );
end;
$$;
comment on function private.end_match is
'Ends an open match for good, because of an `unmatch`, an `unlike` or a `block`: likes and unsent
emails of the two go, the open session is cancelled. Late, that counts as by cancel_session, but a
block never counts. The other user hears of the end, but not of a block. An invitation is withdrawn or
declined instead, which keeps no one apart. Returns what is due now.';

create function private.users_counted_now(p_match_id uuid)
returns uuid[]
language sql
stable
set search_path = ''
as $$
    select coalesce(array_agg(distinct counted.user_id), '{}')
    from public.wingman_sessions as meeting
    cross join lateral unnest(private.counted_users(meeting)) as counted (user_id)
    -- Stamped with the time of this transaction.
    where meeting.match_id = p_match_id and meeting.updated_at = now();
$$;
comment on function private.users_counted_now is
'The users whose reputation the end of a match has changed, in the transaction that ended it.';

create function public.unmatch(p_match_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_match public.wingman_matches;
    v_ended jsonb;
    v_due jsonb := '[]'::jsonb;
begin
    select mine.* into v_match
    from public.wingman_matches as mine
    where mine.id = p_match_id and v_caller in (mine.user1_id, mine.user2_id);
    if v_match.id is null then
        raise exception 'not_found' using errcode = 'WM002';
    end if;
    perform private.lock_pair(v_match.user1_id, v_match.user2_id);
    select locked.* into v_match
    from public.wingman_matches as locked
    where locked.id = p_match_id
    for no key update;
    if v_match.id is null or not private.partner_exists(v_match, v_caller) then
        raise exception 'not_found' using errcode = 'WM002';
    elsif v_match.status not in ('accepted', 'ended') then
        raise exception 'match_not_accepted' using errcode = 'WM014';
    end if;
    if v_match.status = 'accepted' then
        v_ended := private.ended_json(v_match);
        v_due := private.end_match(v_match, v_caller, 'unmatch');
        select ended.* into v_match
        from public.wingman_matches as ended
        where ended.id = p_match_id;
    end if;
    return jsonb_build_object(
        'match', private.match_json(v_match),
        'due', v_due,
        'changed_users', private.users_counted_now(p_match_id),
        'ended_match', v_ended
    );
end;
$$;
comment on function public.unmatch is
'Ends an accepted match of the caller for good. Again, it returns the match unchanged.
Security definer because users write no table.';
grant execute on function public.unmatch to authenticated;
