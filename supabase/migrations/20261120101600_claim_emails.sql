create or replace function private.lease_emails(p_ids uuid[], p_lease_seconds integer)
returns setof public.email_logs
language sql
set search_path = ''
as $$
    with
    -- The first row of a send group stands for the group: who locks it may try the rest. Past 20 h
    -- the provider may soon forget the idempotency key, so such a group is never sent again.
    heads as materialized (
        select head.send_group
        from public.email_logs as head
        where head.id in (
            select distinct on (member.send_group) member.id
            from public.email_logs as member
            where member.send_group in (
                select wanted.send_group
                from public.email_logs as wanted
                where wanted.id = any(p_ids)
            )
            order by member.send_group, member.group_position
        )
        and head.group_started_at > now() - interval '20 hours'
        for update of head skip locked
    ),

    candidates as (
        select
            single.id,
            single.send_group
        from public.email_logs as single
        where single.id = any(p_ids) and single.send_group is null
        union all
        select
            member.id,
            member.send_group
        from public.email_logs as member
        where member.send_group in (select heads.send_group from heads)
    ),

    locked as materialized (
        select
            mail.id,
            mail.send_group
        from public.email_logs as mail
        inner join candidates on mail.id = candidates.id
        where mail.claimable_at <= now()
            and mail.send_group is not distinct from candidates.send_group
        for update of mail skip locked
    ),

    -- All unsettled rows of a group, or none.
    whole as (
        select locked.send_group
        from locked
        group by locked.send_group
        having count(*) = (
            select count(*)
            from public.email_logs as member
            where member.send_group = locked.send_group and member.claimable_at is not null
        )
    ),

    lease as materialized (select gen_random_uuid() as token)

    update public.email_logs as claimed
    set
        delivery_status = 'sending',
        lease_token = lease.token,
        lease_expires_at = now() + make_interval(secs => p_lease_seconds),
        enqueued_at = null
    from locked cross join lease
    where claimed.id = locked.id
        and (
            locked.send_group is null
            or locked.send_group in (select whole.send_group from whole)
        )
    returning claimed.*;
$$;
comment on function private.lease_emails(uuid[], integer) is
'Leases those of the mails that are due to one worker, under one token; never waits for a lock.';

create or replace function public.claim_emails(p_ids uuid[], p_lease_seconds integer)
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
        mail.id,
        mail.lease_token,
        mail.send_group,
        mail.group_position,
        mail.group_started_at,
        mail.user_id,
        mail.email_template,
        mail.recipient_email,
        mail.priority,
        mail.template_data,
        mail.retry_count,
        mail.due_at,
        profile.first_name,
        coalesce(wish.timezone, profile.timezone),
        coalesce(wish.match_notifications, true),
        coalesce(wish.session_reminders, true),
        coalesce(wish.feedback_requests, true),
        coalesce(wish.marketing_emails, false),
        case when wish.user_id is null then time '22:00' else wish.quiet_hours_start end,
        case when wish.user_id is null then time '08:00' else wish.quiet_hours_end end,
        suppression.address_hash is not null
    from private.lease_emails(p_ids, p_lease_seconds) as mail
    inner join public.user_profiles as profile on mail.user_id = profile.id
    left join public.email_preferences as wish on mail.user_id = wish.user_id
    left join public.email_suppressions as suppression
        on suppression.address_hash = private.address_hash(mail.recipient_email)
    order by mail.send_group asc nulls last, mail.group_position asc, mail.due_at asc, mail.id asc;
$$;
comment on function public.claim_emails(uuid[], integer) is
'Leases due mails to the calling worker and tells all it needs to decide and render.';

revoke all on function private.lease_emails(uuid[], integer)
from public, anon, authenticated, service_role;
revoke all on function public.claim_emails(uuid[], integer)
from public, anon, authenticated, service_role;
grant execute on function private.lease_emails(uuid[], integer) to service_role;
grant execute on function public.claim_emails(uuid[], integer) to service_role;
