create function private.open_match(
    p_inviter_id uuid, p_invitee_id uuid, p_venue_suggestion text, p_note text
)
returns public.wingman_matches
language plpgsql
set search_path = ''
as $$
declare
    v_match public.wingman_matches;
begin
    -- A like, a block or the end of a match may be in progress.
    perform private.lock_pair(p_inviter_id, p_invitee_id);
    if not private.exists_for(p_inviter_id, p_invitee_id)
        or not private.exists_for(p_invitee_id, p_inviter_id) then
        raise exception 'not_found' using errcode = 'WM001';
    end if;
    if private.has_ended(p_inviter_id, p_invitee_id) then
        raise exception 'match_ended' using errcode = 'WM013';
    end if;
    perform private.expire_match_of(p_inviter_id, p_invitee_id);

    insert into public.wingman_matches as opened (
        user1_id, user2_id, initiator_id, venue_suggestion, note
    )
    values (p_inviter_id, p_invitee_id, p_inviter_id, p_venue_suggestion, p_note)
    on conflict do nothing
    returning opened.* into v_match;
    if v_match.id is null then
        raise exception 'match_already_open' using errcode = 'WM003';
    end if;

    -- After the insert, which waits for an answer in progress: if that is a decline, it shows here.
    perform from public.wingman_matches as declined
    where least(declined.user1_id, declined.user2_id) = least(p_inviter_id, p_invitee_id)
        and greatest(declined.user1_id, declined.user2_id) = greatest(p_inviter_id, p_invitee_id)
        and declined.status = 'declined'
        and declined.responded_at > now() - interval '7 days';
    if found then
        raise exception 'recently_declined' using errcode = 'WM004';
    end if;

    -- Each invitation is an email, so withdrawing one must not make room for the next at once.
    perform from public.wingman_matches as withdrawn
    where withdrawn.user1_id = p_inviter_id
        and withdrawn.user2_id = p_invitee_id
        and withdrawn.status = 'withdrawn'
        and withdrawn.created_at > now() - interval '24 hours';
    if found then
        raise exception 'recently_withdrawn' using errcode = 'WM012';
    end if;
    return v_match;
end;
$$;

create function private.check_daily_limit(p_inviter_id uuid, p_max_daily integer)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_limit integer;
    v_blocking timestamptz;
begin
    select greatest(least(p_max_daily, settings.max_daily_matches), 0) into v_limit
    from private.app_settings as settings;
    -- Newest first, the new one included. The first one beyond the limit must age out.
    select sent.created_at into v_blocking
    from public.wingman_matches as sent
    where sent.user1_id = p_inviter_id
        and sent.origin = 'invitation'
        and sent.created_at > now() - interval '24 hours'
    order by sent.created_at desc, sent.id desc
    offset v_limit
    limit 1;
    if found then
        raise exception 'daily_match_limit' using
            errcode = 'WM006',
            detail = ceil(extract(epoch from v_blocking + interval '24 hours' - now()));
    end if;
end;
$$;

