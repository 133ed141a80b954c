create function private.record_match_email(
    p_template text, p_user_id uuid, p_match_id uuid, p_template_data jsonb
)
returns jsonb
language sql
set search_path = ''
as $$
    with recorded as (
        insert into public.email_logs as email (
            user_id, match_id, email_template, recipient_email, template_data, dedupe_key, priority
        )
        select
            profile.id,
            p_match_id,
            p_template,
            profile.email,
            p_template_data || jsonb_build_object('match_id', p_match_id),
            concat_ws(':', p_template, p_match_id, profile.id),
            'urgent'
        from public.user_profiles as profile
        where profile.id = p_user_id and profile.email is not null
        on conflict (dedupe_key) do nothing
        returning email.id, email.priority
    )

    select coalesce(
        jsonb_agg(jsonb_build_object('id', recorded.id, 'priority', recorded.priority)),
        '[]'::jsonb
    )
    from recorded;
$$;
comment on function private.record_match_email is
'Writes one email about a match and returns what to enqueue: [] without an address.';

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

create function private.record_answer_emails(p_match public.wingman_matches)
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

create function private.forget_match_emails()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    update public.email_logs as email
    set
        template_data = '{}',
        subject = null,
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
