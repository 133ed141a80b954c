create function private.expire_match_of(p_user_id uuid, p_other_id uuid)
returns void
language sql
set search_path = ''
as $$
    update public.wingman_matches as stale
    set status = 'expired'
    where least(stale.user1_id, stale.user2_id) = least(p_user_id, p_other_id)
        and greatest(stale.user1_id, stale.user2_id) = greatest(p_user_id, p_other_id)
        and stale.status = 'pending'
        and stale.expires_at <= now();
$$;
comment on function private.expire_match_of is
'Makes room for a match of this pair, whose invitation may have expired without a mark.';

create function public.expire_matches(p_limit integer)
returns integer
language sql
security definer
set search_path = ''
as $$
    with
    stale as materialized (
        select pending.id
        from public.wingman_matches as pending
        where pending.status = 'pending' and pending.expires_at <= now()
        order by pending.expires_at
        limit p_limit
        for update skip locked
    ),

    expired as (
        update public.wingman_matches as pending
        set status = 'expired'
        from stale
        where pending.id = stale.id
        returning private.cancel_invitation_email(pending.id)
    )

    select count(*)::integer from expired;
$$;
comment on function public.expire_matches is
'Marks up to p_limit expired invitations, cancels their unsent emails, and returns their number.
Security definer because workers have no grant on matches.';
grant execute on function public.expire_matches to service_role;

create function private.export_matches(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'id', pair.id,
                'partner_id', case p_user_id
                    when pair.user1_id then pair.user2_id
                    else pair.user1_id
                end,
                'origin', pair.origin,
                'invited_by_me', pair.origin = 'invitation' and pair.initiator_id = p_user_id,
                'status', pair.status,
                'venue_suggestion', case
                    when pair.initiator_id = p_user_id then pair.venue_suggestion
                end,
                'note', case when pair.initiator_id = p_user_id then pair.note end,
                'created_at', private.iso_utc(pair.created_at),
                'responded_at', private.iso_utc(pair.responded_at),
                'ended_at', private.iso_utc(pair.ended_at)
            )
            order by pair.created_at
        ),
        '[]'::jsonb
    )
    from public.wingman_matches as pair
    where p_user_id in (pair.user1_id, pair.user2_id);
$$;
comment on function private.export_matches is
'The matches in the export of an account, with the words of the user and not those of the partner.';
