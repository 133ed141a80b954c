create or replace function public.claim_emails(
    p_ids uuid[], p_lease_seconds integer, p_limit integer default null
)
returns table (
    id uuid,
    lease_token uuid,
    send_group uuid,
    group_position integer,
    group_started_at timestamptz,
    user_id uuid,
    email_template text,
    recipient_email text,
    priority text,
    template_data jsonb,
    retry_count integer,
    due_at timestamptz,
    recipient_first_name text,
    timezone text,
    match_notifications boolean,
    session_reminders boolean,
    feedback_requests boolean,
    marketing_emails boolean,
    quiet_hours_start time,
    quiet_hours_end time,
    suppressed boolean
)
language sql
set search_path = ''
as $$
    select
        (leased.mail).id,
        leased.lease_token,
        (leased.mail).send_group,
        (leased.mail).group_position,
        (leased.mail).group_started_at,
        (leased.mail).user_id,
        (leased.mail).email_template,
        (leased.mail).recipient_email,
        (leased.mail).priority,
        (leased.mail).template_data,
        (leased.mail).retry_count,
        (leased.mail).due_at,
        profile.first_name,
        coalesce(wish.timezone, profile.timezone),
        coalesce(wish.match_notifications, true),
        coalesce(wish.session_reminders, true),
        coalesce(wish.feedback_requests, true),
        coalesce(wish.marketing_emails, false),
        case when wish.user_id is null then time '22:00' else wish.quiet_hours_start end,
        case when wish.user_id is null then time '08:00' else wish.quiet_hours_end end,
        suppression.address_hash is not null
    from private.lease_emails(p_ids, p_lease_seconds, p_limit) as leased
    inner join public.user_profiles as profile on profile.id = (leased.mail).user_id
    left join public.email_preferences as wish on wish.user_id = (leased.mail).user_id
    left join public.email_suppressions as suppression
        on suppression.address_hash = private.address_hash((leased.mail).recipient_email)
    order by 3 asc nulls last, 4 asc, 12 asc, 1 asc;
$$;
comment on function public.claim_emails(uuid[], integer, integer) is
'Leases due mails to the calling worker and tells all it needs to decide and render. With a limit,
the ids only say which lane: a queue message is a hint that something is due there.';

revoke all on function public.claim_emails(uuid[], integer, integer)
from public, anon, authenticated, service_role;
grant execute on function public.claim_emails(uuid[], integer, integer) to service_role;
