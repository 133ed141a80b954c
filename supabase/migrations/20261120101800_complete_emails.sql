create or replace function private.status_after(
    p_mail public.email_logs,
    p_outcome text,
    p_retry_at timestamptz,
    p_keep boolean,
    p_counts boolean
)
returns text
language sql
stable
set search_path = ''
as $$
    select case
        -- A webhook was faster: what it knows is newer.
        when p_mail.delivery_status <> 'sending' then p_mail.delivery_status
        when p_outcome in ('sent', 'failed', 'unknown', 'skipped', 'suppressed') then p_outcome
        when p_outcome <> 'retry' then null
        when p_keep and p_retry_at > p_mail.group_started_at + interval '20 hours' then 'unknown'
        when p_counts and not p_keep
            and p_retry_at > coalesce(p_mail.first_failed_at, now()) + interval '20 hours'
            then 'failed'
        else 'pending'
    end;
$$;
comment on function private.status_after(
    public.email_logs, text, timestamptz, boolean, boolean
) is
'Where an outcome leads. Retries end after 20 h: failed is the dead letter; where the provider may
have accepted the mail, unknown. Null for an outcome that does not exist, which the column refuses.';

create or replace function public.complete_emails(p_lease_token uuid, p_results jsonb)
returns integer
language sql
set search_path = ''
as $$
    with
    -- Locked in one order, so that two reports of the same mails cannot deadlock.
    held as materialized (
        select
            mail.id,
            result.outcome,
            result.resend_message_id,
            result.subject,
            result.error,
            result.retry_at,
            private.status_after(
                mail.*,
                result.outcome,
                result.retry_at,
                coalesce(result.keep_group, false),
                coalesce(result.counts, true)
            ) as next_status,
            mail.delivery_status = 'sending' as is_open,
            mail.delivery_status = 'sending'
            and result.outcome = 'retry'
            and coalesce(result.counts, true) as counts,
            mail.delivery_status = 'sending'
            and result.outcome = 'retry'
            and not coalesce(result.keep_group, false) as leaves_group
        from public.email_logs as mail
        inner join jsonb_to_recordset(p_results) as result (
            id uuid,
            outcome text,
            resend_message_id text,
            subject text,
            error text,
            retry_at timestamptz,
            keep_group boolean,
            counts boolean
        ) on mail.id = result.id
        where mail.lease_token = p_lease_token
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
            due_at = case when held.next_status = 'pending' then held.retry_at else mail.due_at end,
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

    select count(*)::integer from reported;
$$;
comment on function public.complete_emails(uuid, jsonb) is
'Settles or returns leased mails. Fenced: a worker whose lease was taken over changes nothing.';

revoke all on function private.status_after(public.email_logs, text, timestamptz, boolean, boolean)
from public, anon, authenticated, service_role;
revoke all on function public.complete_emails(uuid, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.status_after(
    public.email_logs, text, timestamptz, boolean, boolean
) to service_role;
grant execute on function public.complete_emails(uuid, jsonb) to service_role;
