create function private.lease_send_groups(
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
            and mail.group_started_at + interval '20 hours' > now()
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
comment on function private.lease_send_groups is
'Leases send groups whose outcome is open to one worker, each whole or not at all.';
grant execute on function private.lease_send_groups to service_role;

create function private.lease_named_emails(
    p_ids uuid[], p_token uuid, p_expires_at timestamptz
)
returns setof public.email_logs
language sql
rows 100
set search_path = ''
as $$
    with
    due as materialized (
        select mail.*
        from public.email_logs as mail
        inner join private.email_lanes as lane on mail.priority = lane.priority
        where mail.id = any(p_ids)
            and mail.send_group is null
            and mail.claimable_at <= now()
            and coalesce(lane.paused_until <= now(), true)
            and mail.id not in (
                select unnest(lease.mail_ids) from private.email_leases as lease
            )
    ),

    lease as (
        insert into private.email_leases (token, mail_ids, expires_at)
        select
            p_token,
            array_agg(due.id),
            p_expires_at
        from due
        having count(*) > 0
    )

    select * from due;
$$;
grant execute on function private.lease_named_emails to service_role;

create function private.lease_longest_due_emails(
    p_priority text, p_limit integer, p_token uuid, p_expires_at timestamptz
)
returns setof public.email_logs
language sql
rows 100
set search_path = ''
as $$
    with
    due as materialized (
        select mail.*
        from public.email_logs as mail
        where mail.priority = p_priority
            and mail.send_group is null
            and mail.claimable_at <= now()
            and mail.id not in (
                select unnest(lease.mail_ids) from private.email_leases as lease
            )
        order by mail.claimable_at, mail.id
        limit p_limit
    ),

    lease as (
        insert into private.email_leases (token, mail_ids, expires_at)
        select
            p_token,
            array_agg(due.id),
            p_expires_at
        from due
        having count(*) > 0
    )

    select * from due;
$$;
comment on function private.lease_longest_due_emails is
'Leases the new mails of a lane that have been due longest: reads each once and writes one row.';
grant execute on function private.lease_longest_due_emails to service_role;

-- Both functions looked for open groups by their age: with hardly any open, that index seems the
-- cheapest, and holds what was settled since the last vacuum. Put this way round, it cannot serve.
create function private.longest_due_group(p_priority text, p_before timestamptz)
returns uuid
language sql
stable
set search_path = ''
as $$
    select mail.send_group
    from public.email_logs as mail
    where mail.priority = p_priority
        and mail.send_group is not null
        and mail.claimable_at <= p_before
        and mail.group_started_at + interval '20 hours' > now()
    order by mail.claimable_at
    limit 1;
$$;
grant execute on function private.longest_due_group to service_role;

create function private.lease_from_lane(
    p_priority text, p_limit integer, p_token uuid, p_expires_at timestamptz
)
returns setof public.email_logs
language plpgsql
rows 100
set search_path = ''
as $$
declare
    v_new_since timestamptz;
begin
    select mail.claimable_at into v_new_since
    from public.email_logs as mail
    where mail.priority = p_priority and mail.send_group is null and mail.claimable_at <= now()
    order by mail.claimable_at
    limit 1;

    for v_turn in 1..2 loop
        return query select * from private.lease_send_groups(
            array[private.longest_due_group(p_priority, coalesce(v_new_since, now()))],
            p_token, p_expires_at
        );
        exit when found;
        return query select * from private.lease_longest_due_emails(
            p_priority, p_limit, p_token, p_expires_at
        );
        exit when found;
        v_new_since := now();
    end loop;
end;
$$;
comment on function private.lease_from_lane is
'Leases what has been due longest: either one send group that is to be repeated, or new mails.';
grant execute on function private.lease_from_lane to service_role;

-- What a mail says was frozen when it was recorded, up to a year ago. Where it goes, and whether
-- its meeting still stands as it says, is asked for when the claim's turn has come. A statement
-- sees what was there when it began, so the wait is a statement of its own.
create function private.take_turn(p_ids uuid[], p_limit integer)
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
comment on function private.take_turn is
'Claims of a lane take turns: each sees what the one before it leased. By ids alone, they may be of
any lane.';
grant execute on function private.take_turn to service_role;

create function private.lease_emails(
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
comment on function private.lease_emails is
'Leases due mails to one worker under one token: exactly the named ones or, given a limit, those of
their lane that have been due longest.';
grant execute on function private.lease_emails to service_role;
