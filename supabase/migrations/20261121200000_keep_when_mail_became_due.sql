-- A retry moves `due_at`; how long a mail has waited is counted from before.
alter table public.email_logs add column if not exists first_due_at timestamptz;
comment on column public.email_logs.first_due_at is
'When the mail became due, once a retry has moved `due_at`. Null before that, and again where it was
our own decision that it leaves later.';

create index if not exists email_logs_retried
on public.email_logs (priority, first_due_at)
where first_due_at is not null and claimable_at is not null;

create or replace function public.complete_emails(p_lease_token uuid, p_results jsonb)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    v_held uuid[];
    v_reported uuid[];
begin
    select lease.mail_ids into v_held
    from private.email_leases as lease
    where lease.token = p_lease_token
    for update;

    with
    results as materialized (
        select
            result.*,
            coalesce(result.keep_group, false) as keeps,
            -- The mails of one request wait for each other: they are repeated together.
            case
                when result.keep_group then max(result.retry_at) over (partition by result.keep_group)
                else result.retry_at
            end as next_at
        from jsonb_to_recordset(p_results) as result (
            id uuid,
            outcome text,
            resend_message_id text,
            subject text,
            error text,
            retry_at timestamptz,
            keep_group boolean,
            counts boolean,
            postponed boolean
        )
    ),

    -- Locked in one order, so that two reports of the same mails cannot deadlock.
    held as materialized (
        select
            mail.id,
            result.outcome,
            result.resend_message_id,
            result.subject,
            result.error,
            result.next_at,
            coalesce(result.postponed, false) as postponed,
            private.status_after(
                mail.*, result.outcome, result.next_at, result.keeps, coalesce(result.counts, true)
            ) as next_status,
            mail.claimable_at is not null as is_open,
            mail.claimable_at is not null
            and result.outcome = 'retry'
            and coalesce(result.counts, true) as counts,
            mail.claimable_at is not null
            and result.outcome = 'retry'
            and not result.keeps as leaves_group
        from public.email_logs as mail
        inner join results as result on mail.id = result.id
        where mail.lease_token = p_lease_token
            or (mail.id = any(v_held) and mail.delivery_status = 'pending' and mail.send_group is null)
        order by mail.id
        for update of mail
    ),

    reported as (
        update public.email_logs as mail
        set
            delivery_status = held.next_status,
            lease_token = null,
            lease_expires_at = null,
            enqueued_at = null,
            subject = coalesce(held.subject, mail.subject),
            error_message = case when held.is_open then held.error else mail.error_message end,
            resend_message_id = coalesce(held.resend_message_id, mail.resend_message_id),
            sent_at = case when held.outcome = 'sent' then now() else mail.sent_at end,
            due_at = case when held.next_status = 'pending' then held.next_at else mail.due_at end,
            first_due_at = case
                when held.next_status <> 'pending' then mail.first_due_at
                when not held.postponed then coalesce(mail.first_due_at, mail.due_at)
            end,
            retry_count = mail.retry_count + held.counts::integer,
            first_failed_at = case
                when held.counts then coalesce(mail.first_failed_at, now())
                else mail.first_failed_at
            end,
            send_group = case when not held.leaves_group then mail.send_group end,
            group_position = case when not held.leaves_group then mail.group_position end,
            group_started_at = case when not held.leaves_group then mail.group_started_at end
        from held
        where mail.id = held.id
        returning mail.id
    )

    select coalesce(array_agg(reported.id), '{}') into v_reported from reported;

    update private.email_leases as lease
    set mail_ids = array(
        select held.id from unnest(lease.mail_ids) as held (id) where held.id <> all(v_reported)
    )
    where lease.token = p_lease_token;
    delete from private.email_leases as lease
    where lease.token = p_lease_token and lease.mail_ids = '{}';
    return cardinality(v_reported);
end;
$$;

create or replace function public.replay_dead_letters(
    p_ids uuid[], p_template text default null, p_limit integer default 1000
)
returns table (id uuid, priority text)
language sql
rows 100
set search_path = ''
as $$
    with
    -- Locked and looked at again: two replays at once are one.
    dead as materialized (
        select mail.id
        from public.email_logs as mail
        where mail.delivery_status = 'failed'
            and (p_ids is null or mail.id = any(p_ids))
            and (p_template is null or mail.email_template = p_template)
            and private.may_be_replayed(mail)
        order by mail.created_at, mail.id
        limit p_limit
        for update skip locked
    )

    update public.email_logs as mail
    set
        delivery_status = 'pending',
        due_at = now(),
        first_due_at = null,
        enqueued_at = null,
        retry_count = 0,
        first_failed_at = null,
        given_up_at = null,
        replay_count = mail.replay_count + 1,
        send_group = null,
        group_position = null,
        group_started_at = null
    from dead
    where mail.id = dead.id
    returning mail.id, mail.priority;
$$;
