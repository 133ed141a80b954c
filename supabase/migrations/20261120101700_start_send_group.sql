create or replace function public.start_send_group(p_lease_token uuid, p_ids uuid[])
returns uuid
language sql
set search_path = ''
as $$
    with
    held as materialized (
        select mail.id
        from public.email_logs as mail
        where mail.id = any(p_ids)
            and mail.delivery_status = 'sending'
            and mail.lease_token = p_lease_token
            and mail.lease_expires_at > now()
            and mail.send_group is null
        order by mail.id
        for update
    ),

    fresh as materialized (select gen_random_uuid() as send_group),

    grouped as (
        update public.email_logs as mail
        set
            send_group = fresh.send_group,
            group_position = place.ordinal - 1,
            group_started_at = now()
        from unnest(p_ids) with ordinality as place (id, ordinal)
        cross join fresh
        where mail.id = place.id
            and (select count(*) from held) = cardinality(p_ids)
        returning mail.send_group
    )

    select distinct grouped.send_group from grouped;
$$;
comment on function public.start_send_group(uuid, uuid[]) is
'Fixes what goes out in one provider request, and in which order; null when a lease is lost.';

revoke all on function public.start_send_group(uuid, uuid[])
from public, anon, authenticated, service_role;
grant execute on function public.start_send_group(uuid, uuid[]) to service_role;
