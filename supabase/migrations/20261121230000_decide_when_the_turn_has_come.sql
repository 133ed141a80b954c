-- What a mail says was frozen when it was recorded, up to a year ago. Where it goes, and whether
-- its meeting still stands as it says, is asked for when the claim's turn has come. A statement
-- sees what was there when it began, so the wait is a statement of its own.
create or replace function private.take_turn(p_ids uuid[], p_limit integer)
returns void
language plpgsql
set search_path = ''
as $$
begin
    perform 1
    from private.email_lanes as lane
    where p_limit is null or lane.priority = (
        select named.priority
        from public.email_logs as named
        where named.id = any(p_ids)
        limit 1
    )
    order by lane.priority
    for update;
end;
$$;
comment on function private.take_turn(uuid[], integer) is
'Claims of a lane take turns: each sees what the one before it leased. By ids alone, they may be of
any lane.';
revoke all on function private.take_turn(uuid[], integer)
from public, anon, authenticated, service_role;
grant execute on function private.take_turn(uuid[], integer) to service_role;

create or replace function private.lease_emails(
    p_ids uuid[], p_lease_seconds integer, p_limit integer
)
returns table (lease_token uuid, mail public.email_logs)
language plpgsql
rows 100
set search_path = ''
as $$
declare
    v_token constant uuid := gen_random_uuid();
    v_expires_at constant timestamptz := now() + make_interval(secs => p_lease_seconds);
    v_lane text;
begin
    select named.priority into v_lane
    from public.email_logs as named
    where named.id = any(p_ids)
    limit 1;
    delete from private.email_leases as lease where lease.expires_at <= now();

    if p_limit is not null then
        return query
        select
            v_token,
            leased
        from private.email_lanes as lane
        cross join private.lease_from_lane(v_lane, p_limit, v_token, v_expires_at) as leased
        where lane.priority = v_lane and coalesce(lane.paused_until <= now(), true);
        return;
    end if;

    return query
    select
        v_token,
        leased
    from private.lease_send_groups(
        array(select named.send_group from public.email_logs as named where named.id = any(p_ids)),
        v_token,
        v_expires_at
    ) as leased;
    return query
    select
        v_token,
        leased
    from private.lease_named_emails(p_ids, v_token, v_expires_at) as leased;
end;
$$;

-- Other columns than the function that it replaces, and another order of parameters: what returns
-- other columns has to be another function, or the migrations could not run twice.
drop function if exists public.claim_emails(uuid[], integer, integer, interval);

create or replace function public.claim_emails(
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
comment on function public.claim_emails(uuid[], integer, interval, integer) is
'Leases due mails to the calling worker and tells all it needs to decide and render. With a limit,
the ids only say which lane: a queue message is a hint that something is due there. What can wait
(bulk) comes with the times of what its reader got during p_look_back, a mail about a session with
the status and revision which that has now; due_at is when it became due, before any retry.';

revoke all on function public.claim_emails(uuid[], integer, interval, integer)
from public, anon, authenticated, service_role;
grant execute on function public.claim_emails(uuid[], integer, interval, integer) to service_role;

-- The same as private.email_recipients, without the address.
drop view if exists private.email_readers;
