create or replace function private.hand_out_send_groups(p_priority text, p_limit integer)
returns setof uuid
language sql
rows 1000
set search_path = ''
as $$
    with
    due as materialized (
        select mail.id
        from public.email_logs as mail
        where mail.priority = p_priority
            and mail.send_group is not null
            and mail.claimable_at <= now()
            and (mail.enqueued_at is null or mail.enqueued_at <= now() - interval '2 minutes')
        order by mail.claimable_at
        limit p_limit
        for update skip locked
    ),

    handed_out as (
        update public.email_logs as mail
        set enqueued_at = now()
        from due
        where mail.id = due.id
        returning mail.id, mail.claimable_at
    )

    select handed_out.id from handed_out order by handed_out.claimable_at, handed_out.id;
$$;

create or replace function private.hand_out_new_emails(p_priority text, p_limit integer)
returns setof uuid
language sql
rows 1000
set search_path = ''
as $$
    with
    due as materialized (
        select mail.id
        from public.email_logs as mail
        where mail.priority = p_priority
            and mail.send_group is null
            and mail.claimable_at <= now()
            and (mail.enqueued_at is null or mail.enqueued_at <= now() - interval '2 minutes')
            and mail.id not in (
                select unnest(lease.mail_ids)
                from private.email_leases as lease
                where lease.expires_at > now()
            )
        order by mail.claimable_at, mail.id
        limit p_limit
        for update skip locked
    ),

    handed_out as (
        update public.email_logs as mail
        set enqueued_at = now()
        from due
        where mail.id = due.id
        returning mail.id, mail.claimable_at
    )

    select handed_out.id from handed_out order by handed_out.claimable_at, handed_out.id;
$$;

create or replace function public.sweep_emails(p_limit integer)
returns table (id uuid, priority text)
language plpgsql
set search_path = ''
as $$
declare
    v_lane text;
    v_left integer := p_limit;
    v_found integer;
begin
    perform private.give_up_old_groups(p_limit);
    for v_lane in
        select lane.priority
        from private.email_lanes as lane
        where coalesce(lane.paused_until <= now(), true)
        order by lane.priority desc
    loop
        return query
        select
            found_group,
            v_lane
        from private.hand_out_send_groups(v_lane, v_left) as found_group;
        get diagnostics v_found = row_count;
        v_left := v_left - v_found;

        return query
        select
            found_mail,
            v_lane
        from private.hand_out_new_emails(v_lane, v_left) as found_mail;
        get diagnostics v_found = row_count;
        v_left := v_left - v_found;
    end loop;
end;
$$;
comment on function public.sweep_emails(integer) is
'Due mails that no queue message stands for (lost enqueue, retry, expired lease): urgent first, and
nothing of a lane that is paused.';

revoke all on function private.hand_out_send_groups(text, integer)
from public, anon, authenticated, service_role;
revoke all on function private.hand_out_new_emails(text, integer)
from public, anon, authenticated, service_role;
grant execute on function private.hand_out_send_groups(text, integer) to service_role;
grant execute on function private.hand_out_new_emails(text, integer) to service_role;
