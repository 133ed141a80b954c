create or replace function private.lock_match(p_match_id uuid, p_party uuid)
returns public.wingman_matches
language plpgsql
set search_path = ''
as $$
declare
    v_match public.wingman_matches;
begin
    select locked.* into v_match
    from public.wingman_matches as locked
    where locked.id = p_match_id and p_party in (locked.user1_id, locked.user2_id)
    for update;
    if v_match.id is null then
        raise exception 'not_found' using errcode = 'WM003';
    end if;
    return v_match;
end;
$$;

create or replace function private.check_still_pending(p_match public.wingman_matches)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
    if private.match_status(p_match) = 'expired' then
        raise exception 'match_expired' using errcode = 'WM010';
    elsif p_match.status <> 'pending' then
        raise exception 'match_already_answered' using errcode = 'WM009';
    end if;
end;
$$;

create or replace function private.record_answer_emails(p_match public.wingman_matches)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_inviter constant text := private.display_name(p_match.user1_id);
    v_invitee constant text := private.display_name(p_match.user2_id);
begin
    if p_match.status = 'declined' then
        return private.record_match_email(
            'match_declined', p_match.user1_id, p_match.id,
            jsonb_build_object('partner_name', v_invitee)
        );
    end if;
    return private.record_match_email(
        'match_accepted', p_match.user1_id, p_match.id,
        jsonb_build_object(
            'partner_name', v_invitee,
            'venue_suggestion', p_match.venue_suggestion,
            'role', 'inviter'
        )
    ) || private.record_match_email(
        'match_accepted', p_match.user2_id, p_match.id,
        jsonb_build_object(
            'partner_name', v_inviter,
            'venue_suggestion', p_match.venue_suggestion,
            'role', 'invitee'
        )
    );
end;
$$;

create or replace function public.respond_to_match(p_match_id uuid, p_action text)
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
    v_emails jsonb := '[]';
begin
    if v_answer is null then
        raise exception 'invalid_action' using errcode = 'WM013';
    end if;
    v_match := private.lock_match(p_match_id, v_caller);
    if v_match.initiator_id = v_caller then
        raise exception 'initiator_cannot_respond' using errcode = 'WM008';
    end if;
    if v_match.status <> v_answer then
        perform private.check_still_pending(v_match);
        update public.wingman_matches as answered
        set status = v_answer, responded_at = now()
        where answered.id = p_match_id
        returning answered.* into v_match;
        perform private.cancel_invitation_email(p_match_id);
        v_emails := private.record_answer_emails(v_match);
    end if;
    return jsonb_build_object('match', private.match_json(v_match), 'emails', v_emails);
end;
$$;
comment on function public.respond_to_match(uuid, text) is
'Answers an invitation once and records the mails. Security definer because users write no table.';

revoke all on function private.lock_match(uuid, uuid)
from public, anon, authenticated, service_role;
revoke all on function private.check_still_pending(public.wingman_matches)
from public, anon, authenticated, service_role;
revoke all on function private.record_answer_emails(public.wingman_matches)
from public, anon, authenticated, service_role;
revoke all on function public.respond_to_match(uuid, text)
from public, anon, authenticated, service_role;
grant execute on function public.respond_to_match(uuid, text) to authenticated;