create function public.request_match(
    p_invitee_id uuid,
    p_venue_suggestion text,
    p_note text,
    p_max_daily integer,
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
    v_replay jsonb;
    v_match public.wingman_matches;
    v_response jsonb;
begin
    perform private.check_length(char_length(p_venue_suggestion), 200);
    perform private.check_length(char_length(p_note), 500);
    perform private.check_idempotency_key(p_idempotency_key, p_request_hash);
    if p_invitee_id = v_caller then
        raise exception 'cannot_invite_yourself' using errcode = 'WM005';
    end if;
    perform private.refuse_flaw(
        'venue_suggestion', private.flaw_of_words(nullif(btrim(p_venue_suggestion), ''))
    );
    -- The inviter's requests take turns, which makes limit and idempotency key free of races.
    perform private.take_turn_as(v_caller);
    v_replay := private.replayed_response(v_caller, p_idempotency_key, p_request_hash);
    if v_replay is not null then
        return v_replay || '{"replayed": true, "due": []}';
    end if;
    perform from public.user_profiles where id = p_invitee_id for key share;
    if not found then
        raise exception 'not_found' using errcode = 'WM001';
    end if;

    v_match := private.open_match(v_caller, p_invitee_id, p_venue_suggestion, p_note);
    perform private.check_daily_limit(v_caller, p_max_daily);
    v_response := jsonb_build_object('match', private.match_json(v_match));
    if p_idempotency_key is not null then
        insert into private.idempotency_keys (user_id, key, request_hash, response)
        values (v_caller, p_idempotency_key, coalesce(p_request_hash, ''), v_response);
    end if;
    return v_response || jsonb_build_object(
        'replayed', false,
        'due', private.notify_of_match(
            p_invitee_id,
            'match_invitation',
            v_match.id,
            jsonb_build_object(
                'inviter_name', private.display_name(p_invitee_id, v_caller),
                'venue_suggestion', v_match.venue_suggestion,
                'note', v_match.note,
                'expires_at', private.iso_utc(v_match.expires_at)
            )
        )
    );
end;
$$;
comment on function public.request_match is
'Opens a match and notifies the invitee. Security definer because users write no table.';
grant execute on function public.request_match to authenticated;

create function private.check_still_pending(p_match public.wingman_matches)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
    if private.match_status(p_match) = 'expired' then
        raise exception 'match_expired' using errcode = 'WM009';
    elsif p_match.status <> 'pending' then
        raise exception 'match_already_answered' using errcode = 'WM008';
    end if;
end;
$$;

create function public.respond_to_match(
    p_match_id uuid, p_action text, p_reason text default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_answer constant text := case p_action
        when 'accept' then 'accepted' when 'decline' then 'declined'
    end;
    v_match public.wingman_matches;
    v_due jsonb := '[]'::jsonb;
    v_views jsonb := '{}'::jsonb;
begin
    perform private.check_length(char_length(p_action), 20);
    perform private.check_length(char_length(p_reason), 500);
    if v_answer is null then
        raise exception 'invalid_action' using errcode = 'WM011';
    end if;
    perform private.refuse_flaw('reason', case
        when v_answer = 'accepted' and p_reason is not null then 'is for declining only'
    end);
    v_match := private.lock_match(p_match_id, v_caller);
    if v_match.initiator_id = v_caller then
        raise exception 'initiator_cannot_respond' using errcode = 'WM007';
    end if;
    if v_match.status <> v_answer then
        perform private.check_still_pending(v_match);
        update public.wingman_matches as answered
        set status = v_answer, responded_at = now()
        where answered.id = p_match_id
        returning answered.* into v_match;
        perform private.cancel_invitation_email(p_match_id);
        v_due := private.notify_of_answer(v_match, nullif(p_reason, ''));
        if v_answer = 'accepted' then
            v_views := private.match_views(v_match);
        end if;
    end if;
    return jsonb_build_object(
        'match', private.match_json(v_match), 'due', v_due, 'views', v_views
    );
end;
$$;
comment on function public.respond_to_match is
'Answers an invitation once and notifies whom it concerns. The inviter reads the reason to decline.
Security definer because users write no table.';
grant execute on function public.respond_to_match to authenticated;

create function public.withdraw_match(p_match_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_match public.wingman_matches := private.lock_match(p_match_id, v_caller);
begin
    if v_match.initiator_id <> v_caller then
        raise exception 'only_the_initiator_can_withdraw' using errcode = 'WM010';
    end if;
    if v_match.status <> 'withdrawn' then
        perform private.check_still_pending(v_match);
        update public.wingman_matches as withdrawn
        set status = 'withdrawn'
        where withdrawn.id = p_match_id
        returning withdrawn.* into v_match;
        perform private.cancel_invitation_email(p_match_id);
    end if;
    return jsonb_build_object('match', private.match_json(v_match), 'due', '[]'::jsonb);
end;
$$;
comment on function public.withdraw_match is
'Withdraws a pending invitation. Security definer because users write no table.';
grant execute on function public.withdraw_match to authenticated;
