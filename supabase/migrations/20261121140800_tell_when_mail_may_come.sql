-- What went, or may have gone, to the provider for one reader; new mail is not in it.
create index if not exists email_logs_handed_over
on public.email_logs (user_id, group_started_at)
where group_started_at is not null;

grant select on private.email_wishes to service_role;

create or replace function private.handed_over(
    p_user_id uuid, p_since timestamptz, p_own_lease uuid
)
returns timestamptz[]
language sql
set search_path = ''
as $$
    select coalesce(array_agg(given.at), '{}')
    from (
        select mail.group_started_at as at
        from public.email_logs as mail
        where mail.user_id = p_user_id
            and mail.group_started_at > p_since
            and mail.delivery_status not in ('failed', 'cancelled')
        union all
        -- Another worker is about to let these go; a claim has removed the leases that ended.
        select now() as at
        from private.email_leases as lease
        cross join lateral unnest(lease.mail_ids) as held (id)
        inner join public.email_logs as mail on held.id = mail.id
        where lease.token <> p_own_lease
            and mail.user_id = p_user_id
    ) as given;
$$;
comment on function private.handed_over(uuid, timestamptz, uuid) is
'When mail of one reader went to the provider lately, for the cap of a day. Volatile on purpose: it
has to see what was leased while the claim that asks waited for its turn.';

-- One more parameter and three more columns than the function that it replaces.
drop function if exists public.claim_emails(uuid[], integer, integer);

create or replace function public.claim_emails(
    p_ids uuid[],
    p_lease_seconds integer,
    p_limit integer default null,
    p_look_back interval default '2 days'
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
    suppressed boolean,
    last_error text,
    handed_over timestamptz[]
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
        wish.timezone,
        wish.match_notifications,
        wish.session_reminders,
        wish.feedback_requests,
        wish.marketing_emails,
        wish.quiet_hours_start,
        wish.quiet_hours_end,
        suppression.address_hash is not null,
        (leased.mail).error_message,
        case
            when (leased.mail).priority = 'bulk' and (leased.mail).send_group is null
                then private.handed_over(
                    (leased.mail).user_id, now() - p_look_back, leased.lease_token
                )
            else '{}'
        end
    from private.lease_emails(p_ids, p_lease_seconds, p_limit) as leased
    inner join public.user_profiles as profile on profile.id = (leased.mail).user_id
    inner join private.email_wishes as wish on wish.user_id = (leased.mail).user_id
    left join public.email_suppressions as suppression
        on suppression.address_hash = private.address_hash((leased.mail).recipient_email)
    order by 3 asc nulls last, 4 asc, 12 asc, 1 asc;
$$;
comment on function public.claim_emails(uuid[], integer, integer, interval) is
'Leases due mails to the calling worker and tells all it needs to decide and render. With a limit,
the ids only say which lane: a queue message is a hint that something is due there. What can wait
(bulk) comes with the times of what its reader got during p_look_back.';

revoke all on function private.handed_over(uuid, timestamptz, uuid)
from public, anon, authenticated, service_role;
revoke all on function public.claim_emails(uuid[], integer, integer, interval)
from public, anon, authenticated, service_role;
grant execute on function private.handed_over(uuid, timestamptz, uuid) to service_role;
grant execute on function public.claim_emails(uuid[], integer, integer, interval) to service_role;
