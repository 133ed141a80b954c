create function public.pause_emails(
    p_priorities text[], p_until timestamptz, p_reason text
)
returns integer
language sql
set search_path = ''
as $$
    with paused as (
        update private.email_lanes as lane
        set
            paused_until = p_until,
            paused_reason = p_reason
        where lane.priority = any(p_priorities)
            and coalesce(lane.paused_until < p_until, true)
        returning lane.priority
    )

    select count(*)::integer from paused;
$$;
comment on function public.pause_emails is
'Pauses lanes until p_until and returns how many. A pause that ends later stays as it is.';
grant execute on function public.pause_emails to service_role;

create function public.resume_emails(p_priorities text[])
returns integer
language sql
set search_path = ''
as $$
    with resumed as (
        update private.email_lanes as lane
        set
            paused_until = null,
            paused_reason = null
        where lane.priority = any(p_priorities) and lane.paused_until is not null
        returning lane.priority
    )

    select count(*)::integer from resumed;
$$;
comment on function public.resume_emails is
'Ends the pause of lanes, for an operator who has fixed its cause.';
grant execute on function public.resume_emails to service_role;

create function private.waiting_since(p_priority text, p_limit integer)
returns setof timestamptz
language sql
stable
rows 1000
set search_path = ''
as $$
    (
        select email.claimable_at
        from public.email_logs as email
        where email.priority = p_priority
            and email.send_group is null
            and email.claimable_at <= now()
        order by email.claimable_at
        limit p_limit
    )
    union all
    (
        select email.claimable_at
        from public.email_logs as email
        where email.priority = p_priority
            and email.send_group is not null
            and email.claimable_at <= now()
        order by email.claimable_at
        limit p_limit
    );
$$;
comment on function private.waiting_since is
'Since when the due emails of a lane have waited: up to p_limit new ones and as many that are to be
repeated, longest first.';
grant execute on function private.waiting_since to service_role;

create function public.show_lanes()
returns table (
    priority text,
    depth integer,
    oldest_seconds double precision,
    sending integer,
    paused_until timestamptz,
    paused_reason text
)
language sql
stable
set search_path = ''
as $$
    select
        lane.priority,
        waiting.depth,
        coalesce(extract(epoch from now() - least(waiting.since, retried.since, sent.since)), 0),
        (
            select count(*)::integer
            from public.email_logs as email
            where email.priority = lane.priority
                and email.send_group is not null
                and email.claimable_at > now()
                and email.delivery_status = 'sending'
        ),
        pause.until,
        case when pause.until is not null then lane.paused_reason end
    from private.email_lanes as lane
    cross join lateral (
        select
            count(*)::integer as depth,
            min(due.since) as since
        from private.waiting_since(lane.priority, 100000) as due (since)
    ) as waiting
    cross join lateral (
        select min(email.first_due_at) as since
        from public.email_logs as email
        where email.priority = lane.priority
            and email.first_due_at is not null
            and email.claimable_at is not null
    ) as retried
    -- Their worker may have crashed, and a renewed lease says nothing about their age.
    cross join lateral (
        select min(email.due_at) as since
        from public.email_logs as email
        where email.priority = lane.priority
            and email.send_group is not null
            and email.claimable_at is not null
            and email.delivery_status = 'sending'
    ) as sent
    cross join lateral (
        select case when lane.paused_until > now() then lane.paused_until end as until
    ) as pause
    order by lane.priority desc;
$$;
comment on function public.show_lanes is
'The state of each lane, urgent first: how many emails are due (it counts up to 100 000 new ones and
as many repeated ones), how long the oldest that is due or being retried has waited, how many are
at the provider, and whether the lane is paused.';
grant execute on function public.show_lanes to service_role;

create function public.count_deliveries(p_hours integer)
returns table (delivery_status text, emails bigint)
language sql
stable
set search_path = ''
as $$
    select
        email.delivery_status,
        count(*)
    from public.email_logs as email
    where email.sent_at > now() - make_interval(hours => p_hours)
    group by email.delivery_status;
$$;
comment on function public.count_deliveries is
'The emails that the provider accepted in the last hours, by status.';
grant execute on function public.count_deliveries to service_role;
