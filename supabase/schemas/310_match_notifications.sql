insert into private.notification_kinds (
    kind, category, lane, can_wait, void_in, in_feed, push_category, by_email
)
values
-- From a stranger, so it keeps to the reader's quiet hours and daily cap.
(
    'match_invitation', 'match_notifications', 'bulk', true,
    '{accepted, declined, expired, withdrawn, ended}', true, 'matches', true
),
('match_accepted', 'match_notifications', 'urgent', false, '{ended}', true, 'matches', true),
('match_declined', 'match_notifications', 'urgent', false, '{}', true, null, true),
('new_match', 'match_notifications', 'urgent', false, '{ended}', true, 'matches', true),
('match_ended', 'match_notifications', 'urgent', false, '{}', true, 'match_ended', false);

create function private.notify_of_match(
    p_user_id uuid, p_kind text, p_match_id uuid, p_facts jsonb
)
returns jsonb
language sql
set search_path = ''
as $$
    select private.notify(
        p_user_id,
        p_kind,
        p_facts || jsonb_build_object('match_id', p_match_id),
        p_match_id::text,
        p_match_id => p_match_id
    );
$$;

create function private.cancel_invitation_email(p_match_id uuid)
returns void
language sql
set search_path = ''
as $$
    -- An email with a send group may be at the provider already, so it cannot be cancelled.
    update public.email_logs
    set delivery_status = 'cancelled'
    where match_id = p_match_id
        and email_template = 'match_invitation'
        and delivery_status = 'pending'
        and send_group is null;
$$;

create function private.notify_of_answer(p_match public.wingman_matches, p_reason text)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
    v_inviter constant text := private.display_name(p_match.user2_id, p_match.user1_id);
    v_invitee constant text := private.display_name(p_match.user1_id, p_match.user2_id);
begin
    if p_match.status = 'declined' then
        return private.notify_of_match(
            p_match.user1_id, 'match_declined', p_match.id,
            jsonb_build_object('partner_name', v_invitee, 'reason', p_reason)
        );
    end if;
    return private.notify_of_match(
        p_match.user1_id, 'match_accepted', p_match.id,
        jsonb_build_object(
            'partner_name', v_invitee,
            'venue_suggestion', p_match.venue_suggestion,
            'role', 'inviter'
        )
    ) || private.notify_of_match(
        p_match.user2_id, 'match_accepted', p_match.id,
        jsonb_build_object(
            'partner_name', v_inviter,
            'venue_suggestion', p_match.venue_suggestion,
            'role', 'invitee'
        )
    );
end;
$$;

create function private.notify_of_new_match(p_match public.wingman_matches)
returns jsonb
language sql
set search_path = ''
as $$
    select
        private.notify_of_match(
            p_match.user1_id, 'new_match', p_match.id,
            jsonb_build_object(
                'partner_name', private.display_name(p_match.user1_id, p_match.user2_id)
            )
        ) || private.notify_of_match(
            p_match.user2_id, 'new_match', p_match.id,
            jsonb_build_object(
                'partner_name', private.display_name(p_match.user2_id, p_match.user1_id)
            )
        );
$$;
comment on function private.notify_of_new_match is
'Notifies both users that they like each other, once for each match.';

create function private.cancel_match_emails(p_match_id uuid)
returns void
language sql
set search_path = ''
as $$
    -- Locks in the order of complete_emails, so that the two cannot deadlock.
    with stale as materialized (
        select email.id
        from public.email_logs as email
        where email.match_id = p_match_id
            and email.claimable_at is not null
            and email.send_group is null
        order by email.id
        for update
    )

    update public.email_logs as email
    set
        delivery_status = 'cancelled',
        lease_token = null,
        lease_expires_at = null
    from stale
    where email.id = stale.id;
$$;
comment on function private.cancel_match_emails is
'Cancels the emails about a match and its sessions that were not sent, even those that a worker has
leased. One with a send group may be at the provider already, so it cannot be cancelled.';

create function private.forget_match_emails()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    update public.email_logs as email
    set
        subject_id = null,
        subject_revision = null,
        template_data = '{}',
        subject = null,
        -- It names the match or the session; nothing of them comes again.
        dedupe_key = email.id::text,
        delivery_status = case
            when email.claimable_at is null then email.delivery_status
            when email.send_group is null then 'cancelled'
            else 'unknown'
        end,
        lease_token = null,
        lease_expires_at = null
    where email.match_id = old.id;
    return old;
end;
$$;
comment on function private.forget_match_emails is
'Deleting an account deletes its matches. The other user keeps the delivery log of their own emails
without the names and words in them, and emails that were not sent are cancelled.';

create trigger forget_match_emails
before delete on public.wingman_matches
for each row execute function private.forget_match_emails();
