-- The request is repeated as it was first sent, also when its reader has another address by then.
drop function if exists public.form_send_group(uuid, uuid[]);

create or replace function public.form_send_group(
    p_lease_token uuid, p_ids uuid[], p_addresses text[] default null
)
returns table (id uuid, send_group uuid)
language plpgsql
rows 100
set search_path = ''
as $$
declare
    v_group constant uuid := gen_random_uuid();
    v_lease private.email_leases;
begin
    select lease.* into v_lease
    from private.email_leases as lease
    where lease.token = p_lease_token and lease.expires_at > clock_timestamp()
    for update;
    if not found then
        return;
    end if;

    update private.email_leases as lease
    set mail_ids = array(
        select held.id from unnest(v_lease.mail_ids) as held (id) where held.id <> all(p_ids)
    )
    where lease.token = p_lease_token;

    return query
    with
    held as materialized (
        select mail.id
        from public.email_logs as mail
        where mail.id = any(p_ids)
            and mail.id = any(v_lease.mail_ids)
            and mail.delivery_status = 'pending'
            and mail.send_group is null
        -- Who holds one is about to cancel or settle it.
        for update skip locked
    ),

    places as (
        select
            held.id,
            row_number() over (order by array_position(p_ids, held.id)) - 1 as place
        from held
    ),

    grouped as (
        update public.email_logs as mail
        set
            delivery_status = 'sending',
            lease_token = p_lease_token,
            lease_expires_at = v_lease.expires_at,
            enqueued_at = null,
            recipient_email = coalesce(
                p_addresses[array_position(p_ids, mail.id)], mail.recipient_email
            ),
            send_group = v_group,
            group_position = places.place,
            group_started_at = now()
        from places
        where mail.id = places.id
        returning mail.id, mail.group_position
    )

    select
        grouped.id,
        v_group
    from grouped
    order by grouped.group_position;
end;
$$;
comment on function public.form_send_group(uuid, uuid[], text[]) is
'Fixes what goes out in one provider request, in which order, and where to (p_addresses, one for
each of p_ids): those of the mails that the caller still leases and nobody cancelled meanwhile.
Nothing, once the lease is lost.';

revoke all on function public.form_send_group(uuid, uuid[], text[])
from public, anon, authenticated, service_role;
grant execute on function public.form_send_group(uuid, uuid[], text[]) to service_role;
