create function private.handed_over(
    p_user_ids uuid[], p_since timestamptz, p_own_lease uuid
)
returns table (user_id uuid, given_at timestamptz[])
language sql
rows 100
set search_path = ''
as $$
    select
        given.user_id,
        array_agg(given.at)
    from (
        select
            mail.user_id,
            mail.group_started_at as at
        from unnest(p_user_ids) as reader (id)
        inner join public.email_logs as mail on reader.id = mail.user_id
        where mail.group_started_at > p_since
            and mail.delivery_status not in ('failed', 'cancelled')
        union all
        -- Another worker is about to let these go; a claim has removed the leases that ended.
        select
            mail.user_id,
            now() as at
        from private.email_leases as lease
        cross join lateral unnest(lease.mail_ids) as held (id)
        inner join public.email_logs as mail on held.id = mail.id
        where cardinality(p_user_ids) > 0
            and lease.token <> p_own_lease
            and mail.user_id = any(p_user_ids)
    ) as given
    group by given.user_id;
$$;
comment on function private.handed_over is
'When mail of some readers went to the provider lately, for the cap of a day. Volatile on purpose:
it has to see what was leased while the claim that asks waited for its turn.';
grant execute on function private.handed_over to service_role;

create function public.claim_emails(
    p_ids uuid[],
    p_lease_seconds integer,
    p_look_back interval default '2 days',
    p_limit integer default null
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
    handed_over timestamptz[],
    created_at timestamptz,
    session_status text,
    session_sequence integer
)
language sql
set search_path = ''
as $$
    -- A statement of its own: the next one begins when the turn has come, and sees all until then.
    select private.take_turn(p_ids, p_limit);

    with
    leased as materialized (
        select
            (found.mail).*,
            found.lease_token as token
        from private.lease_emails(p_ids, p_lease_seconds, p_limit) as found
    ),

    -- What can wait and has not been decided yet.
    waiting as (
        select
            array_agg(distinct leased.user_id) as readers,
            min(leased.token::text)::uuid as lease_token
        from leased
        where leased.priority = 'bulk' and leased.send_group is null
    ),

    given as materialized (
        select handed.*
        from waiting
        cross join private.handed_over(
            coalesce(waiting.readers, '{}'), now() - p_look_back, waiting.lease_token
        ) as handed
    )

    select
        mail.id,
        mail.token,
        mail.send_group,
        mail.group_position,
        mail.group_started_at,
        mail.user_id,
        mail.email_template,
        goes.address,
        mail.priority,
        mail.template_data,
        mail.retry_count,
        coalesce(mail.first_due_at, mail.due_at),
        reader.first_name,
        reader.timezone,
        reader.match_notifications,
        reader.session_reminders,
        reader.feedback_requests,
        reader.marketing_emails,
        reader.quiet_hours_start,
        reader.quiet_hours_end,
        suppression.address_hash is not null,
        mail.error_message,
        case
            when mail.priority = 'bulk' and mail.send_group is null
                then coalesce(given.given_at, '{}')
            else '{}'
        end,
        mail.created_at,
        meeting.status,
        meeting.sequence
    from leased as mail
    inner join private.email_recipients as reader on mail.user_id = reader.user_id
    -- A request that is repeated has to be the same: it goes where it went, as long as its reader
    -- has an address at all.
    cross join lateral (
        select
            case
                when mail.send_group is null or reader.email = '' then reader.email
                else mail.recipient_email
            end as address
    ) as goes
    left join public.wingman_sessions as meeting on mail.session_id = meeting.id
    left join given on mail.user_id = given.user_id
    left join public.email_suppressions as suppression
        on suppression.address_hash = private.address_hash(goes.address)
    order by 3 asc nulls last, 4 asc, 12 asc, 1 asc;
$$;
comment on function public.claim_emails is
'Leases due mails to the calling worker and tells all it needs to decide and render. With a limit,
the ids only say which lane: a queue message is a hint that something is due there. What can wait
(bulk) comes with the times of what its reader got during p_look_back, a mail about a session with
the status and revision which that has now; due_at is when it became due, before any retry.';
grant execute on function public.claim_emails to service_role;
