create or replace function private.give_up_old_groups(p_limit integer)
returns void
language sql
set search_path = ''
as $$
    update public.email_logs as mail
    set
        delivery_status = 'unknown',
        lease_token = null,
        lease_expires_at = null,
        error_message = 'no answer from the provider within 20 hours'
    where mail.id in (
        select old.id
        from public.email_logs as old
        where old.send_group is not null
            and old.group_started_at <= now() - interval '20 hours'
            and old.claimable_at is not null
            -- A worker that still holds the lease is about to know the outcome.
            and (old.delivery_status = 'pending' or old.lease_expires_at <= now())
        order by old.group_started_at
        limit p_limit
        for update skip locked
    );
$$;
comment on function private.give_up_old_groups(integer) is
'Settles as unknown what was handed to the provider 20 h ago without an answer: the provider forgets
idempotency keys after 24 h, and sending again could be a second copy.';

create or replace function public.sweep_emails(p_limit integer)
returns table (id uuid, priority text)
language sql
set search_path = ''
as $$
    select private.give_up_old_groups(p_limit);

    with
    urgent as materialized (
        select mail.id
        from public.email_logs as mail
        where mail.priority = 'urgent'
            and mail.claimable_at <= now()
            and (mail.enqueued_at is null or mail.enqueued_at <= now() - interval '2 minutes')
        order by mail.claimable_at
        limit p_limit
        for update skip locked
    ),

    bulk as materialized (
        select mail.id
        from public.email_logs as mail
        where mail.priority = 'bulk'
            and mail.claimable_at <= now()
            and (mail.enqueued_at is null or mail.enqueued_at <= now() - interval '2 minutes')
        order by mail.claimable_at
        limit (select p_limit - count(*) from urgent)
        for update skip locked
    ),

    handed_out as (
        update public.email_logs as mail
        set enqueued_at = now()
        where mail.id in (select urgent.id from urgent union all select bulk.id from bulk)
        returning mail.id, mail.priority, mail.claimable_at
    )

    select
        handed_out.id,
        handed_out.priority
    from handed_out
    order by handed_out.priority desc, handed_out.claimable_at asc;
$$;
comment on function public.sweep_emails(integer) is
'Due mails that no queue message stands for (lost enqueue, retry, expired lease), urgent first.';

revoke all on function private.give_up_old_groups(integer)
from public, anon, authenticated, service_role;
revoke all on function public.sweep_emails(integer)
from public, anon, authenticated, service_role;
grant execute on function private.give_up_old_groups(integer) to service_role;
grant execute on function public.sweep_emails(integer) to service_role;
