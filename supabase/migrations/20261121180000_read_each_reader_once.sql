-- A claim looked each reader's profile up twice, and what other workers hold once for each mail.
create or replace view private.email_readers as
select
    profile.id as user_id,
    profile.first_name,
    wish.updated_at,
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
comment on view private.email_readers is
'Everybody who gets mail: their name, and what they want by mail, chosen or by default.';
revoke all on private.email_readers from public, anon, authenticated, service_role;
grant select on private.email_readers to service_role;

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
from private.email_readers as reader;

create or replace function private.handed_over(
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
comment on function private.handed_over(uuid[], timestamptz, uuid) is
'When mail of some readers went to the provider lately, for the cap of a day. Volatile on purpose:
it has to see what was leased while the claim that asks waited for its turn.';

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
        mail.recipient_email,
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
        end
    from leased as mail
    inner join private.email_readers as reader on mail.user_id = reader.user_id
    left join given on mail.user_id = given.user_id
    left join public.email_suppressions as suppression
        on suppression.address_hash = private.address_hash(mail.recipient_email)
    order by 3 asc nulls last, 4 asc, 12 asc, 1 asc;
$$;

drop function if exists private.handed_over(uuid, timestamptz, uuid);

revoke all on function private.handed_over(uuid[], timestamptz, uuid)
from public, anon, authenticated, service_role;
grant execute on function private.handed_over(uuid[], timestamptz, uuid) to service_role;

-- Handing a mail out changes no indexed column: with room in its page it stays where the indexes
-- find it.
alter table public.email_logs set (fillfactor = 80);
