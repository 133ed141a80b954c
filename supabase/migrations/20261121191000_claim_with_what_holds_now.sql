-- What a mail says was frozen when it was recorded, up to a year ago. Where it goes, and whether
-- its meeting still stands as it says, is asked for when it leaves.
create or replace view private.email_recipients as
select
    profile.id as user_id,
    profile.first_name,
    wish.updated_at,
    coalesce(profile.email, '') as email,
    coalesce(wish.match_notifications, true) as match_notifications,
    coalesce(wish.session_reminders, true) as session_reminders,
    coalesce(wish.feedback_requests, true) as feedback_requests,
    coalesce(wish.marketing_emails, false) as marketing_emails,
    coalesce(wish.timezone, profile.timezone) as timezone,
    case when wish.user_id is null then time '22:00' else wish.quiet_hours_start end
        as quiet_hours_start,
    case when wish.user_id is null then time '08:00' else wish.quiet_hours_end end
        as quiet_hours_end
from public.user_profiles as profile
left join public.email_preferences as wish on profile.id = wish.user_id;
comment on view private.email_recipients is
'Everybody who gets mail: name, address, and what they want by mail, chosen or by default.';
revoke all on private.email_recipients from public, anon, authenticated, service_role;
grant select on private.email_recipients to service_role;

create or replace view private.email_wishes as
select
    reader.user_id,
    reader.updated_at,
    reader.match_notifications,
    reader.session_reminders,
    reader.feedback_requests,
    reader.marketing_emails,
    reader.timezone,
    reader.quiet_hours_start,
    reader.quiet_hours_end
from private.email_recipients as reader;

-- The same without the address.
drop view if exists private.email_readers;

-- One page above the row, as for readers (20261121190000).
create index if not exists wingman_sessions_id_hash
on public.wingman_sessions using hash (id);

-- Columns, not the table: the words of two people are no business of a sender.
grant select (id, status, sequence) on public.wingman_sessions to service_role;

-- Three more columns than the function that it replaces, and another order of parameters: what
-- returns other columns has to be another function, or the migrations could not run twice.
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
        mail.due_at,
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
the status and revision which that has now.';

revoke all on function public.claim_emails(uuid[], integer, interval, integer)
from public, anon, authenticated, service_role;
grant execute on function public.claim_emails(uuid[], integer, interval, integer) to service_role;
