create or replace function private.lease_send_groups(
    p_groups uuid[], p_token uuid, p_expires_at timestamptz
)
returns setof public.email_logs
language sql
rows 100
set search_path = ''
as $$
    with
    -- Past 20 h the provider may soon forget the idempotency key: never sent again.
    locked as materialized (
        select
            mail.id,
            mail.send_group
        from public.email_logs as mail
        where mail.send_group = any(p_groups)
            and mail.claimable_at <= now()
            and mail.group_started_at > now() - interval '20 hours'
            and mail.priority in (
                select lane.priority
                from private.email_lanes as lane
                where coalesce(lane.paused_until <= now(), true)
            )
        for update of mail skip locked
    ),

    -- All unsettled mails of a group, or none.
    whole as (
        select locked.send_group
        from locked
        group by locked.send_group
        having count(*) = (
            select count(*)
            from public.email_logs as member
            where member.send_group = locked.send_group and member.claimable_at is not null
        )
    )

    update public.email_logs as claimed
    set
        delivery_status = 'sending',
        lease_token = p_token,
        lease_expires_at = p_expires_at,
        enqueued_at = null
    from locked
    where claimed.id = locked.id
        and locked.send_group in (select whole.send_group from whole)
    returning claimed.*;
$$;
comment on function private.lease_send_groups(uuid[], uuid, timestamptz) is
'Leases send groups whose outcome is open to one worker, each whole or not at all.';

revoke all on function private.lease_send_groups(uuid[], uuid, timestamptz)
from public, anon, authenticated, service_role;
grant execute on function private.lease_send_groups(uuid[], uuid, timestamptz) to service_role;
