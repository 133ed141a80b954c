create or replace function private.display_name(p_user_id uuid)
returns text
language sql
stable
set search_path = ''
as $$
    select coalesce(nullif(btrim(profile.first_name), ''), 'Someone')
    from public.user_profiles as profile
    where profile.id = p_user_id;
$$;

create or replace function private.record_match_email(
    p_template text, p_user_id uuid, p_match_id uuid, p_template_data jsonb
)
returns jsonb
language sql
set search_path = ''
as $$
    with recorded as (
        insert into public.email_logs as mail (
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
        returning mail.id, mail.priority
    )

    select coalesce(
        jsonb_agg(jsonb_build_object('id', recorded.id, 'priority', recorded.priority)),
        '[]'::jsonb
    )
    from recorded;
$$;
comment on function private.record_match_email(text, uuid, uuid, jsonb) is
'Writes one mail about a match into the outbox; answers what to enqueue, [] without an address.';

create or replace function private.cancel_invitation_email(p_match_id uuid)
returns void
language sql
set search_path = ''
as $$
    -- A mail with a send group may be at the provider already: it can only be settled.
    update public.email_logs
    set delivery_status = 'cancelled'
    where match_id = p_match_id
        and email_template = 'match_invitation'
        and delivery_status = 'pending'
        and send_group is null;
$$;

revoke all on function private.display_name(uuid) from public, anon, authenticated, service_role;
revoke all on function private.record_match_email(text, uuid, uuid, jsonb)
from public, anon, authenticated, service_role;
revoke all on function private.cancel_invitation_email(uuid)
from public, anon, authenticated, service_role;
