create function private.lease_send_groups(
    p_groups uuid[], p_token uuid, p_expires_at timestamptz
)
returns setof public.email_logs
language sql
rows 100
set search_path = ''
as $$
    with
    -- The provider forgets idempotency keys after 24 h, so a group is not repeated after 20 h.
    locked as materialized (
        select
            email.id,
            email.send_group
        from public.email_logs as email
        where email.send_group = any(p_groups)
            and email.claimable_at <= now()
            and email.group_started_at + interval '20 hours' > now()
            and email.priority in (
                select lane.priority
                from private.email_lanes as lane
                where coalesce(lane.paused_until <= now(), true)
            )
        for update of email skip locked
    ),

    -- Groups of which every open email was locked.
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
'Leases send groups with an open outcome to one worker, each of them whole or not at all.';
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
        select email.*
        from public.email_logs as email
        inner join private.email_lanes as lane on email.priority = lane.priority
        where email.id = any(p_ids)
            and email.send_group is null
            and email.claimable_at <= now()
            and coalesce(lane.paused_until <= now(), true)
            and email.id not in (
                select unnest(lease.email_ids) from private.email_leases as lease
            )
    ),

    lease as (
        insert into private.email_leases (token, email_ids, expires_at)
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
        select email.*
        from public.email_logs as email
        where email.priority = p_priority
            and email.send_group is null
            and email.claimable_at <= now()
            and email.id not in (
                select unnest(lease.email_ids) from private.email_leases as lease
            )
        order by email.claimable_at, email.id
        limit p_limit
    ),

    lease as (
        insert into private.email_leases (token, email_ids, expires_at)
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
'Leases the longest due new emails of a lane. It reads each once and writes one row.';
grant execute on function private.lease_longest_due_emails to service_role;

create function private.longest_due_group(p_priority text, p_before timestamptz)
returns uuid
language sql
stable
set search_path = ''
as $$
    select email.send_group
    from public.email_logs as email
    where email.priority = p_priority
        and email.send_group is not null
        and email.claimable_at <= p_before
        -- Written with the column in an expression, so that the planner cannot choose
        -- email_logs_open_groups, which keeps entries of settled groups until the next vacuum.
        and email.group_started_at + interval '20 hours' > now()
    order by email.claimable_at
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
    select email.claimable_at into v_new_since
    from public.email_logs as email
    where email.priority = p_priority and email.send_group is null and email.claimable_at <= now()
    order by email.claimable_at
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
'Leases what has been due longest in a lane: one send group to repeat, or new emails.';
grant execute on function private.lease_from_lane to service_role;

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
'Makes claims of a lane take turns, so that each sees what the one before it leased. Without a limit
the ids may be of any lane, so the claim waits for all of them.';
grant execute on function private.take_turn to service_role;

create function private.lease_emails(
    p_ids uuid[], p_lease_seconds integer, p_limit integer
)
returns table (lease_token uuid, email public.email_logs)
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
'Leases due emails to one worker under one token: exactly the named ones or, with a limit, those of
their lane that have been due longest.';
grant execute on function private.lease_emails to service_role;
